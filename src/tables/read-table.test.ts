import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readTable } from "./read-table.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "truce-table-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function read(content: string | Buffer) {
  const file = join(folder, "table.csv");
  await writeFile(file, content);
  const { columns, dialect, rows } = await readTable(file);
  const all: (readonly string[])[] = [];
  for await (const row of rows) all.push(row);
  return { columns, dialect, rows: all };
}

const swapped = (text: string) => Buffer.from(text, "utf16le").swap16();

test.each([
  ["UTF-8", Buffer.from("name,city\nJürgen,Köln\n"), "utf-8"],
  ["UTF-8 with a byte-order mark", Buffer.from("\ufeffname,city\nJürgen,Köln\n"), "utf-8"],
  ["windows-1252", Buffer.from("name,city\nJürgen,Köln\n", "latin1"), "windows-1252"],
  ["UTF-16 little-endian", Buffer.from("\ufeffname,city\nJürgen,Köln\n", "utf16le"), "utf-16le"],
  ["UTF-16 big-endian", swapped("\ufeffname,city\nJürgen,Köln\n"), "utf-16be"],
  ["UTF-16 without a mark", Buffer.from("name,city\nJürgen,Köln\n", "utf16le"), "utf-16le"],
] as const)("reads %s", async (_, bytes, encoding) => {
  const table = await read(bytes);
  expect(table.columns).toEqual(["name", "city"]);
  expect(table.rows).toEqual([["Jürgen", "Köln"]]);
  expect(table.dialect.encoding).toBe(encoding);
});

test.each([
  ["semicolons", 'name;note\n"A; B";"said ""hi"""\n', ";"],
  ["tabs", 'name\tnote\nA; B\tsaid "hi"\n', "\t"],
  ["bars", 'name|note\nA; B|said "hi"\n', "|"],
  ["single quotes", "'name','note'\n'A; B','said \"hi\"'\n'C','D'\n", ","],
  ["carriage returns", 'name;note\r\nA, B;"x"\r\n', ";"],
] as const)("tells a table written with %s", async (_, content, delimiter) => {
  const { columns, dialect, rows } = await read(content);
  expect(columns).toEqual(["name", "note"]);
  expect(dialect.delimiter).toBe(delimiter);
  expect(rows[0]?.length).toBe(2);
});

test("a quoted line end and a delimiter inside quotes stay in their value", async () => {
  const { rows } = await read('name,address\n"Lee, Ann","1 Elm St\nLeeds"\n');
  expect(rows).toEqual([["Lee, Ann", "1 Elm St\nLeeds"]]);
});

test("a short row is filled, a long one cut, an empty line skipped", async () => {
  const { rows } = await read("a,b,c\n1\n\n1,2,3,4\n");
  expect(rows).toEqual([
    ["1", "", ""],
    ["1", "2", "3"],
  ]);
});

test("an empty file is refused with what is needed", async () => {
  await expect(read("")).rejects.toThrow(/header row/);
});

test("read strictly, a row of another length and a quote that never ends are refused with their place", async () => {
  const strictly = async (content: string) => {
    const file = join(folder, "strict.csv");
    await writeFile(file, content);
    const { rows } = await readTable(file, { strict: true });
    const all: (readonly string[])[] = [];
    for await (const row of rows) all.push(row);
    return all;
  };
  expect(await strictly("a,b\n1,2\n")).toEqual([["1", "2"]]);
  await expect(strictly("a,b\n1,2\n3\n")).rejects.toThrow("row 3 has 1 values for 2 columns");
  await expect(strictly('a,b\n1,"2\n3,4\n')).rejects.toThrow(/quote/iu);
});
