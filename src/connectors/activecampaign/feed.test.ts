import { afterEach, expect, test } from "vitest";
import type { ActiveCampaignSandbox } from "../../../sandbox/activecampaign/sandbox.ts";
import { createFaultBoard } from "../../../sandbox/core/fault.ts";
import { createRandom } from "../../../sandbox/core/random.ts";
import { type SandboxRequest, serve } from "../../../sandbox/core/serve.ts";
import type { RawObservation } from "../../model/observation.ts";
import type { Connector, MappedObject, WebhookRequest } from "../../ports/connector.ts";
import { create, update } from "../../ports/testing/requests.ts";
import { account, cell, connectTo, mapped } from "./testing.ts";

let sandbox: ActiveCampaignSandbox;
afterEach(() => sandbox.close());

const contacts = mapped("contacts", cell("email"), cell("firstName"), cell("tags", { kind: "set" }));
const deals = mapped("deals", cell("title"), cell("value", { kind: "money" }), cell("status"));

async function pullAll(db: Connector, objects: readonly MappedObject[], from: string) {
  const seen: RawObservation[] = [];
  for (let cursor = from; ; ) {
    const { signal } = new AbortController();
    const batch = await db.feed!.pull({ objects, cursor, waitMs: 0, signal });
    seen.push(...batch.observations);
    cursor = batch.cursor;
    if (batch.caughtUp) return { seen, cursor };
  }
}

const namesOf = (seen: readonly RawObservation[]) =>
  seen.map((one) => (one.kind === "upsert" ? one.cells["firstName"] : one.kind));

test("what changed is told once; a change of what is not mapped is not told", async () => {
  sandbox = await account();
  const { admin } = sandbox;
  const db = connectTo(sandbox);
  await db.check([contacts], { prepare: true });
  const start = await db.feed!.start([contacts]);
  const ids = [1, 2, 3].map((n) => admin.create("Zoe", "contacts", { email: `p${n}@example.com`, firstName: `p${n}` }));
  const first = await pullAll(db, [contacts], start);
  expect(namesOf(first.seen)).toEqual(["p1", "p2", "p3"]);
  admin.edit("Zoe", "contacts", ids[0]!, { NOTES: "nobody asked" });
  admin.edit("Zoe", "contacts", ids[1]!, { tags: ["vip"] });
  const second = await pullAll(db, [contacts], first.cursor);
  expect(second.seen).toMatchObject([{ ref: { id: ids[1] }, cells: { tags: ["vip"] } }]);
});

test("hundreds of changes come in pulls of some, and none is missed", async () => {
  sandbox = await account();
  const db = connectTo(sandbox);
  await db.check([contacts], { prepare: true });
  const start = await db.feed!.start([contacts]);
  const all = Array.from({ length: 730 }, (_, n) => `p${n}`);
  for (const name of all) sandbox.admin.create("Zoe", "contacts", { email: `${name}@example.com`, firstName: name });
  const { signal } = new AbortController();
  const first = await db.feed!.pull({ objects: [contacts], cursor: start, waitMs: 0, signal });
  expect(first.observations.length).toBeLessThan(700);
  const rest = await pullAll(connectTo(sandbox), [contacts], first.cursor);
  expect(new Set(namesOf([...first.observations, ...rest.seen]))).toEqual(new Set(all));
});

test("a moment in the future does not make the feed pass over what comes before it", async () => {
  let aheadMs = 3_600_000;
  sandbox = await account({ clock: () => Date.now() + aheadMs });
  const { admin } = sandbox;
  const db = connectTo(sandbox);
  await db.check([contacts], { prepare: true });
  const start = await db.feed!.start([contacts]);
  admin.create("Zoe", "contacts", { email: "ahead@example.com", firstName: "ahead" });
  const first = await pullAll(db, [contacts], start);
  aheadMs = 0;
  admin.create("Zoe", "contacts", { email: "now@example.com", firstName: "now" });
  expect(namesOf((await pullAll(db, [contacts], first.cursor)).seen)).toContain("now");
});

test("a deal beyond the plan says its title and status, and blanks nothing", async () => {
  sandbox = await account();
  const { admin } = sandbox;
  const contact = admin.create("Zoe", "contacts", { email: "ada@example.com" });
  const id = admin.create("Zoe", "deals", { title: "A deal", value: "1050", currency: "EUR", contact });
  const db = connectTo(sandbox);
  await db.check([deals], { prepare: true });
  expect((await db.scan(deals, null)).observations).toMatchObject([
    { complete: true, cells: { title: "A deal", value: "10.5 EUR", status: "open" } },
  ]);
  admin.disableDeal(id);
  const [told] = (await db.scan(deals, null)).observations;
  expect(told).toMatchObject({ complete: false, cells: { title: "A deal", status: "open" } });
  expect(told?.cells).not.toHaveProperty("value");
});

