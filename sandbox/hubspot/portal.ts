import type { AuditLog } from "../core/audit.ts";
import type { SeededRandom } from "../core/random.ts";
import type { Associations } from "./association.ts";
import { customType, type ObjectType, standardTypes, systemProperties } from "./object-type.ts";
import { completeProperty, type Property, type PropertyDraft } from "./property.ts";
import type { Actor, StoredRecord } from "./record.ts";
import { badRequest } from "./refusal.ts";
import { createSearchIndex, type SearchIndex } from "./search-index.ts";
import { createSortedIds, type SortedIds } from "./sorted-ids.ts";

/** All records of one type. */
export type Table = {
  readonly type: ObjectType;
  readonly properties: Map<string, Property>;
  readonly groups: Map<string, string>;
  readonly records: Map<string, StoredRecord>;
  readonly live: SortedIds;
  readonly archived: SortedIds;
  /** Ids merged away -> the survivor's. */
  readonly aliases: Map<string, string>;
  /** Unique property -> value -> id of the live record that has it. */
  readonly unique: Map<string, Map<string, string>>;
  readonly index: SearchIndex;
};

/** Something that happened to a record; webhooks tell it. */
export type PortalEvent =
  | {
      readonly kind: "creation" | "deletion" | "restore" | "privacyDeletion";
      readonly table: Table;
      readonly id: string;
      readonly actor: Actor;
    }
  | {
      readonly kind: "propertyChange";
      readonly table: Table;
      readonly id: string;
      readonly actor: Actor;
      readonly name: string;
      readonly value: string;
    }
  | {
      readonly kind: "merge";
      readonly table: Table;
      readonly id: string;
      readonly actor: Actor;
      readonly primaryId: string;
      readonly mergedIds: readonly string[];
      readonly moved: number;
    }
  | {
      readonly kind: "associationChange";
      readonly table: Table;
      readonly id: string;
      readonly actor: Actor;
      readonly to: { readonly table: Table; readonly id: string };
      readonly typeId: number;
      readonly removed: boolean;
    };

/** One HubSpot account. */
export type Portal = {
  readonly id: number;
  readonly appId: number;
  readonly tables: Map<string, Table>;
  readonly associations: Associations;
  readonly audit: AuditLog;
  readonly random: SeededRandom;
  readonly now: () => number;
  readonly indexLagMs: () => number;
  /** A merge keeps the primary's id instead of making a new one. */
  mergeKeepsPrimaryId: boolean;
  /** Batch reads answer ids that were merged away with the survivor; else these are not found. */
  batchReadsMergedIds: boolean;
  readonly listeners: ((event: PortalEvent) => void)[];
  readonly usedIds: Set<string>;
};

export function addStandardTables(portal: Portal): void {
  for (const { type, properties } of standardTypes) addTable(portal, type, properties);
}

export function addTable(portal: Portal, type: ObjectType, properties: readonly Property[]): Table {
  const table: Table = {
    type,
    properties: new Map(properties.map((property) => [property.name, property])),
    groups: new Map([[type.groupName, `${type.labels.singular} information`]]),
    records: new Map(),
    live: createSortedIds(),
    archived: createSortedIds(),
    aliases: new Map(),
    unique: new Map(),
    index: createSearchIndex(portal.now, portal.indexLagMs),
  };
  for (const property of properties) if (isUnique(table, property)) table.unique.set(property.name, new Map());
  portal.tables.set(type.id, table);
  return table;
}

export type CustomObjectDraft = {
  readonly name: string;
  readonly labels?: ObjectType["labels"];
  readonly properties: readonly PropertyDraft[];
  readonly requiredProperties?: readonly string[];
  readonly primaryDisplayProperty?: string;
};

/** Adds a custom object under the next free `2-NNN`. */
export function addCustomTable(portal: Portal, draft: CustomObjectDraft): Table {
  const customs = [...portal.tables.values()].filter((table) => table.type.custom).length;
  const display = draft.primaryDisplayProperty ?? draft.properties[0]?.name ?? "hs_object_id";
  const labels = draft.labels ?? { singular: draft.name, plural: `${draft.name}s` };
  const type = customType(`2-${100_001 + customs}`, draft.name, labels, draft.requiredProperties ?? [], display);
  const at = new Date(portal.now()).toISOString();
  const own = draft.properties.map((property) => completeProperty(property, type.groupName, at));
  return addTable(portal, type, [...own, ...systemProperties(type, at)]);
}

