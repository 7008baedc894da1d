import { afterEach, beforeEach, expect, test } from "vitest";
import type { WriteResult } from "../../ports/connector.ts";
import { create, remove, update } from "../../ports/testing/requests.ts";
import { connectTo, people, type Setting, setUp } from "./testing.ts";

let setting: Setting;
const mapped = people("Name", "Email", "Phone", "Stage", "Tags", "Customer");

beforeEach(async () => {
  setting = await setUp();
});

afterEach(() => setting.sandbox.close());

function seed(count: number): readonly string[] {
  return setting.sandbox.admin.seed(
    "People",
    Array.from({ length: count }, (_, n) => ({ Name: `P${n}`, Phone: "1" })),
  );
}

/** Phones in the order of seeding. */
function phones(ids: readonly string[]): readonly unknown[] {
  const records = new Map(setting.sandbox.admin.records("People").map(({ id, fields }) => [id, fields]));
  return ids.map((id) => records.get(id)?.["Phone"]);
}

function kinds(results: readonly WriteResult[]): readonly string[] {
  return results.map((result) => (result.kind === "failed" ? result.error.code : result.kind));
}

test("an update writes just its cells, and tells what the record then holds", async () => {
  const [id = ""] = setting.sandbox.admin.seed("People", [{ Name: "Ada", Phone: "1", Email: "a@x.example" }]);
  const [result] = await setting.connector.write(mapped, [update(id, { Phone: "1" }, { Phone: "2" })]);
  expect(result).toEqual({
    kind: "written",
    id,
    cells: { Name: "Ada", Email: "a@x.example", Phone: "2", Stage: null, Tags: null, Customer: false },
    complete: true,
    revision: null,
    observedAt: expect.any(Number),
    covered: {},
    created: false,
  });
  expect(setting.sandbox.admin.audit()).toMatchObject([{ before: { Phone: "1" }, after: { Phone: "2" } }]);
});

test("a cell is emptied by null, and blank boxes by false", async () => {
  const [id = ""] = setting.sandbox.admin.seed("People", [{ Phone: "1", Tags: ["a"], Customer: true }]);
  const patch = { Phone: null, Tags: null, Customer: false };
  const [result] = await setting.connector.write(mapped, [update(id, { Phone: "1" }, patch)]);
  expect(result).toMatchObject({ kind: "written", cells: patch });
  expect(setting.sandbox.admin.records("People")[0]?.fields).not.toHaveProperty("Phone");
});

test("what changed since is not written over; the change is told instead", async () => {
  const { sandbox, connector } = setting;
  const ids = seed(3);
  sandbox.admin.edit("Zoe", "People", ids[1]!, { Phone: "zoe" });
  sandbox.admin.remove("Zoe", "People", ids[2]!);
  const results = await connector.write(
    mapped,
    ids.map((id) => update(id, { Phone: "1" }, { Phone: "2" })),
  );
  expect(kinds(results)).toEqual(["written", "changed", "missing"]);
  expect(results[1]).toMatchObject({ observation: { ref: { id: ids[1] }, complete: true, cells: { Phone: "zoe" } } });
  expect(phones(ids)).toEqual(["2", "zoe", undefined]);
});

test("a change of another cell does not stand in the way", async () => {
  const { sandbox, connector } = setting;
  const [id = ""] = seed(1);
  sandbox.admin.edit("Zoe", "People", id, { Email: "zoe@x.example" });
  const [result] = await connector.write(mapped, [update(id, { Phone: "1" }, { Phone: "2" })]);
  expect(result).toMatchObject({ kind: "written", cells: { Phone: "2", Email: "zoe@x.example" } });
});

test("a record that already holds it all costs no write", async () => {
  const [id = ""] = seed(1);
  const [result] = await setting.connector.write(mapped, [update(id, { Phone: "0" }, { Phone: "1" })]);
  expect(result).toMatchObject({ kind: "written", cells: { Phone: "1" } });
  expect(setting.sandbox.admin.audit()).toEqual([]);
});