test("webhooks are set up once, believed by the secret in their address, and only name the record", async () => {
  sandbox = await account();
  const { admin } = sandbox;
  const arrived: SandboxRequest[] = [];
  const receiver = await serve({
    port: 0,
    faults: createFaultBoard(createRandom(1)),
    handle: (request) => {
      arrived.push(request);
      return { status: 200, body: null };
    },
    admin: () => ({ status: 404, body: null }),
    rateLimited: () => ({ status: 429, body: null }),
    serverError: (status) => ({ status, body: null }),
  });
  const options = { notificationUrl: `${receiver.url}/webhooks/marketing`, webhookSecret: "s3cret/&=" };
  const db = connectTo(sandbox, options);
  await db.check([contacts], { prepare: true });
  await db.feed!.start([contacts]);
  await connectTo(sandbox, options).feed!.start([contacts]);
  expect(admin.webhooks()).toHaveLength(1);
  const id = admin.create("Zoe", "contacts", { email: "ada@example.com", firstName: "Ada" });
  const [made] = await db.write(contacts, [create("g-1", { email: "ours@example.com" })]);
  expect(made).toMatchObject({ kind: "written" });
  await admin.settled();
  // What the API does is not told: mostly it is our own.
  expect(arrived).toHaveLength(1);
  const [{ method, path, query, headers, body } = arrived[0]!] = arrived;
  const url = `${receiver.url}${path}?${query}`;
  const request: WebhookRequest = { method, url, headers, body, receivedAt: 5 };
  expect(db.webhook!(request)).toEqual({
    kind: "accepted",
    wake: true,
    events: [
      {
        id: null,
        observation: {
          kind: "hint",
          ref: { system: "marketing", object: "contacts", id },
          revision: null,
          observedAt: 5,
        },
      },
    ],
  });
  for (const wrong of [url.replace("s3cret", "guess"), `${receiver.url}${path}`])
    expect(db.webhook!({ ...request, url: wrong })).toMatchObject({ kind: "refused", status: 401 });
  expect(db.webhook!({ ...request, body: Buffer.from("{}") })).toMatchObject({ kind: "refused", status: 400 });
  expect(connectTo(sandbox).webhook!(request)).toMatchObject({ kind: "refused", status: 401 });
  await receiver.close();
});

test("a webhook that was switched off is set up anew", async () => {
  sandbox = await account();
  const { admin } = sandbox;
  const gone = await serve({
    port: 0,
    faults: createFaultBoard(createRandom(1)),
    handle: () => ({ status: 410, body: null }),
    admin: () => ({ status: 404, body: null }),
    rateLimited: () => ({ status: 429, body: null }),
    serverError: (status) => ({ status, body: null }),
  });
  const options = { notificationUrl: `${gone.url}/webhooks/marketing`, webhookSecret: "secret" };
  await connectTo(sandbox, options).feed!.start([contacts]);
  admin.create("Zoe", "contacts", { email: "ada@example.com" });
  await admin.settled();
  expect(admin.webhooks().map(({ isActive }) => isActive)).toEqual([false]);
  await connectTo(sandbox, options).feed!.start([contacts]);
  expect(admin.webhooks().map(({ isActive }) => isActive)).toEqual([true]);
  await gone.close();
});

test("tags and lists: what is taken off is taken off, and a tag that is new is made", async () => {
  sandbox = await account();
  const { admin } = sandbox;
  const object = mapped("contacts", cell("email"), cell("tags", { kind: "set" }), cell("list:newsletter"));
  const db = connectTo(sandbox);
  await db.check([object], { prepare: true });
  const id = admin.create("Zoe", "contacts", { email: "ada@example.com", tags: ["old", "kept"] });
  admin.subscribe("Zoe", id, "newsletter", "1");
  const base = { tags: ["kept", "old"], "list:newsletter": "active" };
  const patch = { tags: ["brand new", "kept"], "list:newsletter": "unsubscribed" };
  expect(await db.write(object, [update(id, base, patch)])).toMatchObject([{ kind: "written", cells: patch }]);
  expect(admin.records("contacts")[0]?.cells).toMatchObject({ tags: ["brand new", "kept"], "list:newsletter": "2" });
  const [refused] = await db.write(object, [update(id, {}, { "list:newsletter": null })]);
  expect(refused).toMatchObject({ error: { code: "REJECTED", cells: { "list:newsletter": expect.anything() } } });
});

test("a refusal names the mapped cells that are minded", async () => {
  sandbox = await account();
  const { admin } = sandbox;
  admin.create("Zoe", "contacts", { email: "taken@example.com" });
  const id = admin.create("Zoe", "contacts", { email: "ada@example.com" });
  const db = connectTo(sandbox);
  await db.check([contacts], { prepare: true });
  const results = await db.write(contacts, [
    update(id, {}, { email: "TAKEN@example.com" }),
    create("g-1", { firstName: "Bob" }),
  ]);
  expect(results).toMatchObject([
    { error: { code: "REJECTED", cells: { email: "Email address already exists in the system" } } },
    { error: { code: "REJECTED", message: expect.stringContaining("required") } },
  ]);
});

test("a field that is taken away stops its object with its name, and nothing is blanked", async () => {
  sandbox = await account();
  const { admin } = sandbox;
  const object = mapped("contacts", cell("email"), cell("NOTES"));
  admin.create("Zoe", "contacts", { email: "ada@example.com", NOTES: "kept" });
  const db = connectTo(sandbox);
  await db.check([object], { prepare: true });
  admin.removeField("contacts", "NOTES");
  const later = connectTo(sandbox);
  await expect(later.scan(object, null)).rejects.toMatchObject({
    error: { code: "SCHEMA", message: "contacts have no field NOTES (any more)" },
  });
});
