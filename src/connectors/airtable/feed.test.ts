import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { RawObservation } from "../../model/observation.ts";
import type { ChangeBatch, Connector, WebhookRequest } from "../../ports/connector.ts";
import { create, remove, update } from "../../ports/testing/requests.ts";
import { connectTo, people, type Setting, setUp } from "./testing.ts";

let setting: Setting;
let receiver: Server | undefined;
const mapped = people("Name", "Phone", "Stage", "Tags", "Customer", "Bio");
const day = 86_400_000;

beforeEach(async () => {
  setting = await setUp();
});

afterEach(async () => {
  receiver?.close();
  receiver = undefined;
  await setting.sandbox.close();
});

function pull(cursor: string, connector: Connector = setting.connector): Promise<ChangeBatch> {
  return connector.feed!.pull({ objects: [mapped], cursor, waitMs: 0, signal: new AbortController().signal });
}

const start = (connector: Connector = setting.connector): Promise<string> => connector.feed!.start([mapped]);

function told(observations: readonly RawObservation[]): readonly string[] {
  return observations.map(({ kind, ref }) => `${kind} ${ref.id}`);
}

async function webhooks(): Promise<readonly Record<string, unknown>[]> {
  const { sandbox } = setting;
  const response = await fetch(`${sandbox.url}/v0/bases/${sandbox.baseId}/webhooks`, {
    headers: { authorization: `Bearer ${sandbox.token}` },
  });
  return ((await response.json()) as { webhooks: Record<string, unknown>[] }).webhooks;
}

