import type { RecordKey, SystemId } from "../../model/record.ts";
import type { Instant } from "../../model/time.ts";

type ItemLease = { readonly record: RecordKey; readonly until: Instant };

/**
 * Who has claimed what. One process holds the store, so its leases need no table: they end with it, and a claim writes nothing.
 */
export type Leases = {
  readonly items: Map<string, ItemLease>;
  /** By the golden record's row. */
  readonly due: Map<number, Map<SystemId, Instant>>;
};

export function newLeases(): Leases {
  return { items: new Map(), due: new Map() };
}

/** Forgets the leases of inbox items that have run out. */
export function endItemLeases({ items }: Leases, now: Instant): void {
  for (const [id, { until }] of items) if (until <= now) items.delete(id);
}

export function leasedRecords({ items }: Leases): ReadonlySet<RecordKey> {
  return new Set([...items.values()].map((lease) => lease.record));
}

/** 0: not leased. */
export function dueLeasedUntil({ due }: Leases, golden: number, system: SystemId): Instant {
  return due.get(golden)?.get(system) ?? 0;
}
