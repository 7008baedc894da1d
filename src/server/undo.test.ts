import { afterAll, beforeAll, expect, test } from "vitest";
import type { Client } from "./client.ts";
import { openTestServer, type TestServer } from "./testing.ts";

let server: TestServer;
let client: Client;

beforeAll(async () => {
  server = await openTestServer();
  ({ client } = await server.signedIn("operator", "olga"));
  for (const id of ["1", "2", "3"]) await server.says("crm", id, { email: `${id}@example.org`, note: "right" });
  for (const id of ["1", "2", "3"]) await server.says("crm", id, { email: `${id}@example.org`, note: `wrong ${id}` });
  await server.says("crm", "3", { email: "3@example.org", note: "corrected" });
});
afterAll(() => server.close());

const noteOf = async (id: string) =>
  (await client.searchRecords({ query: `${id}@example.org` })).items.map(({ fields }) => fields["note"]);

async function wrongOnes() {
  const { items } = await client.listJournal({ field: "note", kind: "set", limit: 200 });
  return items.filter(({ to }) => String(to).startsWith("wrong")).map(({ sequence }) => sequence);
}

test("changes are taken back after it was shown what that does, and what was corrected since stays", async () => {
  const sequences = await wrongOnes();
  const plan = await client.planUndo({ sequences });
  expect(plan).toMatchObject({ cause: null, changes: 3, restored: { note: 2 }, staying: 1 });
  expect(plan.samples.map(({ label, from, to }) => [label, from, to])).toContainEqual([
    "1@example.org",
    "wrong 1",
    "right",
  ]);
  expect(await noteOf("1")).toEqual(["wrong 1"]);
  const done = await client.undoChanges({ sequences });
  expect([await noteOf("1"), await noteOf("3")]).toEqual([["right"], ["corrected"]]);
  await client.undoChanges({ cause: done.cause ?? "" });
  expect(await noteOf("1")).toEqual(["wrong 1"]);
});

test("everything at once is not taken back by leaving out what is meant", async () => {
  await expect(client.undoChanges({})).rejects.toMatchObject({ status: 422 });
});

test("the journal can be asked whether it is whole, and matching to learn", async () => {
  expect(await client.verifyJournal({})).toMatchObject({ isSound: true, unexplained: [] });
  expect(await client.trainMatching({})).toEqual({ items: [] });
});
