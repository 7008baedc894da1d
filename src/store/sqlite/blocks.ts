import type { GoldenId } from "../../model/golden.ts";
import type { BlockClaims } from "../../ports/block-claims.ts";
import type { BlocksFound } from "../../ports/store.ts";
import { fromStored } from "../../ports/store-text.ts";
import type { Database } from "./database.ts";

/** Read key by key: a prepared statement in this process costs less than sending all keys at once. */
export function blocks(db: Database, claims: BlockClaims, keys: readonly number[], sizeMax: number): BlocksFound {
  const members = new Map<number, readonly GoldenId[]>();
  const oversized = new Set<number>();
  for (const key of new Set(keys)) {
    const found = db.value<string | null>(
      `select case when count(*) > ?1 then '' else
         (select group_concat(id, char(31)) from block join golden indexed by golden_name on seq = golden where key = ?2) end
       from (select 1 from block where key = ?2 limit ?1 + 1)`,
      sizeMax,
      key,
    );
    if (found === "") oversized.add(key);
    else if (found != null) members.set(key, found.split("\u001f").map(fromStored));
  }
  return { members, oversized, mark: claims.mark() };
}

/** Files a golden record under its keys, and no more under those it had. Returns the keys that are new to it. */
export function putBlocks(db: Database, golden: number, blocks: readonly number[], before: string): readonly number[] {
  const had = new Set<number>(JSON.parse(before));
  const added = blocks.filter((key) => !had.delete(key));
  for (const key of had) db.run("delete from block where key = ? and golden = ?", key, golden);
  for (const key of added) db.run("insert or ignore into block values (?, ?)", key, golden);
  return added;
}
