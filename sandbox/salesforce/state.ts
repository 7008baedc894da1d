import type { AuditEntry } from "../core/audit.ts";
import type { Field } from "./field.ts";
import { addTable, type ObjectType, type Org, type StoredRecord, type Table, uniqueKey } from "./org.ts";
import { entityOf } from "./pubsub/event-log.ts";

/** Everything that a restart must not lose. */
export type SavedState = {
  readonly tables: readonly {
    readonly type: ObjectType;
    readonly fields: readonly Field[];
    readonly records: readonly StoredRecord[];
    readonly deleteLog: Table["deleteLog"];
    readonly nextNumber: number;
  }[];
  readonly audit: readonly AuditEntry[];
  readonly duplicateRules: Org["duplicateRules"];
  readonly selectedObjects: readonly string[];
  readonly deletesKnownSince: number;
};

export function snapshotOf(org: Org): SavedState {
  return {
    tables: [...org.tables.values()].map(({ type, fields, records, deleteLog, nextNumber }) => ({
      type,
      fields: [...fields.values()],
      records: [...records.values()],
      deleteLog,
      nextNumber,
    })),
    audit: org.audit.list(),
    duplicateRules: org.duplicateRules,
    selectedObjects: [...org.tables.values()].flatMap((table) => {
      return org.selectedEntities.has(entityOf(table)) ? [table.type.name] : [];
    }),
    deletesKnownSince: org.deletesKnownSince,
  };
}

/** Replaces the state by a saved one. */
export function restoreState(org: Org, saved: SavedState): void {
  org.tables.clear();
  for (const { type, fields, records, deleteLog, nextNumber } of saved.tables) {
    const table = addTable(org, { ...type, fields: [] });
    table.fields.clear();
    table.unique.clear();
    for (const field of fields) {
      table.fields.set(field.name, field);
      if (field.unique || field.externalId) table.unique.set(field.name, new Map());
    }
    for (const record of records) {
      table.records.set(record.id, record);
      for (const [name, owners] of table.unique) {
        const value = record.values[name] ?? null;
        if (value !== null && !record.isDeleted) owners.set(uniqueKey(table.fields.get(name)!, value), record.id);
      }
    }
    table.deleteLog = [...deleteLog];
    table.nextNumber = nextNumber;
  }
  org.audit.restore(saved.audit);
  org.duplicateRules = saved.duplicateRules;
  org.deletesKnownSince = saved.deletesKnownSince;
}