/** Contact e-mails, secondary ones too, count as unique although their definitions do not say so. */
export function isUnique(table: Table, property: Property): boolean {
  if (property.hasUniqueValue) return true;
  return table.type.name === "contacts" && (property.name === "email" || property.name === "hs_additional_emails");
}

function uniqueValues(name: string, record: StoredRecord | undefined): string[] {
  const value = record?.values[name] ?? "";
  const values = name === "hs_additional_emails" ? value.split(";") : [value];
  return values.filter((one) => one !== "");
}

/** Adds a property; values that records already have under that name (an earlier, removed property) are indexed if it is unique. */
export function addProperty(table: Table, property: Property): void {
  table.properties.set(property.name, property);
  if (!isUnique(table, property)) return;
  const taken = new Map<string, string>();
  for (const record of table.records.values()) {
    const value = record.values[property.name] ?? "";
    if (value !== "" && record.archivedAt === null) taken.set(value, record.id);
  }
  table.unique.set(property.name, taken);
}

export function fullyQualifiedName(portal: Portal, type: ObjectType): string {
  return `p${portal.id}_${type.name}`;
}

/** By id, plural, singular, custom name or fully qualified name. */
export function findTable(portal: Portal, name: string): Table | null {
  const direct = portal.tables.get(name);
  if (direct !== undefined) return direct;
  const wanted = name.toLowerCase();
  for (const table of portal.tables.values()) {
    const { type } = table;
    const names = type.custom ? [type.name, fullyQualifiedName(portal, type)] : [type.name, type.singular];
    if (names.includes(wanted)) return table;
  }
  return null;
}

export function tableOf(portal: Portal, name: string): Table {
  const table = findTable(portal, name);
  // Recorded without a category.
  if (table === null) throw badRequest(`Unable to infer object type from: ${name}`, { category: undefined as never });
  return table;
}

/** The live or archived record that `id` means now; ids that were merged away mean the survivor. */
export function findRecord(table: Table, id: string): StoredRecord | null {
  let at = id;
  for (let next = table.aliases.get(at); next !== undefined; next = table.aliases.get(at)) at = next;
  return table.records.get(at) ?? null;
}

/** Ids are not in the order of creation, as in the real thing. */
export function nextId(portal: Portal): string {
  for (;;) {
    const id = String(100_000_000_000 + portal.random.below(800_000_000_000));
    if (portal.usedIds.has(id)) continue;
    portal.usedIds.add(id);
    return id;
  }
}

/** Puts a version of a record in all of the table's books. */
export function store(table: Table, record: StoredRecord): void {
  const before = table.records.get(record.id);
  table.records.set(record.id, record);
  if (before === undefined || (before.archivedAt === null) !== (record.archivedAt === null)) {
    const [from, to] = record.archivedAt === null ? [table.archived, table.live] : [table.live, table.archived];
    from.delete(record.id);
    to.add(record.id);
  }
  for (const [name, taken] of table.unique) {
    for (const old of uniqueValues(name, before)) if (taken.get(old) === record.id) taken.delete(old);
    if (record.archivedAt !== null) continue;
    for (const value of uniqueValues(name, record)) taken.set(value, record.id);
  }
  table.index.put(record.id, record.archivedAt === null ? record : null);
}

/** Takes a merged-away record out of all books. */
export function remove(table: Table, record: StoredRecord): void {
  table.records.delete(record.id);
  table.live.delete(record.id);
  table.archived.delete(record.id);
  for (const [name, taken] of table.unique) {
    for (const value of uniqueValues(name, record)) if (taken.get(value) === record.id) taken.delete(value);
  }
  table.index.put(record.id, null);
}

export function tell(portal: Portal, event: PortalEvent): void {
  for (const listener of portal.listeners) listener(event);
}
