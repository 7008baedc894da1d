import { afterEach, beforeEach, expect, test } from "vitest";
import type { RunningServer } from "../../../sandbox/core/serve.ts";
import type { WriteResult } from "../../ports/connector.ts";
import { create, pullAll, remove, update } from "../../ports/testing/requests.ts";
import { between, connectTo, contacts, mapped, type Setting, setUp } from "./testing.ts";

let setting: Setting;
let maria: string;
let proxy: RunningServer | null = null;
beforeEach(async () => {
  setting = await setUp();
  maria = setting.sandbox.people[0];
});
afterEach(async () => {
  await proxy?.close();
  proxy = null;
  await setting.sandbox.close();
});

const minute = 60_000;
const seedOne = (values: Record<string, string> = {}) => {
  const { sandbox, clock } = setting;
  return sandbox.admin.seed("Contact", [{ LastName: "before", ...values }], clock.now() - minute)[0]!;
};
const held = (id: string) => setting.sandbox.admin.record("Contact", id)!;

/** A connector behind a door that runs `before` when a call with this end of a path passes. */
async function connectThrough(path: string, before: (count: number) => void) {
  let count = 0;
  proxy = await between(setting.sandbox, (passing) => {
    if (passing.endsWith(path)) before(++count);
  });
  return connectTo(setting.sandbox, { url: proxy.url, clock: setting.clock });
}

test("an edit between our look and our write stops the write, and is what comes back", async () => {
  const id = seedOne();
  const connector = await connectThrough("/composite", () => {
    setting.sandbox.admin.edit(maria, "Contact", id, { LastName: "theirs" });
  });
  const [result] = await connector.write(contacts, [update(id, { LastName: "before" }, { LastName: "ours" })]);
  expect(result).toMatchObject({ kind: "changed", observation: { cells: { LastName: "theirs" }, author: maria } });
  expect(held(id)["LastName"]).toBe("theirs");
});

test("an edit of another field in between is no hindrance: the write is tried on what is there now", async () => {
  const id = seedOne();
  const connector = await connectThrough("/composite", (count) => {
    if (count === 1) setting.sandbox.admin.edit(maria, "Contact", id, { Phone: "7" });
  });
  const [result] = await connector.write(contacts, [update(id, { LastName: "before" }, { LastName: "ours" })]);
  expect(result).toMatchObject({ kind: "written", cells: { LastName: "ours" } });
  expect(held(id)).toMatchObject({ LastName: "ours", Phone: "7" });
});

test("a record that was edited within this second is written only in a later one, so that the condition is exact", async () => {
  const { sandbox, connector, clock } = setting;
  const id = sandbox.admin.createAs(maria, "Contact", { LastName: "before" });
  const startedAt = clock.now();
  const [result] = await connector.write(contacts, [update(id, { LastName: "before" }, { LastName: "ours" })]);
  expect(result).toMatchObject({ kind: "written" });
  expect(clock.now() - startedAt).toBeGreaterThan(900);
});

test("an edit right after our write is not taken for what we wrote", async () => {
  const id = seedOne();
  const connector = await connectThrough("/composite/sobjects/Contact", (count) => {
    if (count === 2) setting.sandbox.admin.edit(maria, "Contact", id, { LastName: "theirs" });
  });
  const [result] = await connector.write(contacts, [update(id, { LastName: "before" }, { LastName: "ours" })]);
  expect(result).toMatchObject({ kind: "written", complete: false, cells: { LastName: "ours" } });
});

test("a write that is done stays done, whatever fails for the others of its batch", async () => {
  const { sandbox } = setting;
  const settled = seedOne();
  const fresh = sandbox.admin.createAs(maria, "Contact", { LastName: "before" });
  const connector = await connectThrough("/composite/sobjects/Contact", (count) => {
    // The second look, at the record that was changed within this second, gets no answer.
    if (count === 2) sandbox.admin.setFaults([{ kind: "error-before", status: 503, times: 1 }]);
  });
  const requests = [settled, fresh].map((id) => update(id, { LastName: "before" }, { LastName: "ours" }));
  const results = await connector.write(contacts, requests);
  expect(results).toMatchObject([
    { kind: "written", id: settled, cells: { LastName: "ours" } },
    { kind: "failed", error: { code: "UNREACHABLE" } },
  ]);
  expect([held(settled)["LastName"], held(fresh)["LastName"]]).toEqual(["ours", "before"]);
});

