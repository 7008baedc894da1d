import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type DedupeOptions, dedupeFile } from "./dedupe-file.ts";
import { matchPairsFile } from "./match-pairs-file.ts";
import { matchScoreFile } from "./match-score-file.ts";
import { csvValue } from "./write-table.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "truce-dedupe-"));
});
afterAll(() => rm(folder, { recursive: true }));

const contacts = `Nr;Vorname;Nachname;E-Mail;Telefon;Ort
1;Bill;Gatesby;bill.gatesby@litware.example;+1 303 555 0114;Denver
2;William;Gatesby;bill.gatesby@litware.example;(303) 555-0114;Denver
3;Petra;Müller;petra@mueller-bau.example;+49 30 23125118;Berlin
4;<b>Petra</b>;Mueller;petra@mueller-bau.example;;Berlin
5;=cmd;Novak;n@adatum.example;;Prag
6;Ravi;Menon;ravi@proseware.example;;Kochi
`;

async function file(name: string, content: string) {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

async function dedupe(content: string, more: Partial<DedupeOptions> = {}) {
  const options = {
    kind: null,
    idColumn: null,
    map: {},
    oneToOne: "auto" as const,
    out: null,
    pairs: null,
    html: null,
    ...more,
  };
  return dedupeFile({ file: await file("in.csv", content), ...options }, () => {});
}

const lines = async (path: string) => (await readFile(path, "utf8")).trim().split("\r\n");

test("an export becomes clusters, pairs with their evidence, and a report", async () => {
  const [out, pairs, html] = ["clusters.csv", "pairs.csv", "report.html"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const stages = new Set<string>();
  const input = await file("contacts.csv", contacts);
  const summary = await dedupeFile(
    { file: input, kind: "contact", idColumn: "Nr", map: {}, oneToOne: false, out, pairs, html },
    ({ stage }) => stages.add(stage),
  );
  expect(summary).toMatchObject({ records: 6, clusters: 4, duplicates: 2 });
  const clusters = new Map((await lines(out)).map((line) => line.split(",") as [string, string]));
  expect([...clusters.keys()]).toEqual(["record_id", "1", "2", "3", "4", "5", "6"]);
  expect(clusters.get("1")).toBe(clusters.get("2"));
  expect(clusters.get("3")).toBe(clusters.get("4"));
  const [header, first] = await lines(pairs);
  expect(header).toBe("record_id_a,record_id_b,decision,score,evidence");
  expect(first).toMatch(/^\d,\d,(?:link|review),\d+\.\d\d,"?.*email: same mailbox \+/);
  expect([...stages]).toEqual(["read", "estimate", "compare", "cluster", "write"]);
  const page = await readFile(html, "utf8");
  expect(page).toContain("Gatesby");
  expect(page).toContain("&lt;b&gt;Petra&lt;/b&gt;");
  expect(page).not.toMatch(/<script|<b>Petra|https?:\/\//);
});

test("without an id column the rows are numbered", async () => {
  const out = join(folder, "numbered.csv");
  await dedupe("first_name,last_name\nAnn,Lee\nBob,Ray\n", { out });
  expect((await lines(out)).slice(1).map((line) => line.split(",")[0])).toEqual(["1", "2"]);
});

test("columns are mapped by the caller, and a mapping that cannot be is refused by name", async () => {
  const table = "x1,x2\nann@acme.example,Ann\nann@acme.example,Ann\n";
  const { columns } = await dedupe(table, { map: { email: "x1", given: "x2" } });
  expect(columns.map((column) => column.role)).toEqual(["email", "given"]);
  await expect(dedupe(table, { map: { email: "mail" } })).rejects.toThrow(/no column "mail"; there are x1, x2/);
  await expect(dedupe(table, { map: { colour: "x1" } })).rejects.toThrow(/"colour" is no field/);
  await expect(dedupe("colour,size\nred,3\n")).rejects.toThrow(/no column to match on/);
});

test("a record_id that stands twice is refused: the answer could not be told apart", async () => {
  await expect(dedupe("record_id,first_name\n1,Ann\n1,Bob\n")).rejects.toThrow(/"1" stands in two rows/);
});

test("a column that only looks like ids, as of files put under one another, gives way to row numbers", async () => {
  const summary = await dedupe("id,first_name\n1,Ann\n1,Bob\n");
  expect(summary.records).toBe(2);
  expect(summary.columns.map(({ role }) => role)).toEqual(["ignore", "given"]);
});

test("a table without a header is read from its first row on", async () => {
  const rows = "john smith,12 main st,555-0100\njon smith,12 main street,555-0100\nmary jones,4 oak ave,555-0199\n";
  const summary = await dedupe(rows);
  expect(summary.records).toBe(3);
  expect(summary.columns.map(({ role }) => role)).toEqual(["full-name", "street", "phone"]);
});

test("what a spreadsheet would run is written as text, numbers stay numbers", () => {
  expect(["=1+1", "@x", "+49 30", "-2.5", "+4930", 'a "b"'].map(csvValue)).toEqual([
    "'=1+1",
    "'@x",
    "'+49 30",
    "-2.5",
    "+4930",
    '"a ""b"""',
  ]);
});

const pairTable = `id,a_name,a_email,b_name,b_email,answer
p1,Anna Keller,anna.keller+news@example.org,Anna Keller,anna.keller@example.org,same
p2,Ana Costa,info@tailspin.example,Joao Pinto,info@tailspin.example,different
p3,Jin Lee,j.lee@wingtip.example,Jessica Lee,j.lee@wingtip.example,review
`;

test("pairs of records are answered one by one, and scored where the answers are known", async () => {
  const input = await file("pairs-in.csv", pairTable);
  const out = join(folder, "answers.csv");
  const { answers } = await matchPairsFile({ file: input, kind: null, map: {}, out }, () => {});
  expect(answers.map(({ id, decision }) => `${id} ${decision}`)).toEqual(["p1 same", "p2 different", "p3 review"]);
  expect((await lines(out))[0]).toBe("id,decision,score,evidence");
  expect(await matchScoreFile({ file: input, kind: null, map: {}, out: null })).toMatchObject({
    f1: 1,
    falseMerges: 0,
    wrong: [],
  });
});

test("a table of two name columns is judged by the names alone", async () => {
  const input = await file(
    "names.csv",
    "name_a,name_b\nPutin Vladimir,Vladimir Putin\nAnna Keller,Petra Keller\nSiemens AG,Siemens Aktiengesellschaft\n",
  );
  const { answers } = await matchPairsFile({ file: input, kind: null, map: {}, out: null }, () => {});
  expect(answers.map((answer) => answer.decision)).toEqual(["same", "different", "same"]);
});
