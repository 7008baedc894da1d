import { appendFileSync, renameSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { RawObservation } from "../../model/observation.ts";
import type { Connector } from "../../ports/connector.ts";
import type { FilesObject, FilesOptions } from "./options.ts";
import { object, openFolder } from "./testing.ts";

async function place(settings: Partial<FilesObject> = {}, options: Partial<FilesOptions> = {}) {
  const opened = await openFolder(settings, options);
  onTestFinished(async () => {
    await opened.connector.close();
    opened.close();
  });
  return opened;
}

async function pull(connector: Connector, cursor = "0") {
  const { signal } = new AbortController();
  return connector.feed!.pull({ objects: [object], cursor, waitMs: 0, signal });
}

const told = (observations: readonly RawObservation[]) =>
  observations.map((one) => (one.kind === "upsert" ? [one.ref.id, one.cells["name"]] : [one.kind, one.ref.id]));

test.each([
  ["semicolons and windows-1252", "a.csv", Buffer.from("number;name\r\n1;J\u00fcrgen\r\n", "latin1")],
  ["a byte-order mark", "a.csv", Buffer.from('\ufeffnumber,name\n1,"J\u00fcrgen"\n')],
  [
    "UTF-16 and tabs, as Excel's Unicode text",
    "a.txt",
    Buffer.from("\ufeffnumber\tname\r\n1\tJ\u00fcrgen\r\n", "utf16le"),
  ],
  ["JSONL with a number for a key", "a.jsonl", Buffer.from('{"number":1,"name":"J\u00fcrgen"}\n')],
  ["JSONL without a last line end", "a.ndjson", Buffer.from('{"number":"1","name":"J\u00fcrgen"}')],
] as const)("%s are read", async (_what, name, content) => {
  const { connector, drop } = await place();
  drop(`people-${name}`, content);
  expect(told((await pull(connector)).observations)).toEqual([["1", "J\u00fcrgen"]]);
});

test("a file is read once and put away, also when Truce is started again; left again later, it says the same anew", async () => {
  const { connector, drop, names, open } = await place();
  drop("people.csv", "number,name\n1,Ada\n");
  const first = await pull(connector);
  expect(names("in")).toEqual([]);
  expect(names("done")).toEqual(["people.csv"]);
  const again = await open();
  expect((await pull(again, first.cursor)).observations).toEqual([]);
  drop("people.csv", "number,name\n1,Edited\n");
  const second = await pull(again, first.cursor);
  drop("people.csv", "number,name\n1,Ada\n");
  expect(told((await pull(again, second.cursor)).observations)).toEqual([["1", "Ada"]]);
  expect(names("done")).toEqual(["people.2.csv", "people.3.csv", "people.csv"]);
  await again.close();
});

test("columns that a file leaves out are not mentioned; an empty value is a blank", async () => {
  const { connector, drop } = await place();
  drop("people-1.csv", "number,name,email\n1,Ada,ada@example.org\n");
  const { cursor } = await pull(connector);
  drop("people-2.csv", "number,email\n1,\n");
  expect((await pull(connector, cursor)).observations).toMatchObject([
    { complete: false, cells: { name: "Ada", email: null } },
  ]);
});

test("a file that is still being written waits: by its name, its age, and whether it changes while it is read", async () => {
  const { connector, folder, names } = await place({}, { settleMs: 60_000 });
  const file = (name: string) => join(folder, "in", name);
  const old = new Date(Date.now() - 120_000);
  for (const name of [".people.csv", "people.csv.part", "people.tmp", "~people.csv"]) {
    writeFileSync(file(name), "number,name\n1,Ada\n");
    utimesSync(file(name), old, old);
  }
  writeFileSync(file("people.csv"), "number,na");
  expect((await pull(connector)).observations).toEqual([]);
  appendFileSync(file("people.csv"), "me\n1,Ada\n");
  utimesSync(file("people.csv"), old, old);
  expect(told((await pull(connector)).observations)).toEqual([["1", "Ada"]]);
  expect(names("in")).toHaveLength(4);
});

test.each([
  ["a row that was cut off", "people.csv", "number,name\n1,Ada\n2\n", "row 3 has 1 values for 2 columns"],
  ["a quote that never ends", "people.csv", 'number,name\n1,"Ada\n', "Quote Not Closed"],
  ["no key", "people.csv", "number,name\n1,Ada\n,Grace\n", "record 2 has nothing under number"],
  ["another key column", "people.csv", "id,name\n1,Ada\n", "record 1 has nothing under number"],
  ["a column twice", "people.csv", "number,name,name\n1,Ada,Eve\n", 'there are two columns "name"'],
  ["a cut-off line", "people.jsonl", '{"number":1,"name":"Ada"}\n{"number":2,"na', "line 2 is no JSON"],
  ["nothing", "people.csv", "", "is empty: a header row"],
] as const)(
  "a file with %s is put aside whole, with the reason, and the others are taken",
  async (_what, name, content, reason) => {
    const { connector, drop, names, text } = await place();
    drop(name, content);
    drop("people-sound.csv", "number,name\n9,Sound\n");
    await expect(pull(connector)).rejects.toThrow(reason);
    expect(names("failed")).toEqual([name, `${name}.reason.txt`]);
    expect(text("failed", `${name}.reason.txt`)).toContain(reason);
    expect(told((await pull(connector)).observations)).toEqual([["9", "Sound"]]);
  },
);

test("only a file that states all records deletes, and not when it was evidently cut short", async () => {
  const { connector, drop } = await place();
  const rows = (from: number, until: number) =>
    `number,name\n${Array.from({ length: until - from }, (_, i) => `${from + i},person ${from + i}\n`).join("")}`;
  drop("people-all-1.csv", rows(1, 61));
  const first = await pull(connector);
  drop("people-2.csv", rows(1, 2));
  expect((await pull(connector, first.cursor)).observations).toEqual([]);
  drop("people-all-3.csv", rows(1, 59));
  const third = await pull(connector, first.cursor);
  expect(told(third.observations)).toEqual([
    ["delete", "59"],
    ["delete", "60"],
  ]);
  drop("people-all-4.csv", rows(1, 5));
  await expect(pull(connector, third.cursor)).rejects.toThrow("of 58 records only 4 are left");
  expect((await pull(connector, third.cursor)).observations).toEqual([]);
  expect(await connector.read(object, ["59", "30"])).toMatchObject([{ kind: "missing" }, { kind: "found" }]);
});

test("what Truce writes is one file a call, whole under its name, in the format that the program takes", async () => {
  const { connector, drop, names, text } = await place({ delimiter: ";", columns: ["number", "name", "note"] });
  drop("people.csv", 'number,name,note\n1,Ada,"a; ""quoted"" note"\n2,Grace,x\n');
  await pull(connector);
  const only = { ...object, cells: object.cells.filter(({ cell }) => cell === "name" || cell === "note") };
  const base = { attemptId: "a", revision: null };
  const results = await connector.write(only, [
    { kind: "update", id: "1", patch: { name: "Ada L." }, base: { name: "Ada" }, ...base },
    { kind: "delete", id: "2", base: { name: "Grace" }, ...base },
    { kind: "create", key: "g-1", patch: { name: "New" }, identity: [], lookFirst: false, attemptId: "c" },
  ]);
  expect(results.map(({ kind }) => kind)).toEqual(["written", "written", "written"]);
  const [name = "", ...others] = names("out");
  expect(others).toEqual([]);
  expect(text("out", name)).toBe(
    'number;name;note;_change\n1;Ada L.;"a; ""quoted"" note";update\n2;;;delete\ng-1;New;;create\n',
  );
});

test("without the state of what was read nothing counts as deleted: Truce refuses to begin", async () => {
  const { connector, drop, open, folder } = await place();
  drop("people.csv", "number,name\n1,Ada\n");
  await pull(connector);
  renameSync(join(folder, ".truce"), join(folder, "elsewhere"));
  await expect(open()).rejects.toThrow("move all files of done/ into in/");
  renameSync(join(folder, "elsewhere"), join(folder, ".truce"));
  await (await open()).close();
});

test("a folder that is gone is a failure of the outside world", async () => {
  const { connector, folder } = await place();
  writeFileSync(join(folder, "out"), "a file where a folder should be");
  const request = {
    kind: "create",
    attemptId: "a",
    key: "k",
    patch: { name: "x" },
    identity: [],
    lookFirst: false,
  } as const;
  await expect(connector.write(object, [request])).rejects.toMatchObject({ error: { code: "UNREACHABLE" } });
});