/** Collects what Airtable posts, as the server would hand it to the connector. */
async function listen(): Promise<{ readonly url: string; readonly pings: readonly WebhookRequest[] }> {
  const pings: WebhookRequest[] = [];
  receiver = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const headers = request.headers as Record<string, string>;
    pings.push({ method: "POST", url: "https://truce.example", headers, body: Buffer.concat(chunks), receivedAt: 0 });
    response.writeHead(200).end();
  });
  await new Promise<void>((resolve) => receiver?.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/base`, pings };
}

test("people's changes are named once each, deletes speak for themselves", async () => {
  const { sandbox } = setting;
  const [a = "", b = ""] = sandbox.admin.seed("People", [{ Name: "A" }, { Name: "B" }]);
  const cursor = await start();
  sandbox.admin.edit("Zoe", "People", a, { Phone: "1" });
  sandbox.admin.edit("Zoe", "People", a, { Phone: "2" });
  sandbox.admin.edit("Zoe", "People", b, { Phone: "3" });
  sandbox.admin.remove("Zoe", "People", b);
  const c = sandbox.admin.create("Zoe", "People", { Name: "C" });
  sandbox.admin.create("Zoe", "Companies", { Company: "not mapped" });
  const batch = await pull(cursor);
  expect(told(batch.observations)).toEqual([`delete ${b}`, `hint ${a}`, `hint ${c}`]);
  expect(batch.observations[0]).toMatchObject({ confirmed: true, ref: { system: "base", object: "People" } });
  expect(batch).toMatchObject({ caughtUp: true, lost: [] });

  const idle = await pull(batch.cursor);
  expect(idle).toEqual({ observations: [], cursor: batch.cursor, caughtUp: true, lost: [] });
});

test("changes of fields that are not mapped are none of ours", async () => {
  const { sandbox } = setting;
  const [a = ""] = sandbox.admin.seed("People", [{ Name: "A" }]);
  const cursor = await start();
  sandbox.admin.edit("Zoe", "People", a, { Score: 5 });
  expect((await pull(cursor)).observations).toEqual([]);
});

test("our own creates, updates and deletes are not told back", async () => {
  const { connector, sandbox } = setting;
  const [gone = ""] = sandbox.admin.seed("People", [{ Name: "Gone" }]);
  const cursor = await start();
  const [made] = await connector.write(mapped, [create("g1", { Name: "Ada", Phone: "1" })]);
  const id = made?.kind === "written" ? made.id : "";
  await connector.write(mapped, [
    update(id, { Phone: "1" }, { Phone: "2", Stage: "Won", Tags: ["a", "b"], Customer: true, Bio: "hi" }),
    remove(gone, {}),
  ]);
  const batch = await pull(cursor);
  expect(batch.observations).toEqual([]);
  expect(batch.cursor).not.toBe(cursor);
});

test("an edit of the same record beside our write is told, even in one cell", async () => {
  const { connector, sandbox } = setting;
  const [id = ""] = sandbox.admin.seed("People", [{ Phone: "1" }]);
  const cursor = await start();
  await connector.write(mapped, [update(id, { Phone: "1" }, { Phone: "2" })]);
  sandbox.admin.edit("Zoe", "People", id, { Phone: "3" });
  expect(told((await pull(cursor)).observations)).toEqual([`hint ${id}`]);
});

test("another program of our user is not taken for us", async () => {
  const { sandbox } = setting;
  const [id = ""] = sandbox.admin.seed("People", [{ Phone: "1" }]);
  const cursor = await start();
  await connectTo(sandbox).write(mapped, [update(id, { Phone: "1" }, { Phone: "2" }), create("g1", { Name: "New" })]);
  const ids = sandbox.admin.records("People").map((record) => `hint ${record.id}`);
  expect(told((await pull(cursor)).observations).toSorted()).toEqual(ids.toSorted());
});

test("an edit that our write covered, between its look and its effect, is recovered", async () => {
  const { connector, sandbox } = setting;
  const [id = ""] = sandbox.admin.seed("People", [{ Phone: "1", Stage: "Lead" }]);
  const cursor = await start();
  sandbox.admin.setFaults([{ kind: "latency", ms: 300, match: { method: "PATCH" }, times: 1 }]);
  const writing = connector.write(mapped, [update(id, { Phone: "1" }, { Phone: "2", Stage: "Won" })]);
  // Worn off: the write has arrived, and waits.
  await expect.poll(() => sandbox.admin.faults(), { interval: 5 }).toEqual([]);
  sandbox.admin.edit("Zoe", "People", id, { Phone: "zoe" });
  expect(await writing).toMatchObject([{ kind: "written", cells: { Phone: "2" } }]);

  const { observations } = await pull(cursor);
  expect(observations).toMatchObject([
    {
      kind: "upsert",
      ref: { id },
      cells: {},
      complete: false,
      covered: { Phone: [{ value: "zoe", author: null }] },
    },
    { kind: "hint", ref: { id } },
  ]);
  const covered = observations[0]?.kind === "upsert" ? (observations[0].covered ?? {}) : {};
  expect(Object.keys(covered)).toEqual(["Phone"]);
});

test("a batch that could not be stored is given again, with what it recovered", async () => {
  const { connector, sandbox } = setting;
  const [a = "", b = ""] = sandbox.admin.seed("People", [{ Phone: "1" }, { Phone: "1" }]);
  const cursor = await start();
  await connector.write(mapped, [update(a, { Phone: "1" }, { Phone: "2" })]);
  sandbox.admin.edit("Zoe", "People", b, { Phone: "3" });
  const first = await pull(cursor);
  expect(told(first.observations)).toEqual([`hint ${b}`]);
  expect(await pull(cursor)).toEqual(first);
});

test("a long backlog comes in pages", async () => {
  const { sandbox } = setting;
  let cursor = await start();
  const ids = Array.from({ length: 120 }, (_, n) => sandbox.admin.create("Zoe", "People", { Name: `P${n}` }));
  const seen: string[] = [];
  const caughtUp: boolean[] = [];
  do {
    const batch = await pull(cursor);
    seen.push(...batch.observations.map(({ ref }) => ref.id));
    caughtUp.push(batch.caughtUp);
    cursor = batch.cursor;
  } while (!caughtUp.at(-1));
  expect(seen).toEqual(ids);
  expect(caughtUp).toEqual([false, false, true]);
});

test("a restarted Truce goes on from its cursor, and verifies pings again", async () => {
  const { sandbox } = setting;
  const { url, pings } = await listen();
  const cursor = await start(connectTo(sandbox, { notificationUrl: url }));
  const id = sandbox.admin.create("Zoe", "People", { Name: "while we were away" });
  await expect.poll(() => pings.length).toBe(1);

  const restarted = connectTo(sandbox, { notificationUrl: url });
  expect(restarted.webhook?.(pings[0]!)).toMatchObject({ kind: "refused", status: 401 });
  expect(told((await pull(cursor, restarted)).observations)).toEqual([`hint ${id}`]);
  expect(restarted.webhook?.(pings[0]!)).toEqual({ kind: "accepted", events: [], wake: true });
  expect(await webhooks()).toHaveLength(1);
});

test("only a ping that the hook's secret signed wakes the feed", async () => {
  const { sandbox } = setting;
  const { url, pings } = await listen();
  const connector = connectTo(sandbox, { notificationUrl: url });
  await start(connector);
  sandbox.admin.create("Zoe", "People", { Name: "Ada" });
  await expect.poll(() => pings.length).toBe(1);
  const ping = pings[0]!;
  const mac = "x-airtable-content-mac";
  const judged = (change: Partial<WebhookRequest>) => connector.webhook?.({ ...ping, ...change });
  expect(judged({})).toEqual({ kind: "accepted", events: [], wake: true });
  const bad = { kind: "refused", status: 401 };
  expect(judged({ headers: {} })).toMatchObject(bad);
  expect(judged({ headers: { [mac]: "hmac-sha256=00" } })).toMatchObject(bad);
  expect(judged({ body: Buffer.concat([ping.body, Buffer.from(" ")]) })).toMatchObject(bad);
  expect(judged({ body: Buffer.from("\u0000{") })).toMatchObject(bad);
});

test("the webhook's secret is in the cursor, but only for who has the token", async () => {
  const { sandbox } = setting;
  const cursor = await start();
  const secret = sandbox.admin.snapshot().hooks[0]?.macSecretBase64 ?? "";
  expect(secret).not.toBe("");
  expect(cursor).not.toContain(secret);
  expect(Buffer.from(String(JSON.parse(cursor).secret), "base64").toString("latin1")).not.toContain(secret);
  expect(cursor).not.toContain(sandbox.token);
});

test("a hook that is gone, expired or dead is replaced, and a sweep is asked for", async () => {
  const { sandbox, clock } = setting;
  const losses: readonly (readonly [string, () => unknown])[] = [
    ["gone", async () => removeHooks()],
    ["dead", () => sandbox.admin.breakWebhooks("INTERNAL_ERROR")],
    ["expired", () => (clock.aheadMs += 8 * day)],
  ];
  for (const [name, lose] of losses) {
    const cursor = await start();
    await lose();
    const restarted = connectTo(sandbox, { clock });
    const batch = await pull(cursor, restarted);
    expect(batch, name).toMatchObject({ lost: ["People"], caughtUp: true });
    const id = sandbox.admin.create("Zoe", "People", { Name: name });
    const next = await pull(batch.cursor, restarted);
    expect(told(next.observations), name).toEqual([`hint ${id}`]);
    expect(next.lost, name).toEqual([]);
    await removeHooks();
  }
});

async function removeHooks(): Promise<void> {
  const { sandbox } = setting;
  for (const hook of await webhooks()) {
    await fetch(`${sandbox.url}/v0/bases/${sandbox.baseId}/webhooks/${String(hook["id"])}`, {
      method: "DELETE",
      headers: { authorization: `Bearer ${sandbox.token}` },
    });
  }
}

test("what a dead hook told before it died is not lost", async () => {
  const { sandbox } = setting;
  const cursor = await start();
  const id = sandbox.admin.create("Zoe", "People", { Name: "Ada" });
  sandbox.admin.breakWebhooks("INVALID_HOOK");
  const batch = await pull(cursor);
  expect(told(batch.observations)).toEqual([`hint ${id}`]);
  expect(batch.lost).toEqual(["People"]);
  expect(await webhooks()).toHaveLength(1);
});

test("another token can't read the secret: a new hook is made", async () => {
  const { sandbox } = setting;
  const cursor = await start();
  const rotated = connectTo(sandbox, { token: sandbox.admin.addToken("Truce") });
  const batch = await pull(cursor, rotated);
  expect(batch.lost).toEqual(["People"]);
  expect((await pull(batch.cursor, rotated)).lost).toEqual([]);
});

test("without the right to webhooks there is no feed, and one is made when the right comes", async () => {
  const { sandbox, clock } = setting;
  const scopes = ["data.records:read", "schema.bases:read"] as const;
  const limited = connectTo(sandbox, { token: sandbox.admin.addToken("Rita", scopes) });
  const cursor = await start(limited);
  sandbox.admin.create("Zoe", "People", { Name: "unseen" });
  expect(await pull(cursor, limited)).toEqual({ observations: [], cursor, caughtUp: true, lost: [] });

  clock.aheadMs += 2 * day;
  const allowed = connectTo(sandbox, { clock });
  const batch = await pull(cursor, allowed);
  expect(batch.lost).toEqual(["People"]);
  expect(await webhooks()).toHaveLength(1);
});

test("hooks left over with our address are removed, and others' are not", async () => {
  const { sandbox } = setting;
  const ours = "https://truce.example/webhooks/base";
  await start(connectTo(sandbox, { notificationUrl: "https://other.example" }));
  await start(connectTo(sandbox));
  await start(connectTo(sandbox, { notificationUrl: ours }));
  await start(connectTo(sandbox, { notificationUrl: ours }));
  expect((await webhooks()).map((hook) => hook["notificationUrl"])).toEqual(["https://other.example", null, ours]);
});

test("notifications that Airtable gave up on are switched on again", async () => {
  const { sandbox } = setting;
  const { url } = await listen();
  const cursor = await start(connectTo(sandbox, { notificationUrl: url }));
  const [hook] = await webhooks();
  await fetch(`${sandbox.url}/v0/bases/${sandbox.baseId}/webhooks/${String(hook?.["id"])}/enableNotifications`, {
    method: "POST",
    headers: { authorization: `Bearer ${sandbox.token}` },
    body: JSON.stringify({ enable: false }),
  });
  await pull(cursor, connectTo(sandbox, { notificationUrl: url }));
  expect(await webhooks()).toMatchObject([{ areNotificationsEnabled: true }]);
});

test("a field that a person renames is noticed through the feed", async () => {
  const { connector, sandbox } = setting;
  const [id = ""] = sandbox.admin.seed("People", [{ Phone: "1" }]);
  const cursor = await start();
  await pull(cursor);
  sandbox.admin.renameField("People", "Phone", "Mobile");
  const batch = await pull(cursor);
  expect(batch.observations).toEqual([]);
  await expect(connector.read(mapped, [id])).rejects.toMatchObject({ error: { code: "SCHEMA" } });
});
