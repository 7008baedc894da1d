import type { Portal, Table } from "./portal.ts";
import type { HistoryEntry, StoredRecord } from "./record.ts";

/** A record as the objects API answers it. */
export type RenderedRecord = {
  readonly id: string;
  readonly properties: Readonly<Record<string, string | null>>;
  readonly propertiesWithHistory?: Readonly<Record<string, readonly RenderedVersion[]>>;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly archived: boolean;
  readonly archivedAt?: string;
  readonly url: string;
};

export type RenderedVersion = {
  readonly value: string;
  readonly timestamp: string;
  readonly sourceType: string;
  readonly sourceId?: string;
  readonly updatedByUserId?: number;
};

export type Selection = { readonly properties: readonly string[]; readonly propertiesWithHistory: readonly string[] };

/** The current value of any property, system ones included; `null` when it has none. */
export function propertyValue(table: Table, record: StoredRecord, name: string): string | null {
  const own = record.values[name];
  if (own !== undefined) return own === "" ? null : own;
  switch (name) {
    case table.type.createdProperty:
      return iso(record.createdAt);
    case table.type.modifiedProperty:
      return iso(record.updatedAt);
    case "hs_object_id":
      return record.id;
    case "hs_object_source":
    case "hs_object_source_label":
      return record.createdBy.sourceType;
    case "hs_object_source_id":
      return record.createdBy.sourceId;
    case "hs_email_domain":
      return record.values["email"]?.split("@")[1] ?? null;
    default:
      return null;
  }
}

/** What a read answers: the selected properties that exist (defaults if none is selected), and always id and times. */
export function renderRecord(portal: Portal, table: Table, record: StoredRecord, selection: Selection): RenderedRecord {
  const { type } = table;
  const chosen = selection.properties.length > 0 ? selection.properties : type.defaultProperties;
  const names = [
    ...chosen,
    ...selection.propertiesWithHistory,
    type.createdProperty,
    type.modifiedProperty,
    "hs_object_id",
  ];
  const properties: Record<string, string | null> = {};
  for (const name of [...new Set(names)].sort()) {
    if (table.properties.has(name)) properties[name] = propertyValue(table, record, name);
  }
  return {
    id: record.id,
    properties,
    ...(selection.propertiesWithHistory.length > 0 ? historyOf(table, record, selection.propertiesWithHistory) : {}),
    ...common(portal, table, record),
  };
}

/** What a write answers: the written properties as they are stored, and some of the system's own. */
export function renderWritten(
  portal: Portal,
  table: Table,
  record: StoredRecord,
  written: readonly string[],
): Omit<RenderedRecord, "propertiesWithHistory"> {
  const { type } = table;
  const system = [
    type.createdProperty,
    type.modifiedProperty,
    "hs_object_id",
    "hs_object_source",
    "hs_object_source_id",
    "hs_object_source_label",
    "lifecyclestage",
    "pipeline",
  ];
  const properties: Record<string, string | null> = {};
  for (const name of [...new Set([...written, ...system])].sort()) {
    const value = propertyValue(table, record, name);
    if (value !== null) properties[name] = value;
    else if (written.includes(name)) properties[name] = "";
  }
  return { id: record.id, properties, ...common(portal, table, record) };
}

function historyOf(table: Table, record: StoredRecord, names: readonly string[]) {
  const known = names.filter((name) => table.properties.has(name));
  return {
    propertiesWithHistory: Object.fromEntries(
      known.map((name) => [name, (record.history[name] ?? []).map(renderVersion)]),
    ),
  };
}

function renderVersion(entry: HistoryEntry): RenderedVersion {
  return {
    value: entry.value,
    timestamp: iso(entry.timestamp),
    sourceType: entry.sourceType,
    ...(entry.sourceId === null ? {} : { sourceId: entry.sourceId }),
    ...(entry.userId === null ? {} : { updatedByUserId: entry.userId }),
  };
}

function common(portal: Portal, table: Table, record: StoredRecord) {
  return {
    createdAt: iso(record.createdAt),
    updatedAt: iso(record.updatedAt),
    archived: record.archivedAt !== null,
    ...(record.archivedAt === null ? {} : { archivedAt: iso(record.archivedAt) }),
    url: `https://app.hubspot.com/contacts/${portal.id}/record/${table.type.id}/${record.id}`,
  };
}

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** The start of every batch answer. */
export function batchTimes(portal: Portal) {
  const at = iso(portal.now());
  return { status: "COMPLETE", startedAt: at, completedAt: at };
}
