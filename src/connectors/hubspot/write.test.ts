import { afterEach, beforeEach, expect, test } from "vitest";
import type { RunningServer } from "../../../sandbox/core/serve.ts";
import type { WriteResult } from "../../ports/connector.ts";
import { create, remove, update } from "../../ports/testing/requests.ts";
import { between, connectTo, contacts, mapped, type Setting, setUp } from "./testing.ts";

let setting: Setting;
let proxy: RunningServer | null = null;
beforeEach(async () => {
  setting = await setUp();
});
afterEach(async () => {
  await proxy?.close();
  proxy = null;
  await setting.sandbox.close();
});

const seed = (...rows: Record<string, string>[]) =>
  setting.sandbox.admin.seed(
    "contacts",
    rows.map((properties) => ({ properties })),
  );
const held = (id: string) => setting.sandbox.admin.record("contacts", id)!.properties;

/** A connector whose batch updates a user gets in before or after. */
async function withUser(moments: { before?: () => void; after?: () => void }, path = "/batch/update") {
  proxy = await between(setting.sandbox, { path, ...moments });
  return connectTo(setting.sandbox, { baseUrl: proxy.url, timeoutMs: 5000 });
}

test("an update writes its patch and tells what the record holds now", async () => {
  const [id] = seed({ email: "ada@x.example", firstname: "Ada", phone: "1" });
  const [result] = await setting.connector.write(contacts, [
    update(id!, { firstname: "Ada", phone: "1" }, { firstname: "Adah", phone: null }),
  ]);
  expect(result).toMatchObject({
    kind: "written",
    id,
    cells: { email: "ada@x.example", firstname: "Adah", lastname: null, phone: null },
    complete: true,
    covered: {},
    created: false,
  });
  expect(held(id!)).toMatchObject({ firstname: "Adah" });
  expect(held(id!)).not.toHaveProperty("phone");
});

test("a hundred updates cost five calls", async () => {
  const ids = seed(...Array.from({ length: 100 }, (_, n) => ({ firstname: `${n}` })));
  setting.sandbox.admin.resetCalls();
  const results = await setting.connector.write(
    contacts,
    ids.map((id, n) => update(id, { firstname: `${n}` }, { firstname: `new ${n}` })),
  );
  expect(results.every(({ kind }) => kind === "written")).toBe(true);
  expect(setting.sandbox.admin.calls()).toEqual({
    "POST /crm/v3/objects/contacts/batch/read": 4,
    "POST /crm/v3/objects/contacts/batch/update": 1,
  });
});

test("a record that holds something else than expected is not written, and told", async () => {
  const [a, b] = seed({ firstname: "A" }, { firstname: "B" });
  setting.sandbox.admin.edit(101, "contacts", a!, { firstname: "edited" });
  const results = await setting.connector.write(contacts, [
    update(a!, { firstname: "A" }, { firstname: "ours" }),
    update(b!, { firstname: "B" }, { firstname: "ours" }),
  ]);
  expect(results[0]).toMatchObject({
    kind: "changed",
    observation: { cells: { firstname: "edited" }, author: "user 101", complete: true },
  });
  expect(results[1]).toMatchObject({ kind: "written" });
  expect(held(a!)["firstname"]).toBe("edited");
});

test("an edit of a cell that is not written does not stop the write", async () => {
  const [id] = seed({ firstname: "A", lastname: "L" });
  setting.sandbox.admin.edit(101, "contacts", id!, { lastname: "edited" });
  const [result] = await setting.connector.write(contacts, [update(id!, { firstname: "A" }, { firstname: "ours" })]);
  expect(result).toMatchObject({ kind: "written", cells: { firstname: "ours", lastname: "edited" } });
});

test("an edit that comes between look and write is found in the history", async () => {
  const [id] = seed({ firstname: "A" });
  const connector = await withUser({
    before: () => setting.sandbox.admin.edit(101, "contacts", id!, { firstname: "edited" }),
  });
  const [result] = await connector.write(contacts, [update(id!, { firstname: "A" }, { firstname: "ours" })]);
  expect(result).toMatchObject({
    kind: "written",
    cells: { firstname: "ours" },
    covered: { firstname: [{ value: "edited", author: "user 101" }] },
  });
  expect(held(id!)["firstname"]).toBe("ours");
});

