import type { GoldenRecord } from "../../model/golden.ts";
import { fromDoc } from "../../ports/store-doc.ts";
import { searchTextOf } from "../../ports/store-index.ts";
import { toStored } from "../../ports/store-text.ts";
import type { Database } from "./database.ts";

/** Sorts after every text that begins like the one before it. */
const last = "\u{10FFFF}";

export async function search(
  db: Database,
  text: string,
  limit: number,
  how: "whole" | "start" = "whole",
): Promise<readonly GoldenRecord[]> {
  const wanted = searchTextOf(text.trim());
  if (wanted === null) return [];
  const from = toStored(wanted);
  // Of many that begin so, the first ones by text will do: the rest need not be read.
  const found = `select golden_id from truce.search_text where text >= $1 and text <= $2 order by text, golden_id limit $3`;
  const rows = await db.read<{ doc: string }>(
    `select doc from truce.golden where id in (${found}) order by id limit $4`,
    from,
    how === "whole" ? from : from + last,
    how === "whole" ? limit : 4 * limit,
    limit,
  );
  return rows.map((row) => fromDoc(row.doc));
}
