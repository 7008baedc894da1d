import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { createFaultBoard } from "../core/fault.ts";
import { createRandom } from "../core/random.ts";
import { serve } from "../core/serve.ts";
import { type ActiveCampaignSandbox, createActiveCampaignSandbox } from "./sandbox.ts";
import { call, fastSandbox } from "./testing.ts";

let sandbox: ActiveCampaignSandbox;
afterEach(() => sandbox.close());

const contactOf = (answer: { readonly body: Record<string, unknown> }) =>
  answer.body["contact"] as Record<string, string>;

test("a contact is made once by its e-mail, in any case; the second is refused in the vendor's words", async () => {
  sandbox = await fastSandbox();
  const made = await call(sandbox, "POST", "contacts", { contact: { email: "Ada@example.com", firstName: "Ada" } });
  expect(made.status).toBe(201);
  expect(await call(sandbox, "POST", "contacts", { contact: { email: "ada@EXAMPLE.com" } })).toMatchObject({
    status: 422,
    body: {
      errors: [
        {
          title: "Email address already exists in the system",
          detail: "",
          code: "duplicate",
          source: { pointer: "/data/attributes/email" },
        },
      ],
    },
  });
  expect(await call(sandbox, "POST", "contacts", { contact: { firstName: "Bob" } })).toMatchObject({ status: 422 });
  const synced = await call(sandbox, "POST", "contact/sync", { contact: { email: "ada@example.com", lastName: "L" } });
  expect([synced.status, contactOf(synced)["id"], contactOf(synced)["firstName"]]).toEqual([
    200,
    contactOf(made)["id"],
    "Ada",
  ]);
  expect((await call(sandbox, "POST", "contact/sync", { contact: { email: "bob@example.com" } })).status).toBe(201);
});

test("times carry the account's offset, and the fields that are named after UTC carry its digits", async () => {
  sandbox = await fastSandbox({ clock: () => Date.parse("2026-05-28T10:07:18.900Z") });
  const { body } = await call(sandbox, "POST", "contacts", { contact: { email: "ada@example.com" } });
  expect(body["contact"]).toMatchObject({
    udate: "2026-05-28T05:07:18-05:00",
    updated_utc_timestamp: "2026-05-28 05:07:18",
    sms_consent_updated_at: "0000-00-00 00:00:00",
    orgid: "0",
  });
});

test("what is missing is answered in the words of its resource", async () => {
  sandbox = await fastSandbox();
  const words = async (method: string, path: string) => {
    const { status, body } = await call(sandbox, method, path);
    return [status, body["message"]];
  };
  expect(await words("GET", "contacts/1")).toEqual([404, "No Result found for Subscriber with id 1"]);
  expect(await words("DELETE", "contacts/1")).toEqual([404, "No result found for contact with id 1"]);
  expect(await words("GET", "deals/1")).toEqual([404, "No Result found for Deal with id 1"]);
  const stranger = { ...sandbox, token: "wrong" };
  expect((await call(stranger, "GET", "contacts")).status).toBe(403);
});

test("lists come in pages of at most a hundred, contacts also after an id, and totals are texts", async () => {
  sandbox = await fastSandbox();
  for (let n = 0; n < 130; n++) sandbox.admin.create("Zoe", "contacts", { email: `p${n}@example.com` });
  const page = async (query: string) => {
    const { body } = await call(sandbox, "GET", `contacts?${query}`);
    return { ids: (body["contacts"] as { id: string }[]).map(({ id }) => Number(id)), meta: body["meta"] };
  };
  expect((await page("")).ids).toHaveLength(20);
  const first = await page("limit=500&orders[id]=ASC");
  expect(first.ids).toHaveLength(100);
  expect(first.meta).toEqual({ total: "130" });
  const rest = await page(`limit=100&orders[id]=ASC&id_greater=${first.ids.at(-1)}`);
  expect(rest.ids).toHaveLength(30);
  expect(Math.min(...rest.ids)).toBeGreaterThan(first.ids.at(-1)!);
});

test("a sixth call within a second is refused, and says when to come again", async () => {
  sandbox = await createActiveCampaignSandbox();
  const answers = await Promise.all(Array.from({ length: 6 }, () => call(sandbox, "GET", "tags")));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 200, 429]);
  expect(answers.find(({ status }) => status === 429)?.headers.get("retry-after")).toBe("1");
  expect(sandbox.admin.counts()).toEqual({ calls: 6, limited: 1 });
});

