import { blockingKeys } from "./blocking.ts";
import type { MatchRecord } from "./record.ts";

/** Blocks of records that share a key, ready to be walked record by record. */
export type Blocks = {
  /** Record indexes, block after block, ascending inside a block. */
  readonly members: Uint32Array;
  /** For each record the blocks it is in, as positions of the block's first member. */
  readonly blocksOf: Uint32Array;
  readonly blocksFrom: Uint32Array;
  /** For each block, by the position of its first member, the position after its last. */
  readonly blockEnd: Uint32Array;
  /** Keys that too many records share: they were skipped. */
  readonly skipped: number;
};

/**
 * Files records under their blocking keys. A key of more than `sizeMax` records is skipped; records worth comparing share others.
 * Holds about 20 bytes a key, whatever the keys' lengths. At most 2^21 records.
 */
export function blocksOf(records: readonly MatchRecord[], sizeMax: number): Blocks {
  const entries = sortedEntries(records);
  const members = new Uint32Array(entries.length);
  const ends = new Uint32Array(entries.length);
  const counts = new Uint32Array(records.length + 1);
  const starts: number[] = [];
  let skipped = 0;
  for (let from = 0; from < entries.length; ) {
    const hash = Math.floor((entries[from] as number) / recordsMax);
    let to = from;
    while (to < entries.length && Math.floor((entries[to] as number) / recordsMax) === hash) {
      members[to] = (entries[to] as number) % recordsMax;
      to++;
    }
    if (to - from > sizeMax) skipped++;
    else if (to - from > 1) {
      starts.push(from);
      ends[from] = to;
      for (let i = from; i < to; i++) counts[(members[i] as number) + 1]!++;
    }
    from = to;
  }
  for (let i = 0; i < records.length; i++) counts[i + 1]! += counts[i] as number;
  const fill = counts.slice();
  const blocks = new Uint32Array(counts[records.length] as number);
  for (const start of starts) {
    for (let i = start; i < (ends[start] as number); i++) blocks[fill[members[i] as number]!++] = start;
  }
  return { members, blocksOf: blocks, blocksFrom: counts, blockEnd: ends, skipped };
}

const recordsMax = 2 ** 21;

/** One number per record and key, hash before record, so that sorting brings a block together. */
function sortedEntries(records: readonly MatchRecord[]): Float64Array {
  if (records.length > recordsMax) throw new RangeError(`${records.length} records are more than ${recordsMax}`);
  let entries = new Float64Array(records.length * 8 + 16);
  let length = 0;
  records.forEach((record, index) => {
    const hashes = new Set<number>();
    for (const key of blockingKeys(record)) hashes.add(hashOf(key));
    if (length + hashes.size > entries.length) {
      const larger = new Float64Array(entries.length * 2);
      larger.set(entries);
      entries = larger;
    }
    for (const hash of hashes) entries[length++] = hash * recordsMax + index;
  });
  return entries.subarray(0, length).sort();
}

/** 32-bit FNV-1a. Two keys with one hash only make a block larger. */
function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** Calls `visit(a, b)`, a > b, once for each pair of records that share a block. */
export function eachCandidate(
  blocks: Blocks,
  from: number,
  to: number,
  seen: Int32Array,
  visit: (a: number, b: number) => void,
): void {
  const ends = blocks.blockEnd;
  for (let a = from; a < to; a++) {
    for (let k = blocks.blocksFrom[a] as number; k < (blocks.blocksFrom[a + 1] as number); k++) {
      const start = blocks.blocksOf[k] as number;
      const end = ends[start] as number;
      for (let i = start; i < end; i++) {
        const b = blocks.members[i] as number;
        if (b >= a) break;
        if (seen[b] === a) continue;
        seen[b] = a;
        visit(a, b);
      }
    }
  }
}
