import { blockSizeMax, type Looking, likeliest, type Nominee, nominate } from "../../core/match/nominate.ts";
import type { GoldenId, GoldenRecord } from "../../model/golden.ts";
import type { BlockClaims } from "../../ports/block-claims.ts";
import type { Nominations } from "../../ports/store.ts";
import type { Database } from "./database.ts";
import type { Filings } from "./filings.ts";
import type { GoldenCache } from "./golden-cache.ts";
import { goldenBySeq } from "./load.ts";

/** Rows stand for golden records until it is known who is nominated. */
export function nominations(
  db: Database,
  cache: GoldenCache,
  filings: Filings,
  claims: BlockClaims,
  records: readonly Looking[],
): Nominations {
  const blocks = new Map<number, readonly number[]>();
  const sizes = new Map<number, number>();
  const membersOf = (key: number) => {
    const known = blocks.get(key);
    if (known !== undefined) return known;
    const found = filings.under(key, blockSizeMax + 1);
    if (found.length > 0) sizes.set(key, found.length);
    const members = found.length > blockSizeMax ? [] : found;
    blocks.set(key, members);
    return members;
  };
  const goldens = new Map<GoldenId, GoldenRecord>();
  const bySeq = new Map<number, GoldenRecord | null>();
  const named = ({ id: seq, weight }: Nominee<number>): Nominee<GoldenId>[] => {
    const golden = bySeq.get(seq) ?? goldenBySeq(db, cache, seq);
    bySeq.set(seq, golden);
    if (golden === null) return [];
    goldens.set(golden.id, golden);
    return [{ id: golden.id, weight }];
  };
  const nominees = records.map((record) => likeliest(nominate(record, membersOf).flatMap(named)));
  return { nominees, goldens, sizes, mark: claims.mark() };
}
