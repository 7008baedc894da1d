import { afterAll, beforeAll, expect, test } from "vitest";
import type { Client } from "./client.ts";
import { csvLine } from "./csv.ts";
import { contested, openTestServer, type TestServer } from "./testing.ts";

let server: TestServer;
let client: Client;

beforeAll(async () => {
  server = await openTestServer();
  ({ client } = await server.signedIn("operator"));
  await server.says("crm", "1", { email: "marta.kowalczyk@acme.example", name: "Marta Kowalczyk", phone: "100" });
  await server.says("crm", "2", { email: "jan@acme.example", name: "Jan Kowal", phone: "101", note: "=1+1" });
});
afterAll(() => server.close());

const found = async (query: string) => (await client.searchRecords({ query })).items.map(({ label }) => label).sort();

test.each([
  ["an e-mail", "MARTA.kowalczyk@acme.example", ["Marta Kowalczyk"]],
  ["a record's id", "2", ["Jan Kowal"]],
  ["a beginning", "jan@", ["Jan Kowal"]],
  ["words in any order", "kowalczyk marta", ["Marta Kowalczyk"]],
  ["a slip of the keyboard", "Marta Kowalzcyk", ["Marta Kowalczyk"]],
  ["nothing like it", "zebra crossing", []],
])("search finds by %s", async (_, query, labels) => {
  expect(await found(query)).toEqual(labels);
});

test("without a query all records come in pages", async () => {
  const first = await client.searchRecords({ limit: 1 });
  const second = await client.searchRecords({ limit: 1, after: first.next ?? "" });
  expect([...first.items, ...second.items].map(({ label }) => label).sort()).toEqual(["Jan Kowal", "Marta Kowalczyk"]);
  expect(second.next).toBeNull();
});

test("a record says of each field where it came from, and of each system what it holds", async () => {
  const hold = await client.getHold({ hold: await contested(server, "whole") });
  const record = await client.getRecord({ record: hold.goldenId ?? "" });
  expect(record.label).toBe("Name whole");
  expect(record.fields.find(({ name }) => name === "phone")).toMatchObject({
    value: "200",
    version: 2,
    source: { ref: { system: "crm" } },
    hold: hold.id,
  });
  const db = record.systems.find(({ system }) => system === "db");
  expect(db).toMatchObject({ status: "linked", id: "whole", url: null });
  expect(record.systems.find(({ system }) => system === "crm")?.url).toBe("https://crm.example/whole");
  expect(db?.fields.find(({ name }) => name === "phone")).toMatchObject({ value: "300", isCurrent: false });
  expect(record.holds).toMatchObject([{ id: hold.id, kind: "conflict" }]);
});

test("a record is shown as of a moment: what the journal says had been set by then", async () => {
  const hold = await client.getHold({ hold: await contested(server, "past") });
  const { items } = await client.listRecordJournal({ record: hold.goldenId ?? "" });
  const sets = items.filter(({ kind, field }) => kind === "set" && field === "phone");
  expect(sets.map(({ to }) => to)).toEqual(["200", "100"]);
  const before = await client.getRecord({ record: hold.goldenId ?? "", asOf: (sets[0]?.at ?? 0) - 1 });
  const phone = before.fields.find(({ name }) => name === "phone");
  // Both may have come within one millisecond, and then there was no moment between.
  if (sets[0]?.at !== sets[1]?.at) expect(phone?.value).toBe("100");
  const nothing = await client.getRecord({ record: hold.goldenId ?? "", asOf: 1 });
  expect(nothing.fields).toEqual([]);
});

test("a field goes back to what it was before a moment, unless it is held", async () => {
  const id = await contested(server, "back");
  const { goldenId } = await client.decideHold({ hold: id, revision: 1, choice: { kind: "take", candidate: 1 } });
  const record = goldenId ?? "";
  const phone = async () => (await client.getRecord({ record })).fields.find(({ name }) => name === "phone")?.value;
  const { items } = await client.listRecordJournal({ record });
  const decided = items.find(({ to, field }) => field === "phone" && to === "300");
  expect(await client.restoreField({ record, field: "phone", before: decided?.at ?? 0 })).toEqual({
    from: "300",
    to: "200",
  });
  expect(await phone()).toBe("200");
  const future = client.restoreField({ record, field: "phone", before: Date.now() + 60_000 });
  await expect(future).rejects.toMatchObject({ status: 409 });
});

test("a record that is something else is taken out, into a golden record of its own", async () => {
  await server.says("crm", "one", { email: "one@example.org", name: "Olga One", phone: "1" });
  await server.says("db", "other", { email: "one@example.org", name: "Olga Other", phone: "2" });
  const [shared] = (await client.searchRecords({ query: "one@example.org" })).items;
  const ref = { system: "db", object: "contacts", id: "other" };
  const { parted } = await client.splitRecord({ record: shared?.id ?? "", refs: [ref] });
  expect((await client.getRecord({ record: parted })).systems).toContainEqual(expect.objectContaining(ref));
  await expect(client.splitRecord({ record: parted, refs: [ref] })).rejects.toMatchObject({ status: 422 });
});

test("what agrees in which system is reported on request", async () => {
  await client.startConvergence({});
  await expect.poll(async () => (await client.getConvergence({})).state).toBe("done");
  const { report } = await client.getConvergence({});
  expect(report?.objects.map(({ system }) => system)).toEqual(["crm", "db", "desk"]);
});