test("an edit that comes after the write is left to the feed: it is no other form of what we wrote", async () => {
  const [id] = seed({ firstname: "A" });
  const connector = await withUser({
    after: () => setting.sandbox.admin.edit(101, "contacts", id!, { firstname: "later" }),
  });
  const [result] = await connector.write(contacts, [update(id!, { firstname: "A" }, { firstname: "ours" })]);
  expect(result).toMatchObject({ kind: "written", cells: { firstname: "ours" }, complete: false, covered: {} });
  const [read] = await connector.read(contacts, [id!]);
  expect(read).toMatchObject({ observation: { cells: { firstname: "later" } } });
  if (result?.kind !== "written" || read?.kind !== "found") throw new Error("unexpected");
  expect(read.observation.revision! >= result.revision!).toBe(true);
});

test("HubSpot's own form of a value is told: lower case, a stage that does not go back", async () => {
  const [id] = seed({ email: "a@x.example", lifecyclestage: "customer" });
  const object = mapped("contacts", "email", "lifecyclestage");
  const [result] = await setting.connector.write(object, [
    update(id!, { email: "a@x.example", lifecyclestage: "customer" }, { email: "B@X.example", lifecyclestage: "lead" }),
  ]);
  expect(result).toMatchObject({ kind: "written", cells: { email: "b@x.example", lifecyclestage: "customer" } });
});

test("deleted and merged records are not written", async () => {
  const { admin } = setting.sandbox;
  const [gone, a, b] = seed({ firstname: "G" }, { firstname: "A" }, { firstname: "B" });
  admin.archiveAs(101, "contacts", gone!);
  admin.mergeAs(101, "contacts", a!, b!);
  const results = await setting.connector.write(contacts, [
    update(gone!, { firstname: "G" }, { firstname: "x" }),
    update(b!, { firstname: "B" }, { firstname: "x" }),
  ]);
  expect(results[0]).toEqual({ kind: "missing" });
  // It is to be read again, which tells the merge.
  expect(results[1]).toMatchObject({ kind: "failed", error: { code: "UNKNOWN_OUTCOME" } });
});

test("one refused value holds up its own record only, and its cell is named", async () => {
  const ids = seed(...Array.from({ length: 100 }, (_, n) => ({ firstname: `${n}` })));
  const object = mapped("contacts", "firstname", "hs_lead_status");
  setting.sandbox.admin.resetCalls();
  const results = await setting.connector.write(
    object,
    ids.map((id, n) => update(id, {}, { firstname: "new", hs_lead_status: n === 37 ? "WARM" : "OPEN" })),
  );
  expect(results[37]).toMatchObject({
    kind: "failed",
    error: { code: "REJECTED", cells: { hs_lead_status: expect.stringContaining("WARM was not one of") } },
  });
  expect(results.filter(({ kind }) => kind === "written")).toHaveLength(99);
  expect(held(ids[37]!)["firstname"]).toBe("37");
  const calls = setting.sandbox.admin.calls()["POST /crm/v3/objects/contacts/batch/update"];
  expect(calls).toBeLessThanOrEqual(15);
});

test("a hundred refused values are told apart in one call", async () => {
  const ids = seed(...Array.from({ length: 100 }, (_, n) => ({ firstname: `${n}` })));
  setting.sandbox.admin.resetCalls();
  const results = await setting.connector.write(
    mapped("contacts", "hs_lead_status"),
    ids.map((id, n) => update(id, {}, { hs_lead_status: `WARM${n}` })),
  );
  expect(results.every((result) => result.kind === "failed" && result.error.code === "REJECTED")).toBe(true);
  expect(setting.sandbox.admin.calls()["POST /crm/v3/objects/contacts/batch/update"]).toBe(1);
});