test("of a patch that is there in part, only the rest is written", async () => {
  const [id = ""] = seed(1);
  const patch = { Phone: "1", Email: "ada@x.example" };
  const [result] = await setting.connector.write(mapped, [update(id, { Phone: "0", Email: null }, patch)]);
  expect(result).toMatchObject({ kind: "written", cells: patch });
  expect(setting.sandbox.admin.audit()).toMatchObject([{ after: { Email: "ada@x.example" } }]);
  expect(setting.sandbox.admin.audit()[0]?.after).not.toHaveProperty("Phone");
});

test("25 updates are three looks and three writes", async () => {
  const { sandbox, connector } = setting;
  const ids = seed(25);
  await connector.describe();
  const calls = sandbox.admin.counts().requests;
  const requests = ids.map((id) => update(id, { Phone: "1" }, { Phone: "2" }));
  const results = await connector.write(mapped, requests);
  expect(new Set(kinds(results))).toEqual(new Set(["written"]));
  expect(sandbox.admin.counts().requests - calls).toBe(6);
});

test("one refused record fails alone, with the cell and Airtable's words", async () => {
  const { sandbox, connector } = setting;
  const ids = seed(10);
  const requests = ids.map((id, n) =>
    update(id, { Phone: "1" }, n === 6 ? { Phone: "2", Stage: "Nope" } : { Phone: "2" }),
  );
  const results = await connector.write(mapped, requests);
  expect(results[6]).toEqual({
    kind: "failed",
    error: {
      code: "REJECTED",
      message: expect.stringContaining("INVALID_MULTIPLE_CHOICE_OPTIONS"),
      cells: { Stage: expect.stringContaining("Nope") },
    },
  });
  expect(phones(ids)).toEqual(["2", "2", "2", "2", "2", "2", "1", "2", "2", "2"]);
  const writes = sandbox.admin.audit().map(({ id }) => id);
  expect(new Set(writes).size).toBe(writes.length);
});

test("refusals of a value and of a computed field name their cells", async () => {
  const [id = ""] = seed(1);
  const everything = people("Phone", "Score", "Greeting", "Company", "Name");
  const cellsOf = async (patch: Record<string, string | number>) => {
    const [result] = await setting.connector.write(everything, [update(id, {}, patch)]);
    return result?.kind === "failed" && result.error.code === "REJECTED" ? Object.keys(result.error.cells) : result;
  };
  expect(await cellsOf({ Phone: "2", Score: "many" })).toEqual(["Score"]);
  expect(await cellsOf({ Phone: "2", Greeting: "Hi" })).toEqual(["Greeting"]);
  expect(await cellsOf({ Phone: "2", Company: "rec00000000000000" })).toEqual(["Company"]);
  expect(phones([id])).toEqual(["1"]);
});

test("a create carries its key, and the same key never creates twice", async () => {
  const { sandbox, connector } = setting;
  const request = create("g1", { Name: "Ada" });
  const [first] = await connector.write(mapped, [request]);
  const [again] = await connector.write(mapped, [request]);
  const id = first?.kind === "written" ? first.id : "";
  expect(first).toMatchObject({ kind: "written", created: true, cells: { Name: "Ada" } });
  expect(again).toMatchObject({ kind: "written", created: false, id });
  expect(sandbox.admin.records("People")).toMatchObject([{ id, fields: { Name: "Ada", "Truce ID": "g1" } }]);
});

test("a create that met its own record leaves people's later edits alone", async () => {
  const { sandbox, connector } = setting;
  const request = create("g1", { Name: "Ada" }, { lookFirst: true });
  const [first] = await connector.write(mapped, [request]);
  sandbox.admin.edit("Zoe", "People", first?.kind === "written" ? first.id : "", { Name: "Ada Lovelace" });
  const [again] = await connector.write(mapped, [request]);
  expect(again).toMatchObject({ kind: "written", created: false, cells: { Name: "Ada Lovelace" } });
  expect(sandbox.admin.records("People")[0]?.fields["Name"]).toBe("Ada Lovelace");
});

