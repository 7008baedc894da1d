import { afterEach, expect, test } from "vitest";
import type { RawUpsert } from "../../model/observation.ts";
import { contacts, mapped, type Setting, setUp } from "./testing.ts";

let setting: Setting;
afterEach(() => setting.sandbox.close());

async function scanAll(object = contacts, from: string | null = null): Promise<RawUpsert[]> {
  const seen: RawUpsert[] = [];
  let cursor = from;
  do {
    const page = await setting.connector.scan(object, cursor);
    seen.push(...page.observations);
    cursor = page.cursor;
  } while (cursor !== null);
  return seen;
}

const values = {
  Note__c: 'line one\nline two, "quoted"',
  Active__c: true,
  Score__c: 42.25,
  Budget__c: 1200.5,
  Born__c: "1815-12-10",
  Next_Call__c: "2026-01-31T10:00:00Z",
  Tags__c: "b;a",
};

test("a large object is read by a job, with the same values as by queries", async () => {
  setting = await setUp({ bulkFrom: 2 });
  const { sandbox, connector } = setting;
  sandbox.admin.seed("Person__c", [values, { Note__c: "other" }]);
  const people = mapped("Person__c", ...Object.keys(values), "Phone__c");
  const byJob = await scanAll(people);
  expect(sandbox.admin.calls()).toHaveProperty("POST /jobs/query", 1);
  const read = await connector.read(
    people,
    byJob.map(({ ref }) => ref.id),
  );
  const byQuery = read.map((one) => (one.kind === "found" ? one.observation : null));
  const plain = (one: RawUpsert | null) => ({ cells: one?.cells, revision: one?.revision, complete: one?.complete });
  expect(byJob.map(plain)).toEqual(byQuery.map(plain));
});

test("a job's rows come in pages, and a scan goes on from any of its places", async () => {
  setting = await setUp({ bulkFrom: 2 });
  const { sandbox, connector } = setting;
  const ids = sandbox.admin.seed(
    "Contact",
    Array.from({ length: 12_000 }, (_, n) => ({ LastName: `P ${n}` })),
  );
  const begun = await connector.scan(contacts, null);
  expect(begun).toMatchObject({ observations: [], total: 12_000 });
  const first = await connector.scan(contacts, begun.cursor);
  expect(first.observations).toHaveLength(5000);
  const rest = await scanAll(contacts, first.cursor);
  expect([...first.observations, ...rest].map(({ ref }) => ref.id)).toEqual(ids);
});

test("what a job tells is as old as the job", async () => {
  setting = await setUp({ bulkFrom: 1 });
  const { sandbox, connector, clock } = setting;
  const [id] = sandbox.admin.seed("Contact", [{ LastName: "A" }]);
  const { cursor } = await connector.scan(contacts, null);
  const begunAt = clock.now();
  clock.skip(60_000);
  sandbox.admin.edit(sandbox.people[0], "Contact", id!, { LastName: "B" });
  const [row] = await scanAll(contacts, cursor);
  expect(row?.cells["LastName"]).toBe("A");
  expect(row?.observedAt).toBeLessThanOrEqual(begunAt);
});

test("a job that is gone is no loss: the reading begins again by queries", async () => {
  setting = await setUp({ bulkFrom: 1 });
  const { sandbox, connector } = setting;
  const [id] = sandbox.admin.seed("Contact", [{ LastName: "A" }]);
  await connector.scan(contacts, null);
  const seen = await scanAll(contacts, `bulk/750bm0000000zzzAAA/${Date.now()}/1/`);
  expect(seen.map(({ ref }) => ref.id)).toEqual([id]);
});

test("rows that are cut off are not taken for all", async () => {
  setting = await setUp({ bulkFrom: 1 });
  const { sandbox, connector } = setting;
  sandbox.admin.seed(
    "Contact",
    Array.from({ length: 50 }, (_, n) => ({ LastName: `P ${n}` })),
  );
  const { cursor } = await connector.scan(contacts, null);
  sandbox.admin.setFaults([{ kind: "truncated", match: { path: "/results" } }]);
  await expect(scanAll(contacts, cursor)).rejects.toMatchObject({ error: { code: "UNREACHABLE" } });
});
