import { afterEach, beforeEach, expect, test } from "vitest";
import type { SyncFailure } from "../../model/sync-error.ts";
import { sameRaw } from "../../model/value.ts";
import { cell, connectTo, people, type Setting, setUp } from "./testing.ts";

let setting: Setting;

beforeEach(async () => {
  setting = await setUp();
});

afterEach(() => setting.sandbox.close());

function seed(count: number): readonly string[] {
  return setting.sandbox.admin.seed(
    "People",
    Array.from({ length: count }, (_, n) => ({ Name: `P${n}`, Email: `p${n}@x.example` })),
  );
}

test("a read says everything that is mapped, blanks too, and nothing else", async () => {
  const { sandbox, connector } = setting;
  const [acme = ""] = sandbox.admin.seed("Companies", [{ Company: "Acme" }]);
  const [id = ""] = sandbox.admin.seed("People", [
    { Name: "Ada", Tags: ["b", "a"], Company: [acme], Score: 0, "Truce ID": "golden-1" },
  ]);
  const mapped = people("Name", "Email", "Customer", "Score", "Tags", "Company", "Stage", "Greeting");
  const before = Date.now();
  const [result] = await connector.read(mapped, [id]);
  expect(result).toMatchObject({ id, kind: "found" });
  expect(result?.kind === "found" && result.observation).toEqual({
    kind: "upsert",
    ref: { system: "base", object: "People", id },
    revision: null,
    observedAt: expect.any(Number),
    complete: true,
    changedAt: null,
    author: null,
    createKey: "golden-1",
    cells: {
      Name: "Ada",
      Email: null,
      Customer: false,
      Score: 0,
      Tags: ["a", "b"],
      Company: acme,
      Stage: null,
      Greeting: "Dear Ada",
    },
  });
  expect(result?.kind === "found" && result.observation.observedAt).toBeGreaterThanOrEqual(before);
});

test("250 records are three calls, missing ones are asked for once more", async () => {
  const { sandbox, connector } = setting;
  const ids = seed(250);
  await connector.read(people("Name"), ids.slice(0, 1));
  const calls = sandbox.admin.counts().requests;
  const found = await connector.read(people("Name"), ids);
  expect(found.map(({ id }) => id)).toEqual(ids);
  expect(found.every(({ kind }) => kind === "found")).toBe(true);
  expect(sandbox.admin.counts().requests - calls).toBe(3);

  const gone = "rec00000000000000";
  expect(await connector.read(people("Name"), [gone, ids[0]!])).toMatchObject([
    { id: gone, kind: "missing" },
    { id: ids[0], kind: "found" },
  ]);
  expect(sandbox.admin.counts().requests - calls).toBe(5);
});

test("an id that is no id is missing, and never becomes part of a formula", async () => {
  const ids = seed(2);
  const evil = "x') , TRUE(), ('";
  expect(await setting.connector.read(people("Name"), [evil])).toEqual([{ id: evil, kind: "missing" }]);
  expect(await setting.connector.read(people("Name"), [])).toEqual([]);
  expect(ids).toHaveLength(2);
});

test("a scan shows every record once and ends, and can be taken up by another process", async () => {
  const { sandbox } = setting;
  const ids = seed(250);
  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    // A new connector for each page: nothing but the cursor is carried over.
    const page: Awaited<ReturnType<typeof setting.connector.scan>> = await connectTo(sandbox).scan(
      people("Name"),
      cursor,
    );
    seen.push(...page.observations.map(({ ref }) => ref.id));
    cursor = page.cursor;
  } while (cursor !== null);
  expect(seen.toSorted()).toEqual(ids.toSorted());
});

test("a scan whose offset died begins again instead of ending", async () => {
  const { sandbox, connector } = setting;
  const ids = seed(150);
  const first = await connector.scan(people("Name"), null);
  sandbox.admin.forgetOffsets();
  const second = await connector.scan(people("Name"), first.cursor);
  const third = await connector.scan(people("Name"), second.cursor);
  expect(third.cursor).toBeNull();
  const again = [...second.observations, ...third.observations].map(({ ref }) => ref.id);
  expect(again.toSorted()).toEqual(ids.toSorted());
});

test("a broken page is a failure, never the end of a scan", async () => {
  const { sandbox, connector } = setting;
  seed(3);
  await connector.describe();
  for (const kind of ["html", "truncated"] as const) {
    sandbox.admin.setFaults([{ kind, match: { path: "listRecords" }, times: 1 }]);
    await expect(connector.scan(people("Name"), null)).rejects.toMatchObject({ error: { code: "UNREACHABLE" } });
  }
});

test("a renamed or deleted field stops the object; it is never read as blank", async () => {
  const { sandbox, connector } = setting;
  const [id = ""] = seed(1);
  await connector.read(people("Name", "Phone"), [id]);
  sandbox.admin.destroyField("People", "Phone");
  const failure = () =>
    connector.read(people("Name", "Phone"), [id]).catch((error: unknown) => (error as SyncFailure).error);
  expect(await failure()).toMatchObject({ code: "SCHEMA" });
  expect(await failure()).toMatchObject({ code: "SCHEMA", message: expect.stringContaining("Phone") });

  await expect(connector.scan({ ...people("Name"), object: "Nowhere" }, null)).rejects.toThrow(
    "it has Companies, People",
  );
});

test("tables and fields mapped by id survive renaming", async () => {
  const { sandbox } = setting;
  const [id = ""] = seed(1);
  const table = sandbox.admin.schema().find(({ name }) => name === "People")!;
  const nameId = String(table["primaryFieldId"]);
  const byId = { object: String(table["id"]), create: false, cells: [cell(nameId)] };
  sandbox.admin.renameField("People", nameId, "Full name");
  const [result] = await connectTo(sandbox).read(byId, [id]);
  expect(result?.kind === "found" && result.observation.cells).toEqual({ [nameId]: "P0" });
});

test("what is encoded and written reads back equal", async () => {
  const { sandbox, connector } = setting;
  const names = [
    "Name",
    "Email",
    "Customer",
    "Score",
    "Budget",
    "Born",
    "Next call",
    "Stage",
    "Tags",
    "Bio",
    "Company",
  ];
  const [acme = ""] = sandbox.admin.seed("Companies", [{ Company: "Acme" }]);
  const values = {
    Name: "Ada",
    Email: "ada@x.example",
    Customer: true,
    Score: "-1.25",
    Budget: { amount: "1200.5", currency: "EUR" },
    Born: "1815-12-10",
    "Next call": "2026-03-01T09:00:00.000Z",
    Stage: "Won",
    Tags: ["a", "c"],
    Bio: "**hi**",
    Company: acme,
  };
  const mapped = people(...names);
  const cells = Object.fromEntries(
    mapped.cells.map((one) => [one.cell, connector.encode("People", one, values[one.cell as keyof typeof values])]),
  );
  const [made] = await connector.write(mapped, [
    { kind: "create", attemptId: "1", key: "g1", patch: cells, identity: [], lookFirst: false },
  ]);
  expect(made).toMatchObject({ kind: "written", created: true, cells });
  const [read] = await connector.read(mapped, [made?.kind === "written" ? made.id : ""]);
  expect(read?.kind === "found" && sameRaw(read.observation.cells, cells)).toBe(true);
});
