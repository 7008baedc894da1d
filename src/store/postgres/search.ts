import type { GoldenRecord } from "../../model/golden.ts";
import { fromDoc } from "../../ports/store-doc.ts";
import { searchTextOf } from "../../ports/store-index.ts";
import { toStored } from "../../ports/store-text.ts";
import type { Database } from "./database.ts";

export async function search(db: Database, text: string, limit: number): Promise<readonly GoldenRecord[]> {
  const wanted = searchTextOf(text.trim());
  if (wanted === null) return [];
  const rows = await db.read<{ doc: string }>(
    `select doc from truce.search_text join truce.golden on id = golden_id where text = $1 order by golden_id limit $2`,
    toStored(wanted),
    limit,
  );
  return rows.map((row) => fromDoc(row.doc));
}
