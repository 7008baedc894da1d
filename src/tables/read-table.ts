import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { CsvError, parse } from "csv-parse";

export type Encoding = "utf-8" | "utf-16le" | "utf-16be" | "windows-1252";

/** How a table is written. */
export type Dialect = { readonly encoding: Encoding; readonly delimiter: string; readonly quote: string };

/** A table opened for reading: its columns, and its rows as they come. Rows have exactly as many values as there are columns. */
export type Table = {
  readonly columns: readonly string[];
  readonly dialect: Dialect;
  readonly rows: AsyncIterable<readonly string[]>;
};

/** What was wrong with a file, in words for whoever gave it. */
export class TableError extends Error {
  override readonly name = "TableError";
}

export type ReadOptions = {
  /** Hears how far it is. */
  readonly onBytes?: (done: number, of: number) => void;
  /** Refuses rows of another length than the header and stray quotes, instead of making the best of them. Default false. */
  readonly strict?: boolean;
};

/**
 * Opens a delimited text file in any of the usual encodings (UTF-8 and UTF-16 with or without byte-order mark, windows-1252) and dialects
 * (comma, semicolon, tab, pipe; double or single quotes; any line end). Short rows are filled with "", what is beyond the last
 * column is dropped. Holds one chunk at a time. Throws TableError when there is no header.
 */
export async function readTable(file: string, { onBytes, strict = false }: ReadOptions = {}): Promise<Table> {
  const size = (await stat(file)).size;
  const encoding = await encodingOf(file);
  const dialect = { encoding, ...dialectOf(await headOf(file, encoding)) };
  const rows = rowsOf(file, dialect, strict, (done) => onBytes?.(done, size));
  const first = await rows.next();
  if (first.done === true)
    throw new TableError(`${file} is empty: a header row with the names of the columns is needed`);
  const columns = first.value.map((name) => name.trim());
  if (columns.every((name) => name === "")) throw new TableError(`${file} has no column names in its first row`);
  return { columns, dialect, rows: strict ? exact(rows, columns.length) : filled(rows, columns.length) };
}

async function* exact(rows: AsyncIterable<string[]>, width: number): AsyncGenerator<readonly string[]> {
  let number = 1;
  for await (const row of rows) {
    number++;
    if (row.length !== width) throw new TableError(`row ${number} has ${row.length} values for ${width} columns`);
    yield row;
  }
}

async function* filled(rows: AsyncIterable<string[]>, width: number): AsyncGenerator<readonly string[]> {
  for await (const row of rows) {
    while (row.length < width) row.push("");
    yield row.length > width ? row.slice(0, width) : row;
  }
}

async function* rowsOf(
  file: string,
  { encoding, delimiter, quote }: Dialect,
  strict: boolean,
  onBytes: (done: number) => void,
): AsyncGenerator<string[]> {
  const parser = parse({
    delimiter,
    quote,
    bom: false,
    relax_quotes: !strict,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: recordSizeMax,
  });
  const text = Readable.from(decoded(file, encoding, onBytes));
  text.on("error", (error) => parser.destroy(error));
  try {
    yield* text.pipe(parser) as AsyncIterable<string[]>;
  } catch (error) {
    throw error instanceof CsvError ? new TableError(error.message) : error;
  }
}

/** A record larger than this is an unclosed quote. */
const recordSizeMax = 4_000_000;

async function* decoded(file: string, encoding: Encoding, onBytes: (done: number) => void): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding);
  let done = 0;
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 18 }) as AsyncIterable<Buffer>) {
    done += chunk.length;
    onBytes(done);
    const text = decoder.decode(chunk, { stream: true });
    if (text !== "") yield text;
  }
  const rest = decoder.decode();
  if (rest !== "") yield rest;
}

/** By byte-order mark, else by zero bytes (UTF-16), else UTF-8 when the whole file is that, else windows-1252. */
async function encodingOf(file: string): Promise<Encoding> {
  const head = await bytesOf(file, 4096);
  if (head[0] === 0xff && head[1] === 0xfe) return "utf-16le";
  if (head[0] === 0xfe && head[1] === 0xff) return "utf-16be";
  const zeros = [0, 0];
  head.forEach((byte, i) => {
    if (byte === 0) zeros[i % 2]!++;
  });
  if (zeros[1]! > head.length / 8) return "utf-16le";
  if (zeros[0]! > head.length / 8) return "utf-16be";
  return (await isUtf8(file)) ? "utf-8" : "windows-1252";
}

async function isUtf8(file: string): Promise<boolean> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>)
      decoder.decode(chunk, { stream: true });
    decoder.decode();
    return true;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}

async function bytesOf(file: string, length: number): Promise<Buffer> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

async function headOf(file: string, encoding: Encoding): Promise<string> {
  return new TextDecoder(encoding).decode(await bytesOf(file, 1 << 16), { stream: true });
}

const delimiters = [",", ";", "\t", "|"] as const;

/** The delimiter that cuts the first lines into the most columns, the same number in each; the quote that fields begin with. */
function dialectOf(head: string): { readonly delimiter: string; readonly quote: string } {
  const quote = quoteOf(head);
  const lines = linesOf(head, quote).slice(0, 30);
  let best: { delimiter: string; score: number } = { delimiter: ",", score: 0 };
  for (const delimiter of delimiters) {
    const counts = lines.map((line) => line.split(delimiter).length - 1);
    const expected = counts[0] ?? 0;
    const steady = counts.filter((count) => count === expected).length / Math.max(1, counts.length);
    const score = expected * steady * steady;
    if (expected > 0 && score > best.score) best = { delimiter, score };
  }
  return { delimiter: best.delimiter, quote };
}

function quoteOf(head: string): string {
  const count = (quote: string) => head.split(new RegExp(`(?:^|[,;\\t|\\n])${quote}`)).length - 1;
  const single = count("'");
  return single > 3 && single > count('"') ? "'" : '"';
}

/** The lines with what is quoted taken out; the last, which may be cut off, is left out when there are others. */
function linesOf(head: string, quote: string): string[] {
  let plain = "";
  let quoted = false;
  for (const char of head) {
    if (char === quote) quoted = !quoted;
    else if (!quoted) plain += char;
  }
  const lines = plain.split(/\r\n|\n|\r/).filter((line) => line !== "");
  return lines.length > 1 && !/[\r\n]$/.test(plain) ? lines.slice(0, -1) : lines;
}
