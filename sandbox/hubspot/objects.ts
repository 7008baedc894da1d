import type { SandboxAnswer } from "../core/serve.ts";
import { associateAll } from "./association-api.ts";
import { type JsonObject, objectsIn, propertiesIn, stringIn, wholeNumber } from "./body.ts";
import { findRecord, findTable, type Portal, type Table, tell } from "./portal.ts";
import type { Actor, StoredRecord } from "./record.ts";
import { badRequest, invalidValues, notFound } from "./refusal.ts";
import { renderRecord, renderWritten, type Selection } from "./render.ts";
import { compareIds } from "./sorted-ids.ts";
import { archive, checkValues, create, holderOf, liveRecord, merge, uniqueClash, update } from "./write.ts";

const pageLimitMax = 100;
/** With history a page is smaller. */
export const historyLimitMax = 50;

/** `GET /crm/v3/objects/{type}`: by id ascending; `after` is the id that the next page begins at. */
export function listObjects(portal: Portal, table: Table, query: URLSearchParams, link: string): SandboxAnswer {
  const selection = selectionOf(query);
  const limit = wholeNumber(query.get("limit"), "limit", 10);
  const limitMax = selection.propertiesWithHistory.length > 0 ? historyLimitMax : pageLimitMax;
  if (limit < 1 || limit > limitMax) throw badRequest(`limit must be between 1 and ${limitMax}, not ${limit}`);
  const after = query.get("after");
  if (after !== null && !/^\d+$/.test(after)) throw badRequest(`Invalid paging token: ${after}`);
  const ids = (query.get("archived") === "true" ? table.archived : table.live).page(after, limit + 1);
  const linked = namesIn(query, "associations");
  const results = ids.slice(0, limit).map((id) => {
    const record = table.records.get(id)!;
    return { ...renderRecord(portal, table, record, selection), ...associationsOf(portal, table, record, linked) };
  });
  const next = ids[limit];
  if (next === undefined) return { status: 200, body: { results } };
  return { status: 200, body: { results, paging: { next: { after: next, link: `${link}?after=${next}` } } } };
}

/** `GET /crm/v3/objects/{type}/{id}` */
export function readObject(portal: Portal, table: Table, id: string, query: URLSearchParams): SandboxAnswer {
  const idProperty = query.get("idProperty");
  const found = idProperty === null ? findRecord(table, id) : recordByProperty(table, idProperty, id);
  const archived = query.get("archived") === "true";
  if (found === null || (found.archivedAt !== null) !== archived) throw notFound(id);
  const linked = namesIn(query, "associations");
  const body = {
    ...renderRecord(portal, table, found, selectionOf(query)),
    ...associationsOf(portal, table, found, linked),
  };
  return { status: 200, body };
}

/** `POST /crm/v3/objects/{type}` */
export function createObject(portal: Portal, table: Table, body: JsonObject, actor: Actor): SandboxAnswer {
  const { values, problems } = checkValues(table, propertiesIn(body), null);
  if (problems.length > 0) throw invalidValues(problems);
  const clash = uniqueClash(table, values, null);
  if (clash !== null) throw clash.refusal;
  const links = body["associations"] === undefined ? [] : objectsIn(body, "associations");
  const record = create(portal, table, values, actor);
  associateAll(portal, table, record.id, links, actor);
  return { status: 201, body: renderWritten(portal, table, record, Object.keys(values)) };
}

/** `PATCH /crm/v3/objects/{type}/{id}` */
export function updateObject(
  portal: Portal,
  table: Table,
  id: string,
  idProperty: string | null,
  body: JsonObject,
  actor: Actor,
): SandboxAnswer {
  const record = idProperty === null ? liveRecord(table, id) : recordByProperty(table, idProperty, id);
  if (record === null) throw notFound(id);
  const { values, problems } = checkValues(table, propertiesIn(body), record);
  if (problems.length > 0) throw invalidValues(problems);
  const clash = uniqueClash(table, values, record.id);
  if (clash !== null) throw clash.refusal;
  const updated = update(portal, table, record, values, actor);
  return { status: 200, body: renderWritten(portal, table, updated, Object.keys(values)) };
}