test("what Salesforce makes of a value is told as what it holds", async () => {
  const id = seedOne();
  const [result] = await setting.connector.write(contacts, [update(id, {}, { FirstName: "  Ada  " })]);
  expect(result).toMatchObject({ kind: "written", complete: true, cells: { FirstName: "Ada" } });
});

test("200 updates cost a look, eight composite calls and a look; 200 creates an insert and a look", async () => {
  const { sandbox, connector, clock } = setting;
  const rows = Array.from({ length: 200 }, (_, n) => ({ LastName: `P ${n}` }));
  const ids = sandbox.admin.seed("Contact", rows, clock.now() - minute);
  await connector.read(contacts, ids.slice(0, 1));
  sandbox.admin.resetCalls();
  const requests = ids.map((id, n) => update(id, { LastName: `P ${n}` }, { LastName: `Q ${n}` }));
  const results = await connector.write(contacts, requests);
  expect(results.every(({ kind }) => kind === "written")).toBe(true);
  expect(sandbox.admin.calls()).toEqual({ "POST /composite/sobjects/Contact": 2, "POST /composite": 8 });
  sandbox.admin.resetCalls();
  await connector.write(
    contacts,
    rows.map((row, n) => create(`g-${n}`, row)),
  );
  expect(sandbox.admin.calls()).toEqual({ "POST /composite/sobjects": 1, "POST /composite/sobjects/Contact": 1 });
});

test("a create that met its own earlier one leaves what was edited there since", async () => {
  const { sandbox, connector } = setting;
  const [made] = await connector.write(contacts, [create("g-1", { LastName: "Ada", Phone: "1" })]);
  const id = made?.kind === "written" ? made.id : "";
  sandbox.admin.edit(maria, "Contact", id, { Phone: "2" });
  const again = await connector.write(contacts, [create("g-1", { LastName: "Ada", Phone: "1" })]);
  expect(again).toMatchObject([{ kind: "written", id, created: false, cells: { Phone: "2" } }]);
  expect(sandbox.admin.records("Contact")).toHaveLength(1);
});

test("a create is kept from a second one by e-mail, and by a duplicate rule", async () => {
  const { sandbox, connector } = setting;
  const id = seedOne({ Email: "ada@example.com" });
  const patch = { LastName: "Ada", Email: "ADA@example.com" };
  expect(await connector.write(contacts, [create("g-1", patch, { identity: ["Email"] })])).toEqual([
    { kind: "exists", id },
  ]);
  sandbox.admin.setDuplicateRules([{ object: "Contact", field: "Email", action: "alert" }]);
  expect(await connector.write(contacts, [create("g-2", patch)])).toEqual([{ kind: "exists", id }]);
  expect(sandbox.admin.records("Contact")).toHaveLength(1);
});

test("two processes that create one key make one record", async () => {
  const { sandbox, connector, clock } = setting;
  const other = connectTo(sandbox, { clock });
  const request = create("g-1", { LastName: "Ada" });
  const results = await Promise.all([connector.write(contacts, [request]), other.write(contacts, [request])]);
  const ids = results.flat().map((one) => (one.kind === "written" ? one.id : one.kind));
  expect(new Set(ids).size).toBe(1);
  expect(sandbox.admin.records("Contact")).toHaveLength(1);
});

test("without the key field nothing is created, and the message says what to do", async () => {
  const { sandbox, connector } = setting;
  sandbox.admin.removeField("Contact", "Truce_ID__c");
  const [result] = await connector.write(contacts, [create("g-1", { LastName: "Ada" })]);
  expect(result).toMatchObject({ kind: "failed", error: { code: "SCHEMA", message: expect.stringMatching(/key/) } });
});

test("each refusal names its cell", async () => {
  const id = seedOne();
  const patches = [
    { LastName: null },
    { Email: "nobody" },
    { FirstName: "x".repeat(41) },
    { AccountId: "001bm0000000zzzAAA" },
  ];
  const results = await setting.connector.write(
    contacts,
    patches.map((patch) => update(id, {}, patch)),
  );
  const cells = results.map((one) =>
    one.kind === "failed" && "cells" in one.error ? Object.keys(one.error.cells) : [],
  );
  expect(cells).toEqual([["LastName"], ["Email"], ["FirstName"], []]);
});

