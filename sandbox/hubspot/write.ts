import { findRecord, isUnique, nextId, type Portal, remove, store, type Table, tell } from "./portal.ts";
import { type Actor, type StoredRecord, withValues } from "./record.ts";
import { alreadyExists, badRequest, invalidValues, notFound, type Refusal, type ValueProblem } from "./refusal.ts";
import { parseValue } from "./value.ts";

/** Values that passed every check and may be stored. */
export type Values = Readonly<Record<string, string>>;

/** Parses and checks the properties of one row; `record` is `null` for a create. Throws nothing: problems are listed. */
export function checkValues(
  table: Table,
  properties: Readonly<Record<string, unknown>>,
  record: StoredRecord | null,
): { readonly values: Values; readonly problems: readonly ValueProblem[] } {
  const values: Record<string, string> = {};
  const problems: ValueProblem[] = [];
  for (const [name, sent] of Object.entries(properties)) {
    const property = table.properties.get(name);
    if (property === undefined) {
      problems.push({ name, code: "PROPERTY_DOESNT_EXIST", message: `Property "${name}" does not exist` });
      continue;
    }
    if (property.modificationMetadata.readOnlyValue || property.calculated) {
      problems.push({
        name,
        code: "READ_ONLY_VALUE",
        message: `"${name}" is a read only property; its value cannot be set.`,
      });
      continue;
    }
    const parsed = parseValue(table.type, property, sent, record?.values[name] ?? "");
    if (parsed.ok) values[name] = parsed.value;
    else problems.push(parsed.problem);
  }
  if (record === null && problems.length === 0) problems.push(...missingRequired(table, values));
  return { values, problems };
}

function missingRequired(table: Table, values: Values): ValueProblem[] {
  return table.type.requiredOneOf
    .filter((names) => names.every((name) => (values[name] ?? "") === ""))
    .map((names) => ({
      name: names[0]!,
      code: "REQUIRED_FIELD",
      message: `One of these properties is required: ${names.join(", ")}`,
    }));
}

/** The refusal for a value that another record holds, or `null`. */
export function uniqueClash(table: Table, values: Values, ownId: string | null): Clash | null {
  for (const [name, value] of Object.entries(values)) {
    const property = table.properties.get(name);
    if (value === "" || property === undefined || !isUnique(table, property)) continue;
    const holder = holderOf(table, name, value);
    if (holder !== null && holder !== ownId) return clash(table, name, value, holder, ownId);
  }
  return null;
}

export type Clash = { readonly existingId: string; readonly refusal: Refusal };

/** Id of the live record that a unique value identifies. Secondary e-mail addresses of contacts identify too. */
export function holderOf(table: Table, name: string, value: string): string | null {
  const direct = table.unique.get(name)?.get(value);
  if (direct !== undefined) return direct;
  return name === "email" ? (table.unique.get("hs_additional_emails")?.get(value) ?? null) : null;
}

function clash(table: Table, name: string, value: string, existingId: string, ownId: string | null): Clash {
  if (name === "email") return { existingId, refusal: alreadyExists(table.type.singular, existingId) };
  const where = `PropertyValueCoordinates{objectTypeId=${table.type.id}, propertyName=${name}, value=${value}}`;
  const message = `Cannot set ${where} on ${ownId ?? "a new record"}. ${existingId} already has that value.`;
  return { existingId, refusal: invalidValues([{ name, code: "CONFLICTING_UNIQUE_VALUE", message }]) };
}

/** Creates a record from checked values. */
export function create(
  portal: Portal,
  table: Table,
  values: Values,
  actor: Actor,
  given: { readonly id?: string; readonly at?: number } = {},
): StoredRecord {
  const at = given.at ?? portal.now();
  const id = given.id ?? nextId(portal);
  portal.usedIds.add(id);
  const blank: StoredRecord = {
    id,
    createdAt: at,
    updatedAt: at,
    archivedAt: null,
    values: {},
    history: {},
    createdBy: actor,
  };
  const record = withValues(blank, withDefaults(table, values), actor, at) ?? blank;
  store(table, record);
  portal.audit.add({
    at,
    object: table.type.name,
    id,
    kind: "create",
    before: {},
    after: record.values,
    source: actor.source,
  });
  tell(portal, { kind: "creation", table, id, actor });
  tellChanges(portal, table, null, record, actor);
  return record;
}

function withDefaults(table: Table, values: Values): Values {
  if (table.type.name === "contacts" || table.type.name === "companies") return { lifecyclestage: "lead", ...values };
  if (table.type.name === "deals") return { pipeline: "default", ...values };
  return values;
}