test("a property that was removed is refused for those that write it, the others go on", async () => {
  const [a, b] = seed({ firstname: "A" }, { firstname: "B" });
  const results = await setting.connector.write(mapped("contacts", "firstname", "plan"), [
    update(a!, {}, { firstname: "new", plan: "gold" }),
    update(b!, {}, { firstname: "new" }),
  ]);
  expect(results[0]).toMatchObject({
    error: { code: "REJECTED", cells: { plan: expect.stringContaining("does not exist") } },
  });
  expect(results[1]).toMatchObject({ kind: "written" });
});

test("an e-mail that another contact has is refused by its cell", async () => {
  const [a, b, c] = seed({ email: "a@x.example" }, { email: "b@x.example" }, { firstname: "C" });
  const results = await setting.connector.write(contacts, [
    update(b!, { email: "b@x.example" }, { email: "a@x.example" }),
    update(c!, { firstname: "C" }, { firstname: "new" }),
  ]);
  expect(results[0]).toMatchObject({ kind: "failed", error: { code: "REJECTED" } });
  expect(JSON.stringify(results[0])).toContain(a);
  expect(results[1]).toMatchObject({ kind: "written" });
});

test("a create makes one record, however often it is sent", async () => {
  const request = create("key-1", { email: "new@x.example", firstname: "New", phone: null });
  const [first] = await setting.connector.write(contacts, [request]);
  expect(first).toMatchObject({
    kind: "written",
    created: true,
    cells: { email: "new@x.example", firstname: "New", phone: null },
  });
  const { id } = first as WriteResult & { kind: "written" };
  setting.sandbox.admin.edit(101, "contacts", id, { firstname: "edited" });
  for (const lookFirst of [false, true]) {
    const [again] = await setting.connector.write(contacts, [
      create("key-1", { email: "new@x.example", firstname: "New" }, { lookFirst }),
    ]);
    expect(again).toMatchObject({
      kind: "written",
      id,
      created: false,
      complete: true,
      cells: { firstname: "edited" },
    });
  }
  expect(setting.sandbox.admin.records("contacts")).toHaveLength(1);
  expect(held(id)["firstname"]).toBe("edited");
});

test("two senders of one key make one record", async () => {
  const other = connectTo(setting.sandbox);
  const request = create("key-1", { firstname: "New" });
  const results = await Promise.all([setting.connector.write(contacts, [request]), other.write(contacts, [request])]);
  expect(setting.sandbox.admin.records("contacts")).toHaveLength(1);
  expect(
    results
      .flat()
      .map((result) => result.kind === "written" && result.created)
      .toSorted(),
  ).toEqual([false, true]);
});

test("a hundred creates cost two calls; those that clash with a contact name it", async () => {
  const [taken] = seed({ email: "n7@x.example" });
  await setting.connector.check([contacts], { prepare: false });
  setting.sandbox.admin.resetCalls();
  const results = await setting.connector.write(
    contacts,
    Array.from({ length: 100 }, (_, n) => create(`key-${n}`, { email: `n${n}@x.example` }, { identity: ["email"] })),
  );
  expect(results[7]).toEqual({ kind: "exists", id: taken });
  expect(results.filter((result) => result.kind === "written" && result.created)).toHaveLength(99);
  expect(setting.sandbox.admin.calls()).toEqual({
    "POST /crm/v3/objects/contacts/batch/read": 1,
    "POST /crm/v3/objects/contacts/batch/upsert": 1,
  });
});

test("a clash by a secondary address names the contact too, and so does one within a batch", async () => {
  const [a, b] = seed({ email: "a@x.example" }, { email: "b@x.example" });
  const survivor = setting.sandbox.admin.mergeAs(101, "contacts", a!, b!);
  const results = await setting.connector.write(contacts, [
    create("key-1", { email: "b@x.example" }),
    create("key-2", { email: "twice@x.example" }),
    create("key-3", { email: "Twice@x.example" }),
  ]);
  expect(results[0]).toEqual({ kind: "exists", id: survivor });
  const { id } = results[1] as WriteResult & { kind: "written" };
  expect(results[2]).toEqual({ kind: "exists", id });
});

test("a create that HubSpot refuses tells the cells, and the others are made", async () => {
  const object = mapped("contacts", "email", "hs_lead_status");
  const results = await setting.connector.write(object, [
    create("key-1", { email: "no address", hs_lead_status: "OPEN" }),
    create("key-2", { email: "b@x.example", hs_lead_status: "OPEN" }),
  ]);
  expect(results[0]).toMatchObject({
    error: { code: "REJECTED", cells: { email: expect.stringContaining("invalid") } },
  });
  expect(results[1]).toMatchObject({ kind: "written", created: true });
});

