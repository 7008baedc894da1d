/** Who writes, as property history tells it. */
export type Actor = {
  /** INTEGRATION, CRM_UI, IMPORT, AUTOMATION_PLATFORM, MERGE_OBJECTS ... */
  readonly sourceType: string;
  readonly sourceId: string | null;
  readonly userId: number | null;
  /** How the audit log names it. */
  readonly source: string;
};

export type HistoryEntry = {
  readonly value: string;
  /** ms */
  readonly timestamp: number;
  readonly sourceType: string;
  readonly sourceId: string | null;
  readonly userId: number | null;
};

/** One record. Never changed in place: a write makes a new one, so that the search index can keep the older. */
export type StoredRecord = {
  readonly id: string;
  /** ms */
  readonly createdAt: number;
  /** ms */
  readonly updatedAt: number;
  readonly archivedAt: number | null;
  /** What was ever set; "" is cleared. System properties are not in it. */
  readonly values: Readonly<Record<string, string>>;
  /** Newest first. */
  readonly history: Readonly<Record<string, readonly HistoryEntry[]>>;
  readonly createdBy: Actor;
};

/** Versions of one property that are kept. */
const historyLengthMax = 45;

/** The record with `values` set by `actor`; `null` when nothing differs: then not even the modified time moves. */
export function withValues(
  record: StoredRecord,
  values: Readonly<Record<string, string>>,
  actor: Actor,
  at: number,
): StoredRecord | null {
  const changed = Object.entries(values).filter(([name, value]) => (record.values[name] ?? "") !== value);
  if (changed.length === 0) return null;
  const history = { ...record.history };
  for (const [name, value] of changed) {
    const entry = {
      value,
      timestamp: at,
      sourceType: actor.sourceType,
      sourceId: actor.sourceId,
      userId: actor.userId,
    };
    history[name] = [entry, ...(record.history[name] ?? [])].slice(0, historyLengthMax);
  }
  return { ...record, updatedAt: at, values: { ...record.values, ...Object.fromEntries(changed) }, history };
}
