import type { GoldenRecord } from "../../model/golden.ts";
import { fromDoc } from "../../ports/store-doc.ts";
import { searchTextOf, searchTextSeparator, searchTextsOf } from "../../ports/store-index.ts";
import type { Database } from "./database.ts";

/** All texts that a golden record is found by, each between separators. */
export function textsOf(golden: GoldenRecord): string {
  return joined(searchTextsOf(golden));
}

/** Adds the texts that are new. `before` is what the golden record had. */
export function putTexts(db: Database, golden: number, texts: string, before: string | undefined): void {
  if (texts === before) return;
  const known = new Set(before === undefined ? [] : parted(before));
  const added = parted(texts).filter((text) => !known.has(text));
  if (added.length > 0) db.run("insert into search_text (golden, texts) values (?, ?)", golden, joined(added));
}

function joined(texts: readonly string[]): string {
  return searchTextSeparator + texts.map((text) => text + searchTextSeparator).join("");
}

function parted(texts: string): string[] {
  return texts.split(searchTextSeparator).slice(1, -1);
}

/** Reads through a narrow table: some tenths of a second for a million golden records, and cheap to keep up to date. */
export function search(
  db: Database,
  text: string,
  limit: number,
  how: "whole" | "start" = "whole",
): readonly GoldenRecord[] {
  const found = searchTextOf(text.trim());
  if (found === null) return [];
  const wanted = how === "whole" ? joined([found]) : searchTextSeparator + found;
  // Of many that begin so, the first ones found will do: the rest need not be read. Some of them may have that text no more.
  const candidatesMax = how === "whole" ? -1 : 4 * limit;
  const rows = db.all<{ doc: string }>(
    `select doc from golden where instr(texts, ?) > 0
       and seq in (select golden from search_text where instr(texts, ?) > 0 limit ?)
     order by id limit ?`,
    wanted,
    wanted,
    candidatesMax,
    limit,
  );
  return rows.map((row) => fromDoc(row.doc));
}
