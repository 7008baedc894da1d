import type { Outcome } from "../../ports/store.ts";
import { fromStored } from "../../ports/store-text.ts";
import type { Database } from "./database.ts";

/** What a commit adds to the totals, by name: outcome/applied, golden/contact, link/crm. */
export type Counters = Map<string, number>;

export function newCounters(): Counters {
  return new Map();
}

export function count(counters: Counters, kind: "outcome" | "golden" | "link", name: string, by = 1): void {
  const key = `${kind}/${name}`;
  counters.set(key, (counters.get(key) ?? 0) + by);
}

export function saveCounters(db: Database, counters: Counters): void {
  for (const [name, by] of counters) {
    if (by === 0) continue;
    db.run(
      "insert into counter values (?, ?) on conflict (name) do update set value = value + excluded.value",
      name,
      by,
    );
  }
}

/** Totals of one kind; those that came down to nothing are left out. */
export function readCounters(db: Database, kind: "outcome" | "golden" | "link"): Readonly<Record<string, number>> {
  const prefix = `${kind}/`;
  const rows = db.all<{ name: string; value: number }>("select name, value from counter where value <> 0");
  const ofKind = rows.filter((row) => row.name.startsWith(prefix));
  return Object.fromEntries(ofKind.map(({ name, value }) => [fromStored(name.slice(prefix.length)), value]));
}

export const noOutcomes: Readonly<Record<Outcome, number>> = {
  applied: 0,
  "no-op": 0,
  superseded: 0,
  held: 0,
  dead: 0,
};
