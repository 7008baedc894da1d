import type { ObjectName, RecordId } from "../model/record.ts";

/**
 * Versions of records that need not be told again: looking back, every question finds the same ones. What a pull told counts only once the next
 * pull comes with its cursor, which says that it is stored. Kept in memory: after a restart some are told twice, which does no harm.
 */
export type SeenVersions = {
  has(object: ObjectName, id: RecordId, version: string): boolean;
  /** Told by the present pull. */
  add(object: ObjectName, id: RecordId, version: string): void;
  /** Told by the receipt of a write of ours. */
  addStored(object: ObjectName, id: RecordId, version: string): void;
  /** The pull ends with this cursor. */
  handOver(cursor: string): void;
  /** A pull begins at this cursor. */
  acknowledge(cursor: string): void;
};

/** About 100 MB at most; beyond that the oldest are told twice. */
const versionsMax = 500_000;

export function createSeenVersions(): SeenVersions {
  const stored = new Map<string, string>();
  const told = new Map<string, string>();
  let handedOver: { readonly cursor: string; readonly told: Map<string, string> } | null = null;
  const keyOf = (object: ObjectName, id: RecordId) => `${object}/${id}`;
  const keep = (key: string, version: string) => {
    stored.delete(key);
    stored.set(key, version);
    if (stored.size > versionsMax) for (const oldest of stored.keys()) return void stored.delete(oldest);
  };
  return {
    has: (object, id, version) => {
      const key = keyOf(object, id);
      return (told.get(key) ?? stored.get(key)) === version;
    },
    add: (object, id, version) => void told.set(keyOf(object, id), version),
    addStored: (object, id, version) => {
      const key = keyOf(object, id);
      keep(key, version);
      // It is later than what a pull told of the record.
      handedOver?.told.delete(key);
      told.delete(key);
    },
    handOver: (cursor) => {
      handedOver = { cursor, told: new Map(told) };
      told.clear();
    },
    acknowledge: (cursor) => {
      if (handedOver?.cursor === cursor) for (const [key, version] of handedOver.told) keep(key, version);
      // Not where the last pull ended: nothing is known about what was stored.
      else stored.clear();
      handedOver = null;
      told.clear();
    },
  };
}
