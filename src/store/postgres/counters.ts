import { fromStored, toStored } from "../../ports/store-text.ts";
import type { Query } from "./database.ts";

/** Adds to the totals, in this connection's own rows. */
export function saveCounters(query: Query, counters: ReadonlyMap<string, number>): Promise<unknown>[] {
  const changed = [...counters].filter(([, by]) => by !== 0);
  if (changed.length === 0) return [];
  const saved = query(
    `insert into truce.counter
     select name, pg_backend_pid() % 64, value from unnest(truce.texts($1), truce.texts($2)::bigint[]) as added (name, value) order by name
     on conflict (name, stripe) do update set value = counter.value + excluded.value`,
    changed.map(([name]) => toStored(name)),
    changed.map(([, by]) => by),
  );
  return [saved];
}

export type Totals = (kind: "outcome" | "golden" | "link" | "inbox") => Readonly<Record<string, number>>;

/** Totals by kind and name; those that came down to nothing are left out. */
export async function readCounters(query: Query): Promise<Totals> {
  const rows = await query<{ name: string; value: string }>(
    "select name, sum(value) as value from truce.counter group by name having sum(value) <> 0",
  );
  return (kind) => {
    const ofKind = rows.filter((row) => row.name.startsWith(`${kind}/`));
    return Object.fromEntries(
      ofKind.map(({ name, value }) => [fromStored(name.slice(kind.length + 1)), Number(value)]),
    );
  };
}
