/** A property value as the vendor stores it; `null` is none. */
export type AuditValue = unknown;

/** One write through the vendor's API, or by a user, with the values it replaced. An independent checker reads these. */
export type AuditEntry = {
  /** Order of the effects, from 1. */
  readonly seq: number;
  /** Sandbox time, ms. */
  readonly at: number;
  readonly object: string;
  readonly id: string;
  /** `archive` can be undone by `restore`, `delete` by nothing. */
  readonly kind: "create" | "update" | "archive" | "restore" | "delete" | "merge";
  /** Only the properties that the write named, as they were before it; empty for a create. */
  readonly before: Readonly<Record<string, AuditValue>>;
  /** The same properties as they are now; empty for an archive or delete. */
  readonly after: Readonly<Record<string, AuditValue>>;
  /** `api` for every write through the vendor's API, `user:<id>` for a person in the vendor's own interface, `seed` for bulk seeding. */
  readonly source: string;
};

export type AuditLog = {
  add(entry: Omit<AuditEntry, "seq">): void;
  /** Entries after `seq` (default: all), oldest first. */
  list(afterSeq?: number): readonly AuditEntry[];
  /** Puts back a saved log. */
  restore(entries: readonly AuditEntry[]): void;
};

export function createAuditLog(): AuditLog {
  let entries: AuditEntry[] = [];
  return {
    add: (entry) => void entries.push({ seq: entries.length + 1, ...entry }),
    list: (afterSeq = 0) => entries.slice(afterSeq),
    restore: (saved) => {
      entries = [...saved];
    },
  };
}
