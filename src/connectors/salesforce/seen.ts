/**
 * Versions of records that need not be told again: looking back, every poll finds the same ones for a while. What a pull told counts only once the
 * next pull comes with its cursor, which says that it is stored. Kept in memory: after a restart some are told twice, which does no harm.
 */
export type SeenVersions = {
  has(version: string): boolean;
  /** Told by the present pull. */
  add(version: string): void;
  /** The pull ends with this cursor. */
  handOver(cursor: string): void;
  /** A pull begins at this cursor. */
  acknowledge(cursor: string): void;
};

/** Versions are only looked for within the look-back window; more than these at once are told twice. */
const versionsMax = 100_000;

export function createSeenVersions(): SeenVersions {
  const stored = new Set<string>();
  const told = new Set<string>();
  let handedOver: { readonly cursor: string; readonly told: readonly string[] } | null = null;
  const keep = (version: string) => {
    stored.add(version);
    if (stored.size > versionsMax) for (const oldest of stored) return void stored.delete(oldest);
  };
  return {
    has: (version) => stored.has(version) || told.has(version),
    add: (version) => void told.add(version),
    handOver: (cursor) => {
      handedOver = { cursor, told: [...told] };
      told.clear();
    },
    acknowledge: (cursor) => {
      if (handedOver?.cursor === cursor) for (const version of handedOver.told) keep(version);
      // Not where the last pull ended: nothing is known about what was stored.
      else stored.clear();
      handedOver = null;
      told.clear();
    },
  };
}
