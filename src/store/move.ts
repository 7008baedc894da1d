import { isDeepStrictEqual } from "node:util";
import type { CommitUnit } from "../ports/store.ts";
import { saveCounters } from "./postgres/counters.ts";
import { counts as postgresCounts } from "./postgres/counts.ts";
import { openDatabase as openPostgres, type Query } from "./postgres/database.ts";
import { takeOverDocuments } from "./postgres/documents.ts";
import { migrate as migratePostgres } from "./postgres/migrate.ts";
import { takeIn } from "./postgres/receive.ts";
import { lockEmptyStore, numberLinesFrom, sizeOfTable, takeOverDone, takeOverUnits } from "./postgres/take-over.ts";
import { type Contents, type Part, pagesOf, parts, sizeOf } from "./sqlite/contents.ts";
import { readCounters } from "./sqlite/counters.ts";
import { counts as sqliteCounts } from "./sqlite/counts.ts";
import { type Database, openDatabase as openSqlite } from "./sqlite/database.ts";
import { migrate as migrateSqlite } from "./sqlite/migrate.ts";

/** How far a move is: rows of one part. */
export type MoveProgress = { readonly part: Part; readonly done: number; readonly total: number };

/** Rows moved, by part. */
export type Moved = Readonly<Record<Part, number>>;

const pageSize = 500;

/**
 * Moves everything from an embedded store into an empty PostgreSQL, in one transaction: all of it, or nothing. Rejects in words when a process
 * holds the file, when the database is not empty, or when what arrived is not what was sent. The file stays as it is.
 */
export async function moveStore(file: string, url: string, progress: (at: MoveProgress) => void): Promise<Moved> {
  const from = await openSqlite(file);
  const to = openPostgres(url, { connectionsMax: 2 });
  try {
    migrateSqlite(from);
    await migratePostgres(to);
    return await to.transaction(async (query) => {
      await lockEmptyStore(query);
      await numberLinesFrom(query, firstLine(from));
      const moved = await movePages(from, query, progress);
      await saveCounters(query, outcomesOf(from))[0];
      await verify(from, query, moved);
      return moved;
    });
  } finally {
    from.close();
    await to.close();
  }
}

function firstLine(from: Database): number {
  return from.get<{ first: number | null }>("select min(seq) as first from journal")?.first ?? 1;
}

async function movePages(from: Database, query: Query, progress: (at: MoveProgress) => void): Promise<Moved> {
  const moved = Object.fromEntries(parts.map((part) => [part, 0])) as Record<Part, number>;
  for (const part of parts) {
    const total = sizeOf(from, part);
    progress({ part, done: 0, total });
    for (const page of pagesOf(from, part, pageSize)) {
      await writePage(query, part, page);
      moved[part] += page.length;
      progress({ part, done: moved[part], total });
    }
  }
  return moved;
}

const writers: { readonly [P in Part]: (query: Query, rows: readonly Contents[P][]) => Promise<unknown> } = {
  golden: (query, rows) =>
    takeOverUnits(
      query,
      rows.map((row) => ({ ...nothing, ...row })),
    ),
  hold: (query, holds) => takeOverUnits(query, [{ ...nothing, holds }]),
  journal: (query, journal) => takeOverUnits(query, [{ ...nothing, journal }]),
  inbox: (query, items) => takeIn(query, items, []),
  dedupe: takeOverDone,
  attempt: (query, attempts) => takeOverUnits(query, [{ ...nothing, attempts }]),
  dead_letter: (query, deadLetters) => takeOverUnits(query, [{ ...nothing, deadLetters }]),
  pin: (query, pins) => takeOverUnits(query, [{ ...nothing, pins }]),
  cursor: (query, cursors) => takeIn(query, [], cursors),
  document: takeOverDocuments,
};

function writePage<P extends Part>(query: Query, part: P, rows: readonly Contents[P][]): Promise<unknown> {
  return writers[part](query, rows);
}

const nothing: CommitUnit = {
  golden: null,
  keys: null,
  sharedKeys: [],
  filing: null,
  guard: null,
  due: [],
  journal: [],
  holds: [],
  pins: [],
  attempts: [],
  done: [],
  postponed: [],
  deadLetters: [],
  closedLetters: [],
  inbox: [],
  wake: [],
  fresh: [],
};

/** The outcomes of observations that are no more; the other totals are counted anew. */
function outcomesOf(from: Database): ReadonlyMap<string, number> {
  return new Map(Object.entries(readCounters(from, "outcome")).map(([name, count]) => [`outcome/${name}`, count]));
}

/** Counts again what is there now, and compares all that either store counts. */
async function verify(from: Database, query: Query, moved: Moved): Promise<void> {
  for (const part of parts) {
    const arrived = await sizeOfTable(query, part, part === "dedupe" ? "done_at is not null" : "true");
    if (arrived === sizeOf(from, part) && arrived === moved[part]) continue;
    throw new Error(`Of ${sizeOf(from, part)} rows of ${part}, ${arrived} arrived. Nothing was moved.`);
  }
  const [before, after] = [sqliteCounts(from), await postgresCounts({ look: (work) => work(query) })];
  if (!isDeepStrictEqual(after, before)) {
    throw new Error(
      `The totals differ: ${JSON.stringify(before)} before, ${JSON.stringify(after)} after. Nothing was moved.`,
    );
  }
}
