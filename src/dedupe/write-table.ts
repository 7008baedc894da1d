import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";

/** Writes rows to a CSV file as they come (RFC 4180, UTF-8). */
export type TableWriter = {
  readonly write: (row: readonly (string | number)[]) => Promise<void>;
  readonly close: () => Promise<void>;
};

export function writeTable(file: string, columns: readonly string[]): TableWriter {
  const stream = createWriteStream(file);
  // A failure reaches the caller through the write or the close that it broke.
  stream.on("error", () => {});
  let waiting = lineOf(columns);
  const flush = () => {
    const text = waiting;
    waiting = "";
    return new Promise<void>((resolve, reject) => {
      stream.write(text, (error) => (error ? reject(error) : resolve()));
    });
  };
  return {
    write: async (row) => {
      waiting += lineOf(row);
      if (waiting.length > 1 << 16) await flush();
    },
    close: async () => {
      await flush();
      stream.end();
      await finished(stream);
    },
  };
}

const lineOf = (row: readonly (string | number)[]) => `${row.map(csvValue).join(",")}\r\n`;

/** A value as a spreadsheet shows it and never runs it: what begins like a formula and is no number gets an apostrophe in front. Source: OWASP, CSV injection. */
export function csvValue(value: string | number): string {
  const text = String(value);
  const safe = /^[=+\-@\t\r]/.test(text) && !/^[+-]?\d+(?:\.\d+)?$/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