/** `DELETE /crm/v3/objects/{type}/{id}`: 204 also for a record that is archived already. */
export function archiveObject(portal: Portal, table: Table, id: string, actor: Actor): SandboxAnswer {
  const record = findRecord(table, id);
  if (record === null) throw notFound(id);
  if (record.archivedAt === null) archive(portal, table, record, actor);
  return { status: 204, body: null };
}

/** `POST /crm/v3/objects/{type}/merge` */
export function mergeObjects(portal: Portal, table: Table, body: JsonObject, actor: Actor): SandboxAnswer {
  const record = merge(portal, table, stringIn(body, "primaryObjectId"), stringIn(body, "objectIdToMerge"), actor);
  return { status: 200, body: renderWritten(portal, table, record, Object.keys(record.values)) };
}

/** The live record with this value in a property that identifies. Throws when the property does not. */
export function recordByProperty(table: Table, name: string, value: string): StoredRecord | null {
  const property = table.properties.get(name);
  if (name === "hs_object_id") return liveOrNull(findRecord(table, value));
  const identifies = property?.hasUniqueValue || (table.type.name === "contacts" && name === "email");
  if (!identifies) throw badRequest(`Unable to perform update/upsert by non-unique contact property: ${name}`);
  const id = holderOf(table, name, name === "email" ? value.trim().toLowerCase() : value);
  return id === null ? null : table.records.get(id)!;
}

function liveOrNull(record: StoredRecord | null): StoredRecord | null {
  return record?.archivedAt === null ? record : null;
}

function selectionOf(query: URLSearchParams): Selection {
  return {
    properties: namesIn(query, "properties"),
    propertiesWithHistory: namesIn(query, "propertiesWithHistory"),
  };
}

/** Comma-separated, repeated, or both. */
function namesIn(query: URLSearchParams, name: string): string[] {
  return query
    .getAll(name)
    .flatMap((text) => text.split(","))
    .map((one) => one.trim())
    .filter((one) => one !== "");
}

function associationsOf(portal: Portal, table: Table, record: StoredRecord, names: readonly string[]) {
  const associations: Record<string, object> = {};
  for (const name of names) {
    const other = findTable(portal, name);
    if (other === null) throw badRequest(`Unable to infer object type from: ${name}`);
    const results = portal.associations
      .list(table.type.id, record.id, other.type.id)
      .toSorted((a, b) => compareIds(a.toId, b.toId))
      .flatMap(({ toId, typeIds }) =>
        portal.associations
          .typesOf(table.type.id, other.type.id)
          .filter(({ typeId }) => typeIds.has(typeId))
          .map(({ unlabelled, label }) => ({
            id: toId,
            type: `${table.type.singular}_to_${other.type.singular}${unlabelled ? "" : `_${label!.toLowerCase()}`}`,
          })),
      );
    if (results.length > 0) associations[other.type.name] = { results };
  }
  return Object.keys(associations).length > 0 ? { associations } : {};
}

/** `POST /crm/v3/objects/contacts/gdpr-delete`: gone for good, from the recycle bin too. */
export function eraseContact(portal: Portal, table: Table, body: JsonObject, actor: Actor): SandboxAnswer {
  const id = stringIn(body, "objectId");
  const record = body["idProperty"] === "email" ? recordByProperty(table, "email", id) : findRecord(table, id);
  if (record === null) return { status: 204, body: null };
  if (record.archivedAt === null) archive(portal, table, record, actor);
  const gone = table.records.get(record.id)!;
  table.records.delete(record.id);
  table.archived.delete(gone.id);
  tell(portal, { kind: "privacyDeletion", table, id: gone.id, actor });
  return { status: 204, body: null };
}