test("a record that was merged away is neither written nor deleted", async () => {
  const [master, loser] = [seedOne(), seedOne()];
  setting.sandbox.admin.mergeAs(maria, "Contact", master, [loser]);
  const requests = [update(loser, {}, { Phone: "7" }), remove(loser, {})];
  const results = await setting.connector.write(contacts, requests);
  const codes = results.map((one: WriteResult) => (one.kind === "failed" ? one.error.code : one.kind));
  expect(codes).toEqual(["UNKNOWN_OUTCOME", "UNKNOWN_OUTCOME"]);
  expect(held(master)).toMatchObject({ Phone: null, IsDeleted: false });
});

test("a write that is there already, as after a lost answer, is not made again", async () => {
  const id = seedOne();
  const before = held(id)["SystemModstamp"];
  const [result] = await setting.connector.write(contacts, [update(id, { LastName: "older" }, { LastName: "before" })]);
  expect(result).toMatchObject({ kind: "written", cells: { LastName: "before" } });
  expect(held(id)["SystemModstamp"]).toBe(before);
});

test("of a patch that is there in part, only the rest is written", async () => {
  const id = seedOne({ Phone: "7" });
  const patch = { LastName: "after", Phone: "7" };
  const [result] = await setting.connector.write(contacts, [update(id, { LastName: "before", Phone: "5" }, patch)]);
  expect(result).toMatchObject({ kind: "written", cells: patch });
  const [write] = setting.sandbox.admin.audit().filter(({ kind }) => kind === "update");
  expect(write?.after).toEqual({ LastName: "after" });
});

test("a person account is an account with a last name", async () => {
  const { sandbox, connector } = setting;
  sandbox.admin.enablePersonAccounts();
  const people = mapped("Account", "LastName", "FirstName", "PersonEmail");
  expect(await connector.check([people], { prepare: false })).toEqual([]);
  const [result] = await connector.write(people, [create("g-1", { LastName: "Lovelace", FirstName: "Ada" })]);
  expect(result).toMatchObject({ kind: "written", created: true, cells: { LastName: "Lovelace" } });
  expect(sandbox.admin.records("Account")).toMatchObject([{ IsPersonAccount: true, Name: "Ada Lovelace" }]);
});

test("a person account's contact is no contact of its own", async () => {
  const { sandbox, connector, clock } = setting;
  sandbox.admin.enablePersonAccounts();
  const start = await connector.feed!.start([contacts]);
  const account = sandbox.admin.createAs(maria, "Account", { LastName: "Person", PersonEmail: "ada@example.com" });
  const contact = sandbox.admin.createAs(maria, "Contact", { LastName: "Employee" });
  clock.skip(3_000);
  const scanned = await connector.scan(contacts, null);
  expect(scanned.observations.map(({ ref }) => ref.id)).toEqual([contact]);
  const { observations } = await pullAll(connector, [contacts], start);
  expect(observations.map(({ ref }) => ref.id)).toEqual([contact]);
  const mirror = String(sandbox.admin.record("Account", account)!["PersonContactId"]);
  expect(await connector.read(contacts, [mirror])).toEqual([{ id: mirror, kind: "missing" }]);
  const patch = { LastName: "Ada", Email: "ada@example.com" };
  const made = await connector.write(contacts, [create("g-1", patch, { identity: ["Email"] })]);
  expect(made).toMatchObject([{ kind: "written", created: true }]);
  sandbox.admin.edit(maria, "Account", account, { FirstName: "Ada" });
  expect(sandbox.admin.record("Contact", mirror)).toMatchObject({ Name: "Ada Person", IsPersonAccount: true });
});

test("references and every object of a sales org go both ways", async () => {
  const { sandbox, connector } = setting;
  const [account] = sandbox.admin.seed("Account", [{ Name: "Acme" }]);
  const deals = mapped("Opportunity", "Name", "StageName", "CloseDate", "Amount", "AccountId");
  const patch = { Name: "Big", StageName: "Prospecting", CloseDate: "2026-12-31", Amount: 5000.5, AccountId: account! };
  const [deal] = await connector.write(deals, [create("g-1", patch)]);
  expect(deal).toMatchObject({ kind: "written", cells: patch });
  const leads = mapped("Lead", "LastName", "Company", "Status");
  const [lead] = await connector.write(leads, [create("g-2", { LastName: "Ada", Company: "Engines" })]);
  expect(lead).toMatchObject({ kind: "written", cells: { Status: "Open - Not Contacted" } });
});
