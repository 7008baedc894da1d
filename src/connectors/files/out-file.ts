import { mkdir, open, rename } from "node:fs/promises";
import { join } from "node:path";
import type { RawValue } from "../../model/value.ts";
import type { FilesObject } from "./options.ts";
import type { Fields } from "./state.ts";

/** A record that Truce made, changed or deleted, as it is now. */
export type OutRecord = { readonly change: "create" | "update" | "delete"; readonly fields: Fields };

/** The column that says what happened. */
const changeColumn = "_change";

/** Leaves a file with changed records in `out`: written under a hidden name, made durable, then given its name. */
export async function writeOutFile(
  folder: string,
  name: string,
  { format = "csv", delimiter = ",", key }: FilesObject,
  columns: readonly string[],
  records: readonly OutRecord[],
): Promise<void> {
  const out = join(folder, "out");
  await mkdir(out, { recursive: true });
  const full = [key, ...columns.filter((column) => column !== key)];
  const lines =
    format === "jsonl"
      ? records.map(({ change, fields }) => JSON.stringify({ ...fields, [changeColumn]: change }))
      : [
          [...full, changeColumn],
          ...records.map(({ change, fields }) => [...full.map((column) => fields[column] ?? null), change]),
        ].map((row) => row.map((value) => csvText(value, delimiter)).join(delimiter));
  const hidden = join(out, `.${name}.tmp`);
  const handle = await open(hidden, "w");
  try {
    await handle.writeFile(lines.map((line) => `${line}\n`).join(""));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(hidden, join(out, `${name}.${format}`));
}

/** RFC 4180. Values stay what they are: the file is for a program, and an apostrophe before a formula would come back as an edit. */
function csvText(value: RawValue, delimiter: string): string {
  const text = value === null ? "" : String(value);
  return /["\r\n]/u.test(text) || text.includes(delimiter) || text.trim() !== text
    ? `"${text.replaceAll('"', '""')}"`
    : text;
}