test("a record with the same identity is named instead of doubled", async () => {
  const { sandbox, connector } = setting;
  const [id = ""] = sandbox.admin.seed("People", [{ Name: "O'Hara", Email: "Ada@X.example" }]);
  const requests = [
    create("g1", { Email: "ada@x.example" }, { identity: ["Email"] }),
    create("g2", { Email: "new@x.example", Name: "O'Hara" }, { identity: ["Email", "Name"] }),
    create("g3", { Email: "it's \\ new'),TRUE(" }, { identity: ["Email"] }),
  ];
  const results = await connector.write(mapped, requests);
  expect(results).toMatchObject([
    { kind: "exists", id },
    { kind: "exists", id },
    { kind: "written", created: true },
  ]);
});

test("an answer lost after the create: the next try finds the record", async () => {
  for (const kind of ["hang-after", "reset-after", "truncated", "html"] as const) {
    const { sandbox } = setting;
    const connector = connectTo(sandbox, { timeoutMs: 300 });
    await connector.describe();
    sandbox.admin.setFaults([{ kind, match: { method: "PATCH" }, times: 1 }]);
    const [lost] = await connector.write(mapped, [create(kind, { Name: kind })]);
    expect(lost, kind).toMatchObject({ kind: "failed", error: { code: "UNKNOWN_OUTCOME" } });
    const [found] = await connector.write(mapped, [create(kind, { Name: kind }, { lookFirst: true })]);
    expect(found, kind).toMatchObject({ kind: "written", created: false });
    expect(sandbox.admin.records("People").filter(({ fields }) => fields["Truce ID"] === kind)).toHaveLength(1);
  }
});

test("two creates of one key at once make one record", async () => {
  const { sandbox, connector } = setting;
  const results = await Promise.all([
    connector.write(mapped, [create("g1", { Name: "Ada" })]),
    connector.write(mapped, [create("g1", { Name: "Ada" })]),
  ]);
  expect(results.flat()).toMatchObject([{ created: true }, { created: false }]);
  expect(sandbox.admin.records("People")).toHaveLength(1);
});

test("an update whose answer was lost is seen as done on the next try", async () => {
  const { sandbox, connector } = setting;
  const [id = ""] = seed(1);
  await connector.describe();
  sandbox.admin.setFaults([{ kind: "error-after", status: 500, match: { method: "PATCH" }, times: 1 }]);
  const request = update(id, { Phone: "1" }, { Phone: "2" });
  expect(kinds(await connector.write(mapped, [request]))).toEqual(["UNKNOWN_OUTCOME"]);
  expect(kinds(await connector.write(mapped, [request]))).toEqual(["written"]);
  expect(sandbox.admin.audit()).toHaveLength(1);
});

test("deletes are guarded, and a record that is gone already counts as deleted", async () => {
  const { sandbox, connector } = setting;
  const ids = seed(3);
  sandbox.admin.edit("Zoe", "People", ids[1]!, { Phone: "zoe" });
  sandbox.admin.remove("Zoe", "People", ids[2]!);
  const results = await connector.write(
    mapped,
    ids.map((id) => remove(id, { Phone: "1", Name: `P${ids.indexOf(id)}` })),
  );
  expect(kinds(results)).toEqual(["written", "changed", "written"]);
  expect(sandbox.admin.records("People").map(({ id }) => id)).toEqual([ids[1]]);
});

test("a table without the key's field takes no creates", async () => {
  const { sandbox, connector } = setting;
  sandbox.admin.destroyField("People", "Truce ID");
  const [result] = await connector.write(mapped, [create("g1", { Name: "Ada" })]);
  expect(result).toMatchObject({ kind: "failed", error: { code: "SCHEMA", message: expect.stringContaining("key") } });
  expect(sandbox.admin.records("People")).toEqual([]);
});

test("a limit met in the middle leaves the rest unsent", async () => {
  const { sandbox, connector } = setting;
  const ids = seed(30);
  await connector.describe();
  sandbox.admin.setFaults([{ kind: "rate-limit", retryAfter: "missing", match: { method: "PATCH" }, times: 1 }]);
  const calls = sandbox.admin.counts().requests;
  const requests = ids.map((id) => update(id, { Phone: "1" }, { Phone: "2" }));
  const results = await connector.write(mapped, requests);
  expect(new Set(kinds(results))).toEqual(new Set(["RATE_LIMITED"]));
  expect(sandbox.admin.counts().requests - calls).toBe(1);
  expect(sandbox.admin.audit()).toEqual([]);
});