/** Applies checked values. The audit log also has writes that change nothing: they were sent. */
export function update(portal: Portal, table: Table, record: StoredRecord, values: Values, actor: Actor): StoredRecord {
  const at = portal.now();
  const updated = withValues(record, values, actor, at) ?? record;
  const pick = (from: StoredRecord) =>
    Object.fromEntries(Object.keys(values).map((name) => [name, from.values[name] || null]));
  portal.audit.add({
    at,
    object: table.type.name,
    id: record.id,
    kind: "update",
    before: pick(record),
    after: pick(updated),
    source: actor.source,
  });
  if (updated === record) return record;
  store(table, updated);
  tellChanges(portal, table, record, updated, actor);
  return updated;
}

function tellChanges(
  portal: Portal,
  table: Table,
  before: StoredRecord | null,
  after: StoredRecord,
  actor: Actor,
): void {
  for (const [name, value] of Object.entries(after.values)) {
    if (value === (before?.values[name] ?? "")) continue;
    tell(portal, { kind: "propertyChange", table, id: after.id, actor, name, value });
  }
}

/** Puts a record in the recycle bin. Its modified time stays as it is. */
export function archive(portal: Portal, table: Table, record: StoredRecord, actor: Actor): void {
  const at = portal.now();
  store(table, { ...record, archivedAt: at });
  portal.audit.add({
    at,
    object: table.type.name,
    id: record.id,
    kind: "archive",
    before: record.values,
    after: {},
    source: actor.source,
  });
  tell(portal, { kind: "deletion", table, id: record.id, actor });
}

export function restoreRecord(portal: Portal, table: Table, record: StoredRecord, actor: Actor): void {
  store(table, { ...record, archivedAt: null });
  portal.audit.add({
    at: portal.now(),
    object: table.type.name,
    id: record.id,
    kind: "restore",
    before: {},
    after: record.values,
    source: actor.source,
  });
  tell(portal, { kind: "restore", table, id: record.id, actor });
}

/**
 * Merges `loserId` into `primaryId`. The primary's values win, the loser's fill its blanks. The survivor gets a new id unless the
 * portal keeps the primary's; the ids that end are aliases of it and never show up as archived.
 */
export function merge(portal: Portal, table: Table, primaryId: string, loserId: string, actor: Actor): StoredRecord {
  const primary = liveRecord(table, primaryId);
  const loser = liveRecord(table, loserId);
  if (primary.id === loser.id) throw badRequest("Cannot merge an object into itself");
  const at = portal.now();
  const id = portal.mergeKeepsPrimaryId ? primary.id : nextId(portal);
  const ended = [primary, loser].filter((record) => record.id !== id);
  for (const record of [primary, loser]) remove(table, record);
  for (const record of ended) {
    table.aliases.set(record.id, id);
    portal.associations.move(table.type.id, record.id, id);
  }
  const mergeActor: Actor = { ...actor, sourceType: "MERGE_OBJECTS" };
  const values = mergedValues(
    table,
    primary,
    loser,
    ended.map((record) => record.id),
  );
  const survivor = withValues(
    { ...primary, id, createdAt: Math.min(primary.createdAt, loser.createdAt) },
    values,
    mergeActor,
    at,
  );
  const record: StoredRecord = { ...(survivor ?? primary), id, updatedAt: at };
  store(table, record);
  portal.audit.add({
    at,
    object: table.type.name,
    id,
    kind: "merge",
    before: primary.values,
    after: record.values,
    source: actor.source,
  });
  const moved = Object.keys(values).length;
  tell(portal, { kind: "merge", table, id, actor, primaryId: primary.id, mergedIds: [loser.id], moved });
  return record;
}

function mergedValues(table: Table, primary: StoredRecord, loser: StoredRecord, ended: readonly string[]): Values {
  const values: Record<string, string> = {};
  for (const [name, value] of Object.entries(loser.values)) {
    if ((primary.values[name] ?? "") === "" && value !== "") values[name] = value;
  }
  const list = (name: string, ...more: (string | undefined)[]) => {
    const all = [primary.values[name], loser.values[name], ...more].flatMap((text) => (text ?? "").split(";"));
    return [...new Set(all.filter((one) => one !== ""))].join(";");
  };
  values["hs_merged_object_ids"] = list("hs_merged_object_ids", ...ended);
  if (table.type.name === "contacts" && (primary.values["email"] ?? "") !== "") {
    values["hs_additional_emails"] = list("hs_additional_emails", loser.values["email"]);
  }
  return values;
}

/** The live record that `id` means. Throws the 404. */
export function liveRecord(table: Table, id: string): StoredRecord {
  const record = findRecord(table, id);
  if (record === null || record.archivedAt !== null) throw notFound(id);
  return record;
}
