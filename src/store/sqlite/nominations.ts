import { blockSizeMax, type Looking, likeliest, type Nominee, nominate } from "../../core/match/nominate.ts";
import type { GoldenId } from "../../model/golden.ts";
import type { BlockClaims } from "../../ports/block-claims.ts";
import type { Nominations } from "../../ports/store.ts";
import { fromStored } from "../../ports/store-text.ts";
import type { Database } from "./database.ts";
import type { Filings } from "./filings.ts";

/** Rows stand for golden records until it is known who is nominated. */
export function nominations(
  db: Database,
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
  const says = new Map<GoldenId, string>();
  const ids = new Map<number, GoldenId>();
  const named = ({ id: seq, weight }: Nominee<number>): Nominee<GoldenId>[] => {
    const known = ids.get(seq);
    if (known !== undefined) return [{ id: known, weight }];
    const row = db.get<{ id: string; says: string }>("select id, says from profile where golden = ?", seq);
    // It was filed before profiles were kept, and will be again in a moment.
    if (row === undefined) return [];
    const id = fromStored(row.id);
    ids.set(seq, id);
    says.set(id, fromStored(row.says));
    return [{ id, weight }];
  };
  const nominees = records.map((record) => likeliest(nominate(record, membersOf).flatMap(named)));
  return { nominees, says, sizes, mark: claims.mark() };
}