test("values are kept as the vendor keeps them, and what a field can't hold is refused whole", async () => {
  sandbox = await fastSandbox();
  const { admin } = sandbox;
  admin.addField("contacts", "Topics", "checkbox", ["a", "b"]);
  admin.addField("contacts", "Call", "datetime");
  const { body } = await call(sandbox, "GET", "fields");
  const [topics, time] = (body["fields"] as { id: string }[]).map(({ id }) => id);
  const fieldValues = [
    { field: topics, value: "||a||b||" },
    { field: time, value: "2026-01-31T10:00:00Z" },
  ];
  const made = await call(sandbox, "POST", "contacts", { contact: { email: "ada@example.com", fieldValues } });
  const { id } = contactOf(made);
  expect(admin.records("contacts")[0]?.cells).toMatchObject({ TOPICS: "||a||b||", CALL: "2026-01-31T05:00:00-05:00" });
  const wrong = [
    { field: time, value: "" },
    { field: topics, value: "||c||" },
  ];
  expect((await call(sandbox, "PUT", `contacts/${id}`, { contact: { fieldValues: wrong } })).status).toBe(422);
  expect(admin.records("contacts")[0]?.cells).toMatchObject({ CALL: "2026-01-31T05:00:00-05:00" });
});

test("a tag moves the contact's date; an import tells nobody; what the API does is told only where it is asked for", async () => {
  let nowMs = Date.parse("2026-01-01T00:00:00Z");
  sandbox = await fastSandbox({ clock: () => nowMs });
  const types: string[] = [];
  const receiver = await serve({
    port: 0,
    faults: createFaultBoard(createRandom(1)),
    handle: ({ headers, body }) => {
      expect(headers["content-type"]).toBe("application/x-www-form-urlencoded");
      types.push(new URLSearchParams(body.toString()).get("type") ?? "");
      return { status: 200, body: null };
    },
    admin: () => ({ status: 404, body: null }),
    rateLimited: () => ({ status: 429, body: null }),
    serverError: (status) => ({ status, body: null }),
  });
  const events = ["subscribe", "update", "contact_tag_added"];
  const webhook = { name: "x", url: receiver.url, events, sources: ["admin"] };
  expect((await call(sandbox, "POST", "webhooks", { webhook })).status).toBe(201);
  const id = sandbox.admin.create("Zoe", "contacts", { email: "ada@example.com" });
  nowMs += 5_000;
  const tag = await call(sandbox, "POST", "tags", { tag: { tag: "vip", tagType: "contact" } });
  await call(sandbox, "POST", "contactTags", {
    contactTag: { contact: id, tag: (tag.body["tag"] as { id: string }).id },
  });
  expect(contactOf(await call(sandbox, "GET", `contacts/${id}`))["udate"]).toBe("2025-12-31T19:00:05-05:00");
  const imported = await call(sandbox, "POST", "import/bulk_import", {
    contacts: [{ email: "bob@example.com", first_name: "Bob" }],
  });
  expect(imported).toMatchObject({ status: 200, body: { Success: 1, queued_contacts: 1 } });
  const bad = await call(sandbox, "POST", "import/bulk_import", { contacts: [{ email: "none" }] });
  expect(bad).toMatchObject({
    status: 400,
    body: { success: 0, failureReasons: [{ failureReason: "Invalid email" }] },
  });
  sandbox.admin.remove("Zoe", "contacts", id);
  await sandbox.admin.settled();
  expect(types).toEqual(["subscribe"]);
  await receiver.close();
});

test("deals are kept in cents and refused without what they need", async () => {
  sandbox = await fastSandbox();
  const contact = sandbox.admin.create("Zoe", "contacts", { email: "ada@example.com" });
  const deal = { title: "Deal", value: 1050, currency: "EUR", contact };
  const made = await call(sandbox, "POST", "deals", { deal });
  expect(made).toMatchObject({
    status: 201,
    body: { deal: { value: "1050", currency: "eur", status: "0", stage: "1", group: "1" } },
  });
  for (const wrong of [{ value: "10.50" }, { stage: "99" }, { contact: "99" }, { contact: "" }, { title: "" }])
    expect((await call(sandbox, "POST", "deals", { deal: { ...deal, ...wrong } })).status).toBe(422);
});

test("an account's name is unique, and a record that is deleted is gone without a word", async () => {
  sandbox = await fastSandbox();
  const made = await call(sandbox, "POST", "accounts", { account: { name: "Acme" } });
  expect(made.status).toBe(201);
  expect((await call(sandbox, "POST", "accounts", { account: { name: "Acme" } })).status).toBe(422);
  const { id } = made.body["account"] as { id: string };
  expect(await call(sandbox, "DELETE", `accounts/${id}`)).toMatchObject({ status: 200, body: {} });
  expect(sandbox.admin.audit().map(({ kind, source }) => [kind, source])).toEqual([
    ["create", "api"],
    ["delete", "api"],
  ]);
});

test("the state outlives the process in its file", async () => {
  const folder = mkdtempSync(join(tmpdir(), "truce-sandbox-"));
  const file = join(folder, "account.json");
  const first = await fastSandbox({ file });
  first.admin.create("Zoe", "contacts", { email: "ada@example.com", tags: ["vip"] });
  await first.close();
  sandbox = await fastSandbox({ file });
  expect(sandbox.admin.records("contacts")).toMatchObject([{ cells: { email: "ada@example.com", tags: ["vip"] } }]);
  expect(sandbox.admin.audit().length).toBeGreaterThan(0);
  await sandbox.close();
  rmSync(folder, { recursive: true });
  sandbox = await fastSandbox();
});
