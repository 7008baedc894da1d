import type { CommitUnit } from "../../ports/store.ts";
import { changesOf } from "./changes.ts";
import { saveCounters } from "./counters.ts";
import type { Query } from "./database.ts";
import { putGoldens } from "./put-goldens.ts";
import { putRows } from "./put-rows.ts";
import { storedKey } from "./stored.ts";

/** Tables that hold something of their own; the others follow from these. */
const tables = [
  "golden",
  "hold",
  "journal",
  "inbox",
  "dedupe",
  "attempt",
  "dead_letter",
  "pin",
  "cursor",
  "counter",
  "document",
] as const;

/** Locks all tables until the transaction ends, and throws in words when anything is in them. */
export async function lockEmptyStore(query: Query): Promise<void> {
  await query(`lock table ${tables.map((table) => `truce.${table}`).join(", ")} in exclusive mode`);
  for (const table of tables) {
    const found = await query(`select 1 from truce.${table} limit 1`);
    if (found.length > 0) {
      throw new Error(
        `The PostgreSQL database is in use already: its table truce.${table} is not empty. Nothing was moved. Name an empty database, or drop the schema truce if what is in it is not wanted.`,
      );
    }
  }
}

/** Rows in a table, as this transaction sees them. */
export async function sizeOfTable(query: Query, table: (typeof tables)[number], where = "true"): Promise<number> {
  const [row] = await query<{ count: number }>(`select count(*)::integer as count from truce.${table} where ${where}`);
  return row?.count ?? 0;
}

/** Writes what units hold into an empty store: nothing is checked. */
export async function takeOverUnits(query: Query, units: readonly CommitUnit[]): Promise<void> {
  const nobody = { records: new Map<string, string>(), keys: new Map<string, string>() };
  const changes = changesOf(units, new Map(), nobody);
  await Promise.all([
    ...putGoldens(query, changes, 0),
    ...putRows(query, units),
    ...saveCounters(query, changes.counters),
  ]);
}

/** The next line of the journal gets this number: those before it were let go of, and seals and people name lines by their numbers. */
export async function numberLinesFrom(query: Query, first: number): Promise<void> {
  await query("select setval(pg_get_serial_sequence('truce.journal', 'seq'), $1, false)", first);
}

export async function takeOverDone(
  query: Query,
  events: readonly { readonly key: string; readonly outcome: string; readonly doneAt: number }[],
): Promise<void> {
  await query(
    `insert into truce.dedupe (key, outcome, done_at)
     select * from unnest(truce.texts($1), truce.texts($2), truce.texts($3)::double precision[])`,
    events.map((event) => storedKey(event.key)),
    events.map((event) => event.outcome),
    events.map((event) => event.doneAt),
  );
}