test("without the key property a contact's e-mail keeps creates apart", async () => {
  const { connector, sandbox } = setting;
  sandbox.admin.removeProperty("contacts", "truce_id");
  const [first] = await connector.write(contacts, [create("key-1", { email: "new@x.example" })]);
  expect(first).toMatchObject({ kind: "written", created: true });
  const { id } = first as WriteResult & { kind: "written" };
  const results = await connector.write(contacts, [
    create("key-1", { email: "new@x.example" }, { lookFirst: true }),
    create("key-2", { email: "new@x.example" }),
    create("key-3", { firstname: "No e-mail" }, { lookFirst: true }),
    create("key-4", { firstname: "No e-mail" }),
  ]);
  expect(results[0]).toEqual({ kind: "exists", id });
  expect(results[1]).toEqual({ kind: "exists", id });
  expect(results[2]).toMatchObject({
    error: { code: "REJECTED", message: expect.stringContaining("may have taken effect") },
  });
  expect(results[3]).toMatchObject({ kind: "written", created: true });
});

test("companies are kept apart by the key alone: HubSpot lets domains repeat", async () => {
  const companies = mapped("companies", "name", "domain");
  const patch = { domain: "acme.example" };
  await setting.connector.write(companies, [create("key-1", patch), create("key-2", patch)]);
  await setting.connector.write(companies, [create("key-1", patch, { lookFirst: true })]);
  expect(setting.sandbox.admin.records("companies")).toHaveLength(2);
});

test("deletes are guarded; a record that is not there is as good as deleted", async () => {
  const { admin } = setting.sandbox;
  const [a, b, gone] = seed({ firstname: "A" }, { firstname: "B" }, { firstname: "G" });
  admin.edit(101, "contacts", b!, { firstname: "edited" });
  admin.archiveAs(101, "contacts", gone!);
  const results = await setting.connector.write(contacts, [
    remove(a!, { firstname: "A" }),
    remove(b!, { firstname: "B" }),
    remove(gone!, { firstname: "G" }),
  ]);
  expect(results.map(({ kind }) => kind)).toEqual(["written", "changed", "written"]);
  expect(admin.record("contacts", a!)!.archived).toBe(true);
  expect(admin.record("contacts", b!)!.archived).toBe(false);
});

test("a record is merged into another one, once; what changed meanwhile is not", async () => {
  const { admin } = setting.sandbox;
  const [a, b, c] = seed({ firstname: "A" }, { firstname: "B" }, { firstname: "C" });
  admin.edit(101, "contacts", c!, { firstname: "edited" });
  const into = (id: string, firstname: string) => ({ ...remove(id, { firstname }), into: a! });
  const [first, second] = await setting.connector.write(contacts, [into(b!, "B"), into(c!, "C")]);
  const survivor = admin.record("contacts", b!)!.id;
  expect(first).toMatchObject({ kind: "written", id: survivor });
  expect(second).toMatchObject({ kind: "changed", observation: { cells: { firstname: "edited" } } });
  expect(admin.record("contacts", a!)!.id).toBe(survivor);
  // Its answer was lost: the second try finds it done.
  expect(await setting.connector.write(contacts, [into(b!, "B")])).toMatchObject([{ kind: "written", id: survivor }]);
  expect(admin.records("contacts").filter(({ archived }) => !archived)).toHaveLength(2);
});

test("results are in the order of the requests, whatever their kinds", async () => {
  const [a, b] = seed({ firstname: "A" }, { firstname: "B" });
  const results = await setting.connector.write(contacts, [
    remove(a!, {}),
    create("key-1", { firstname: "C" }),
    update(b!, {}, { firstname: "new" }),
  ]);
  expect(
    results.map((result) => result.kind === "written" && [result.id === a, result.created, result.id === b]),
  ).toEqual([
    [true, false, false],
    [false, true, false],
    [false, false, true],
  ]);
});
