import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { TextDecoder } from "node:util";
import type { RawValue } from "../../model/value.ts";
import { readTable, TableError } from "../../tables/read-table.ts";
import type { Fields } from "./state.ts";

/** The records of a CSV or JSONL file, row by row. Throws TableError, with the place, where the file is not sound throughout. */
export async function* readRecords(file: string): AsyncGenerator<Fields> {
  if (/\.(?:jsonl|ndjson)$/iu.test(file)) yield* readJsonLines(file);
  else yield* readRows(file);
}

async function* readRows(file: string): AsyncGenerator<Fields> {
  const { columns, rows } = await readTable(file, { strict: true });
  const twice = columns.find((name, i) => columns.indexOf(name) < i);
  if (twice !== undefined) throw new TableError(`there are two columns "${twice}"`);
  for await (const row of rows)
    yield Object.fromEntries(columns.map((name, i) => [name, row[i] === "" ? null : row[i]!]));
}

async function* readJsonLines(file: string): AsyncGenerator<Fields> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let number = 0;
  for await (const line of createInterface({
    input: createReadStream(file, { encoding: "latin1" }),
    crlfDelay: Number.POSITIVE_INFINITY,
  })) {
    number++;
    const text = decodedLine(decoder, line, number).replace(/^\u{FEFF}/u, "");
    if (text.trim() !== "") yield parsedLine(text, number);
  }
}

/** Lines are cut as bytes, so that what is no UTF-8 is told with its line. */
function decodedLine(decoder: TextDecoder, line: string, number: number): string {
  try {
    return decoder.decode(Buffer.from(line, "latin1"));
  } catch {
    throw new TableError(`line ${number} is no UTF-8`);
  }
}

function parsedLine(text: string, number: number): Fields {
  let value: unknown;
  try {
    // Whole numbers beyond what JavaScript holds keep their digits, as text.
    value = JSON.parse(text, ((_key: string, one: unknown, context?: { readonly source?: string }) =>
      typeof one === "number" && Number.isInteger(one) && !Number.isSafeInteger(one)
        ? (context?.source ?? one)
        : one) as (key: string, one: unknown) => unknown);
  } catch {
    throw new TableError(`line ${number} is no JSON`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new TableError(`line ${number} is no JSON object`);
  return value as Readonly<Record<string, RawValue>>;
}