test("a person is erased by an admin, from all that Truce keeps", async () => {
  const { client: admin } = await server.signedIn("admin", "eraser");
  await server.says("crm", "forget", { email: "forget@example.org", name: "Fiona Forget", phone: "1" });
  const [found] = (await client.searchRecords({ query: "forget@example.org" })).items;
  await expect(client.eraseRecord({ record: found?.id ?? "" })).rejects.toMatchObject({ status: 403 });
  const { records } = await admin.eraseRecord({ record: found?.id ?? "" });
  expect(records).toEqual([{ system: "crm", object: "contacts", id: "forget" }]);
  expect((await client.searchRecords({ query: "forget@example.org" })).items).toEqual([]);
  expect(JSON.stringify(await client.listRecordJournal({ record: found?.id ?? "" }))).not.toContain("Fiona");
});

test("alerts are listed and taken on; masses of changes that wait are decided", async () => {
  const at = Date.now();
  const since = { openedAt: at, metAt: at, resolvedAt: null, acknowledged: null, told: null, escalatedAt: null };
  const words = { title: "crm is behind", happened: "h", did: "d", todo: "t" };
  const alert = { key: "behind/crm", severity: "warning", records: [], system: "crm", ...words, ...since };
  const flow = { hours: {}, limit: 20, stoppedAt: at, samples: [], decision: null };
  await server.deps.store.putDocuments(
    [
      { kind: "alert", key: "behind/crm", value: alert, expiresAt: null },
      { kind: "flow", key: "db/public/people/deletes", value: flow, expiresAt: null },
    ],
    at,
  );
  await client.acknowledgeAlert({ alert: "behind/crm" });
  expect((await client.listAlerts({})).items).toMatchObject([
    { key: "behind/crm", acknowledged: { by: "a operator" } },
  ]);
  await expect(client.acknowledgeAlert({ alert: "nothing" })).rejects.toMatchObject({ status: 404 });
  const [stopped] = (await client.listStoppedFlows({})).items;
  expect(stopped).toMatchObject({ system: "db", object: "public/people", what: "deletes", decision: null });
  await client.decideFlow({ flow: "db/public/people/deletes", kind: "hold" });
  expect((await client.listStoppedFlows({})).items).toMatchObject([{ decision: { kind: "hold", by: "a operator" } }]);
});

test("the journal comes from its end, in pages, and filtered", async () => {
  const first = await client.listJournal({ limit: 3 });
  expect(first.items.map(({ sequence }) => sequence)).toEqual(
    first.items.map(({ sequence }) => sequence).toSorted((a, b) => b - a),
  );
  const second = await client.listJournal({ limit: 3, after: first.next ?? "" });
  expect(second.items[0]?.sequence).toBe((first.items.at(-1)?.sequence ?? 0) - 1);
  const held = await client.listJournal({ kind: "held" });
  expect(new Set(held.items.map(({ kind }) => kind))).toEqual(new Set(["held"]));
  const all: number[] = [];
  for (let after: string | null | undefined; after !== null; ) {
    const page = await client.listJournal({ limit: 4, ...(after === undefined ? {} : { after }) });
    all.push(...page.items.map(({ sequence }) => sequence));
    after = page.next;
  }
  expect(all).toEqual(Array.from({ length: all[0] ?? 0 }, (_, i) => (all[0] ?? 0) - i));
});

test("the journal is exported as CSV in which nothing is a formula, or as JSON, a line each", async () => {
  const csv = await client.exportJournal({ kind: "set" });
  expect(csv.split("\r\n")[0]).toMatch(/^sequence,time,record,/u);
  expect(csv).toContain(",'=1+1,");
  const lines = (await client.exportJournalLines({ kind: "set" })).trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line) as { to: unknown }).map(({ to }) => to)).toContain("=1+1");
  expect(csvLine(["+1", "@x", 'a "b"', "-2", "plain"])).toBe(`'+1,'@x,"a ""b""",'-2,plain\r\n`);
});

test("a sweep that is asked for goes on by itself and is listed with what it found", async () => {
  const own = await openTestServer();
  const { client: viewer } = await own.signedIn("viewer");
  expect((await viewer.listSweeps({})).items).toEqual([]);
  await own.close();
  await expect(client.startSweep({ system: "nowhere" })).rejects.toMatchObject({ status: 404 });
});

test("rules and mapping are readable", async () => {
  const { file, entities } = await client.getConfig({});
  expect(file).toBe("truce.yaml");
  expect(entities[0]?.fields.find(({ name }) => name === "phone")).toMatchObject({
    rule: "a person decides",
    cells: [
      { system: "crm", cell: "phone", direction: "both" },
      { system: "db", cell: "phone", direction: "both" },
      { system: "desk", cell: "phone", direction: "both" },
    ],
  });
});

test("a plan is made on request", async () => {
  await client.startPlan({});
  await expect.poll(async () => (await client.getPlan({})).state).toBe("done");
  expect((await client.getPlan({})).goldens).toEqual({ contact: 2 });
});

test("the overview counts, and the events tell what has changed", async () => {
  const leave = new AbortController();
  const { token } = await client.createToken({ name: "events", scopes: ["read"] });
  const headers = { authorization: `Bearer ${token}` };
  const answer = await fetch(`${server.url}/api/v1/events`, { headers, signal: leave.signal });
  expect(answer.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  const reader = (answer.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const until = async (wanted: string) => {
    while (!text.includes(wanted)) text += (await reader.read()).value ?? "";
  };
  await until("event: overview");
  const id = await contested(server, "told");
  await until(JSON.stringify(id).slice(1, -1));
  expect(text).toContain("event: changed");
  leave.abort();
  const overview = await client.getOverview({});
  expect(overview.records["contact"]).toBeGreaterThan(3);
  expect(overview.buckets.reduce((sum, { held }) => sum + held, 0)).toBeGreaterThan(0);
});
