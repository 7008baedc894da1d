import { afterEach, beforeEach, expect, test } from "vitest";
import type { MappedObject } from "../../ports/connector.ts";
import { cell, connectTo, people, type Setting, setUp } from "./testing.ts";

let setting: Setting;

beforeEach(async () => {
  setting = await setUp();
});

afterEach(() => setting.sandbox.close());

async function problems(mapped: MappedObject, prepare = false): Promise<readonly string[]> {
  const found = await setting.connector.check([mapped], { prepare });
  return found.map(({ severity, cell: at, message }) => `${severity} ${at}: ${message}`);
}

test("a mapping that fits has no problems", async () => {
  const names = [
    "Name",
    "Email",
    "Phone",
    "Customer",
    "Score",
    "Budget",
    "Born",
    "Next call",
    "Stage",
    "Tags",
    "Company",
  ];
  expect(await problems(people(...names))).toEqual([]);
});

test("what is missing, computed or of another type is an error with its remedy", async () => {
  const table = { ...people("Name"), object: "Persons" };
  expect(await problems(table)).toEqual(["error null: the base has no table Persons; it has Companies, People"]);
  expect(await problems(people("Surname"))).toEqual([
    expect.stringContaining("error Surname: table People has no field Surname"),
  ]);
  expect(await problems(people("Greeting"))).toEqual([expect.stringContaining('map it with direction "read"')]);
  expect(await problems({ ...people(), cells: [cell("Greeting", { direction: "read" })] })).toEqual([]);
  const wrong = [
    cell("Score", { type: { kind: "text" } }),
    cell("Name", { type: { kind: "number" } }),
    cell("Born", { type: { kind: "datetime" } }),
    cell("Budget", { type: { kind: "money" } }),
  ];
  expect(await problems({ ...people(), cells: wrong })).toEqual([
    expect.stringMatching(/^error Score: .* values of type text need singleLineText or/),
    expect.stringMatching(/^error Name: .* values of type number need number or/),
    expect.stringMatching(/^error Born: .* values of type datetime need dateTime/),
    expect.stringMatching(/^error Budget: .* values of type money need singleLineText or/),
  ]);
});

test("options that Airtable lacks are named, and never made", async () => {
  const stage = cell("Stage", { type: { kind: "choice", options: ["Lead", "Won", "Lost"] } });
  const tags = cell("Tags", { type: { kind: "set" } });
  expect(await problems({ ...people(), cells: [stage, tags] }, true)).toEqual([
    "error Stage: Stage lacks the options Lost; add them in Airtable",
    expect.stringMatching(/^warning Tags: .*\(a, b, c\)/),
  ]);
  expect(await problems(people("Bio"))).toEqual([expect.stringMatching(/^warning Bio: .*rich text/)]);
});

test("the key's field is asked for where records are created, and made when preparing", async () => {
  const { sandbox } = setting;
  sandbox.admin.destroyField("People", "Truce ID");
  expect(await problems({ ...people("Name"), create: false })).toEqual([]);
  expect(await problems(people("Name"))).toEqual([expect.stringContaining("has no text field Truce ID")]);
  expect(await problems(people("Name"), true)).toEqual([]);
  expect(await problems(people("Name"))).toEqual([]);
  const made = JSON.stringify(sandbox.admin.schema());
  expect(made).toContain('"name":"Truce ID","description":"Made by Truce');

  const scopes = ["data.records:read", "data.records:write", "schema.bases:read", "webhook:manage"] as const;
  sandbox.admin.destroyField("People", "Truce ID");
  const limited = connectTo(sandbox, { token: sandbox.admin.addToken("Rita", scopes) });
  expect(await limited.check([people("Name")], { prepare: true })).toMatchObject([
    { severity: "error", message: expect.stringContaining("schema.bases:write") },
  ]);

  const other = connectTo(sandbox, { keyField: "Score" });
  expect(await other.check([people("Name")], { prepare: true })).toMatchObject([
    { severity: "error", message: expect.stringContaining("must be a single line text") },
  ]);
});

test("scopes that the token lacks are named", async () => {
  const { sandbox } = setting;
  const reader = connectTo(sandbox, {
    token: sandbox.admin.addToken("Rita", ["data.records:read", "schema.bases:read"]),
  });
  expect(await reader.check([people("Name")], { prepare: false })).toMatchObject([
    { severity: "error", message: expect.stringContaining("data.records:write") },
    { severity: "warning", message: expect.stringContaining("webhook:manage") },
  ]);
  const blind = connectTo(sandbox, { token: sandbox.admin.addToken("Bo", ["data.records:read"]) });
  expect(await blind.check([people("Name")], { prepare: false })).toContainEqual(
    expect.objectContaining({ message: expect.stringContaining("schema.bases:read") }),
  );
});

test("tables are described with the field types that fit", async () => {
  const [table] = await setting.connector.describe(["People", "Nowhere"]);
  expect(table).toMatchObject({ object: "People", label: "People" });
  const cells = new Map(table?.cells.map((one) => [one.cell, one]));
  expect(cells.get("Email")).toEqual({
    cell: "Email",
    label: "Email",
    nativeType: "email",
    type: { kind: "email" },
    readOnly: false,
    unique: false,
  });
  expect(cells.get("Stage")?.type).toEqual({ kind: "choice", options: ["Lead", "Won"] });
  expect(cells.get("Greeting")).toMatchObject({ nativeType: "formula", readOnly: true });
  expect(await setting.connector.describe()).toHaveLength(2);
});

test("a record's page is known by its table's id, once the base has been asked", async () => {
  const { connector, sandbox } = setting;
  expect(connector.recordUrl?.("People", "rec1")).toBeNull();
  await expect
    .poll(() => connector.recordUrl?.("People", "rec1"))
    .toMatch(new RegExp(`^https://airtable\\.com/${sandbox.baseId}/tbl\\w+/rec1$`, "u"));
});
