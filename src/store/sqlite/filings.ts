import type { Database } from "./database.ts";
import { type NotedKeys, newNotedKeys } from "./noted-keys.ts";

/**
 * Which golden records (rows) are filed under which blocking key. A record's keys lie far apart, so that filing each at its place in the table `block`
 * would change some fifteen pages a record. So what is new is noted in order, in `block_new`, and known to this process; range by range, many keys are
 * put in their places at once, several to a page.
 */
export type Filings = {
  /** Rows under a key, so many at most. */
  under(key: number, most: number): readonly number[];
  /** Within a transaction: notes what changes. Calling what is returned, once that is committed, lets it take effect. */
  change(changes: readonly FilingChange[]): () => void;
};

/** The keys under which a golden record is filed from now on that it was not before, and those under which it is no more. */
export type FilingChange = {
  readonly golden: number;
  readonly added: readonly number[];
  readonly gone: readonly number[];
};

/** Keys that are noted and not put in their places yet: some 25 MB. */
const notedMax = 2 ** 19;
/** Keys have up to 47 bits, and are spread evenly. */
const keysEnd = 2 ** 47;
const rangeCount = 256;

/** What is noted of a range of keys: rows by key. */
type Range = {
  noted: NotedKeys;
  /** What notes up to this one say of the range is in its place. */
  settledTo: number;
};

type Notes = {
  readonly ranges: readonly Range[];
  /** Keys noted in all. */
  count: number;
  /** The last note. */
  last: number;
  /** The range that has waited longest. */
  oldest: number;
};

export function newFilings(db: Database, most = notedMax): Filings {
  let loaded: Notes | null = null;
  const notes = () => {
    loaded ??= load(db);
    return loaded;
  };
  return {
    under(key, limit) {
      const settled = db.values<number>("select golden from block where key = ? limit ?", key, limit);
      const noted = rangeOf(notes(), key).noted.rowsOf(key, limit);
      if (noted.length === 0) return settled;
      // After a restart some are noted still that are in their places.
      return settled.length === 0 ? noted : [...new Set([...settled, ...noted])].slice(0, limit);
    },
    change(changes) {
      const known = notes();
      const settled = settle(db, known, most);
      changes.forEach(({ golden, added, gone }, i) => {
        const note = known.last + i + 1;
        db.run("insert into block_new values (?, ?, ?, ?)", note, golden, added.join(" "), gone.join(" "));
        for (const key of gone) db.run("delete from block where key = ? and golden = ?", key, golden);
      });
      return () => {
        forget(known, settled);
        for (const change of changes) take(known, change);
      };
    },
  };
}

function rangeOf({ ranges }: Notes, key: number): Range {
  return ranges[Math.floor((key / keysEnd) * rangeCount)] as Range;
}

/** What a process before this one noted. */
function load(db: Database): Notes {
  const ranges = Array.from({ length: rangeCount }, (): Range => ({ noted: newNotedKeys(), settledTo: 0 }));
  const notes: Notes = { ranges, count: 0, last: 0, oldest: 0 };
  const rows = db.rows<{ seq: number; golden: number; added: string; gone: string }>(
    "select * from block_new order by seq",
  );
  for (const { seq, golden, added, gone } of rows) {
    take(notes, { golden, added: keysIn(added), gone: keysIn(gone) });
    notes.last = seq;
  }
  return notes;
}

function keysIn(text: string): readonly number[] {
  return text === "" ? [] : text.split(" ").map(Number);
}

function take(notes: Notes, { golden, added, gone }: FilingChange): void {
  notes.last++;
  for (const key of gone) if (rangeOf(notes, key).noted.remove(key, golden)) notes.count--;
  for (const key of added) rangeOf(notes, key).noted.add(key, golden);
  notes.count += added.length;
}

/** Puts the keys of ranges in their places, until few enough are noted. Returns how many ranges, from the oldest on. */
function settle(db: Database, { ranges, count, oldest }: Notes, most: number): number {
  let [left, settled] = [count, 0];
  for (; left > most && settled < rangeCount; settled++) {
    const { noted } = ranges[(oldest + settled) % rangeCount] as Range;
    noted.each((key, golden) => db.run("insert or ignore into block values (?, ?)", key, golden));
    left -= noted.size();
  }
  const next = ranges[(oldest + settled) % rangeCount] as Range;
  // Older notes are in their places, all of them.
  if (settled > 0) db.run("delete from block_new where seq <= ?", next.settledTo);
  return settled;
}

/** Forgets what is in its place by now. */
function forget(notes: Notes, settled: number): void {
  for (let i = 0; i < settled; i++) {
    const range = notes.ranges[notes.oldest] as Range;
    notes.count -= range.noted.size();
    range.noted = newNotedKeys();
    range.settledTo = notes.last;
    notes.oldest = (notes.oldest + 1) % rangeCount;
  }
}
