import type { SandboxAnswer } from "../core/serve.ts";
import { isObject, type JsonObject, objectsIn, stringIn, wholeNumber } from "./body.ts";
import { findRecord, type Portal, type Table, tell } from "./portal.ts";
import type { Actor } from "./record.ts";
import { badRequest, type ErrorItem } from "./refusal.ts";
import { batchTimes } from "./render.ts";
import { compareIds } from "./sorted-ids.ts";
import { liveRecord } from "./write.ts";

type Side = { readonly table: Table; readonly id: string };

function link(portal: Portal, from: Side, to: Side, typeId: number, actor: Actor): void {
  const types = portal.associations.typesOf(from.table.type.id, to.table.type.id);
  const type = types.find((one) => one.typeId === typeId);
  if (type === undefined) {
    throw badRequest(`Invalid association type ${typeId} from ${from.table.type.name} to ${to.table.type.name}`);
  }
  audited(portal, from, to, type.label, actor, () => {
    // There is one primary company: another one takes its place, and the first stays associated without the label.
    for (const id of type.label === "Primary" ? associatedIds(portal, from, to.table, type.label) : []) {
      if (id === to.id) continue;
      portal.associations.remove(from.table.type.id, from.id, to.table.type.id, id, typeId);
      tellBoth(portal, from, { table: to.table, id }, typeId, type.inverse, actor, true);
    }
    if (!portal.associations.add(from.table.type.id, from.id, to.table.type.id, to.id, typeId)) return;
    tellBoth(portal, from, to, typeId, type.inverse, actor, false);
  });
}

function unlink(portal: Portal, from: Side, to: Side, typeId: number | null, actor: Actor): void {
  const types = portal.associations.typesOf(from.table.type.id, to.table.type.id);
  const label = types.find((type) => type.typeId === typeId)?.label ?? null;
  audited(portal, from, to, label, actor, () => {
    for (const gone of portal.associations.remove(from.table.type.id, from.id, to.table.type.id, to.id, typeId)) {
      tellBoth(portal, from, to, gone, types.find((type) => type.typeId === gone)!.inverse, actor, true);
    }
  });
}

/** The audit has associations as if they were a property of the record that the call is about, its ids separated by semicolons. */
function audited(portal: Portal, from: Side, to: Side, label: string | null, actor: Actor, change: () => void): void {
  const name = `associations.${to.table.type.name}${label === null ? "" : `:${label}`}`;
  const now = () => ({ [name]: associatedIds(portal, from, to.table, label).join(";") || null });
  const before = now();
  change();
  const { source } = actor;
  portal.audit.add({
    at: portal.now(),
    object: from.table.type.name,
    id: from.id,
    kind: "update",
    before,
    after: now(),
    source,
  });
}

/** Ids of what a record is associated with, by this label or (`null`) at all. */
export function associatedIds(portal: Portal, from: Side, to: Table, label: string | null): readonly string[] {
  const types = portal.associations.typesOf(from.table.type.id, to.type.id);
  const wanted = types.find((type) => type.label === label)?.typeId;
  if (wanted === undefined)
    throw new Error(`${from.table.type.name} and ${to.type.name} have no association ${label}.`);
  return portal.associations
    .list(from.table.type.id, from.id, to.type.id)
    .filter(({ typeIds }) => typeIds.has(wanted))
    .map(({ toId }) => toId)
    .sort(compareIds);
}

/** Makes one record (`null`: none) the only one that another is associated with by this label. */
export function associateOnly(
  portal: Portal,
  from: Side,
  to: { readonly table: Table; readonly id: string | null },
  label: string | null,
  actor: Actor,
): void {
  const types = portal.associations.typesOf(from.table.type.id, to.table.type.id);
  const typeId = types.find((type) => type.label === label)?.typeId ?? 0;
  for (const id of associatedIds(portal, from, to.table, label))
    if (id !== to.id) unlink(portal, from, { table: to.table, id }, typeId, actor);
  if (to.id !== null) link(portal, from, { table: to.table, id: liveRecord(to.table, to.id).id }, typeId, actor);
}

function tellBoth(
  portal: Portal,
  from: Side,
  to: Side,
  typeId: number,
  inverse: number,
  actor: Actor,
  removed: boolean,
): void {
  tell(portal, { kind: "associationChange", table: from.table, id: from.id, actor, to, typeId, removed });
  tell(portal, { kind: "associationChange", table: to.table, id: to.id, actor, to: from, typeId: inverse, removed });
}

function unlabelled(portal: Portal, from: Table, to: Table): number {
  return portal.associations.typesOf(from.type.id, to.type.id).find((type) => type.unlabelled)!.typeId;
}

/** Links a record that was just created; `to` names no type, so the type id does. */
export function associateAll(
  portal: Portal,
  table: Table,
  id: string,
  links: readonly JsonObject[],
  actor: Actor,
): void {
  for (const one of links) {
    const toId = isObject(one["to"]) ? stringIn(one["to"], "id") : stringIn(one, "to");
    for (const type of objectsIn(one, "types")) {
      const typeId = Number(type["associationTypeId"]);
      const other = [...portal.tables.values()].find((candidate) =>
        portal.associations.typesOf(table.type.id, candidate.type.id).some((known) => known.typeId === typeId),
      );
      if (other === undefined) throw badRequest(`Invalid association type ${typeId} from ${table.type.name}`);
      link(portal, { table, id }, { table: other, id: liveRecord(other, toId).id }, typeId, actor);
    }
  }
}

/** `GET /crm/v4/objects/{a}/{id}/associations/{b}` */
export function listAssociations(
  portal: Portal,
  from: Table,
  id: string,
  to: Table,
  query: URLSearchParams,
): SandboxAnswer {
  const record = liveRecord(from, id);
  const limit = wholeNumber(query.get("limit"), "limit", 500);
  if (limit < 1 || limit > 500) throw badRequest("limit must be between 1 and 500");
  const start = wholeNumber(query.get("after"), "after", 0);
  const all = rendered(portal, from, record.id, to);
  const results = all.slice(start, start + limit);
  const next = start + limit < all.length ? { paging: { next: { after: String(start + limit) } } } : {};
  return { status: 200, body: { results, ...next } };
}

function rendered(portal: Portal, from: Table, id: string, to: Table) {
  const types = portal.associations.typesOf(from.type.id, to.type.id);
  return portal.associations
    .list(from.type.id, id, to.type.id)
    .toSorted((a, b) => compareIds(a.toId, b.toId))
    .map(({ toId, typeIds }) => ({
      toObjectId: Number(toId),
      associationTypes: types
        .filter(({ typeId }) => typeIds.has(typeId))
        .map(({ category, typeId, label }) => ({ category, typeId, label })),
    }));
}

/** `PUT /crm/v4/objects/{a}/{id}/associations/default/{b}/{id}`: the unlabelled link. */
export function associateDefault(portal: Portal, from: Side, to: Side, actor: Actor): SandboxAnswer {
  const sides = live(from, to);
  link(portal, sides.from, sides.to, unlabelled(portal, from.table, to.table), actor);
  const results = [{ from: { id: from.id }, to: { id: to.id }, associationSpec: specOf(portal, from.table, to.table) }];
  return { status: 200, body: { ...batchTimes(portal), results } };
}

function specOf(portal: Portal, from: Table, to: Table) {
  return { associationCategory: "HUBSPOT_DEFINED", associationTypeId: unlabelled(portal, from, to) };
}

function live(from: Side, to: Side) {
  return {
    from: { table: from.table, id: liveRecord(from.table, from.id).id },
    to: { table: to.table, id: liveRecord(to.table, to.id).id },
  };
}

/** `PUT /crm/v4/objects/{a}/{id}/associations/{b}/{id}`: replaces the set of labels. */
export function setLabels(
  portal: Portal,
  from: Side,
  to: Side,
  types: readonly JsonObject[],
  actor: Actor,
): SandboxAnswer {
  const sides = live(from, to);
  const wanted = types.map((type) => Number(type["associationTypeId"]));
  const { associations } = portal;
  const have = associations
    .list(from.table.type.id, sides.from.id, to.table.type.id)
    .find((one) => one.toId === sides.to.id);
  for (const typeId of have?.typeIds ?? []) {
    if (!wanted.includes(typeId) && typeId !== unlabelled(portal, from.table, to.table)) {
      unlink(portal, sides.from, sides.to, typeId, actor);
    }
  }
  for (const typeId of wanted) link(portal, sides.from, sides.to, typeId, actor);
  const labels = associations
    .typesOf(from.table.type.id, to.table.type.id)
    .flatMap(({ typeId, label }) => (wanted.includes(typeId) && label !== null ? [label] : []));
  return {
    status: 201,
    body: {
      fromObjectTypeId: from.table.type.id,
      fromObjectId: Number(sides.from.id),
      toObjectTypeId: to.table.type.id,
      toObjectId: Number(sides.to.id),
      labels,
    },
  };
}

/** `DELETE` of the same path: no link is left. */
export function dissociate(portal: Portal, from: Side, to: Side, actor: Actor): SandboxAnswer {
  const sides = live(from, to);
  unlink(portal, sides.from, sides.to, null, actor);
  return { status: 204, body: null };
}

/** `POST /crm/v4/associations/{a}/{b}/batch/{what}` */
export function batchAssociations(
  portal: Portal,
  from: Table,
  to: Table,
  what: string,
  body: JsonObject,
  actor: Actor,
): SandboxAnswer | null {
  const inputs = objectsIn(body, "inputs");
  const limit = what === "read" ? 1000 : 2000;
  if (inputs.length > limit) throw badRequest(`The number of inputs (${inputs.length}) exceeds the limit of ${limit}`);
  if (what === "read") return readAll(portal, from, to, inputs);
  if (what === "create" || what === "associate/default") return createAll(portal, from, to, what, inputs, actor);
  if (what !== "archive" && what !== "labels/archive") return null;
  for (const input of inputs) {
    const fromId = idIn(input, "from");
    const targets = Array.isArray(input["to"]) ? input["to"].filter(isObject) : [input["to"] as JsonObject];
    for (const target of targets) {
      const sides = [
        { table: from, id: fromId },
        { table: to, id: stringIn(target, "id") },
      ] as const;
      if (what === "archive") unlink(portal, ...sides, null, actor);
      else
        for (const type of objectsIn(input, "types"))
          unlink(portal, ...sides, Number(type["associationTypeId"]), actor);
    }
  }
  return { status: 204, body: null };
}

function idIn(input: JsonObject, name: string): string {
  const side = input[name];
  if (!isObject(side)) throw badRequest(`Some required fields were not set: [${name}]`);
  return stringIn(side, "id");
}

function readAll(portal: Portal, from: Table, to: Table, inputs: readonly JsonObject[]): SandboxAnswer {
  const results: object[] = [];
  const errors: ErrorItem[] = [];
  for (const input of inputs) {
    const id = stringIn(input, "id");
    const record = findRecord(from, id);
    const found = record === null ? [] : rendered(portal, from, record.id, to);
    if (found.length > 0) results.push({ from: { id }, to: found });
    else {
      errors.push({
        status: "error",
        category: "OBJECT_NOT_FOUND",
        subCategory: "crm.associations.NO_ASSOCIATIONS_FOUND",
        message: `No ${to.type.singular} is associated with ${from.type.singular} ${id}.`,
        context: { fromObjectId: [id], fromObjectType: [from.type.singular], toObjectType: [to.type.singular] },
      });
    }
  }
  const body = { ...batchTimes(portal), results };
  return errors.length === 0
    ? { status: 200, body }
    : { status: 207, body: { ...body, errors, numErrors: errors.length } };
}

function createAll(
  portal: Portal,
  from: Table,
  to: Table,
  what: "create" | "associate/default",
  inputs: readonly JsonObject[],
  actor: Actor,
): SandboxAnswer {
  const results: object[] = [];
  const errors: ErrorItem[] = [];
  for (const input of inputs) {
    const ids = { from: idIn(input, "from"), to: idIn(input, "to") };
    const [a, b] = [findRecord(from, ids.from), findRecord(to, ids.to)];
    if (a === null || b === null || a.archivedAt !== null || b.archivedAt !== null) {
      errors.push({
        status: "error",
        category: "OBJECT_NOT_FOUND",
        message: "Some objects do not exist.",
        context: { fromObjectId: [ids.from], toObjectId: [ids.to] },
      });
      continue;
    }
    const sides = { from: { table: from, id: a.id }, to: { table: to, id: b.id } };
    if (what === "associate/default") {
      link(portal, sides.from, sides.to, unlabelled(portal, from, to), actor);
      results.push({ from: { id: a.id }, to: { id: b.id }, associationSpec: specOf(portal, from, to) });
      continue;
    }
    for (const type of objectsIn(input, "types")) {
      link(portal, sides.from, sides.to, Number(type["associationTypeId"]), actor);
    }
    results.push({
      fromObjectTypeId: from.type.id,
      fromObjectId: Number(a.id),
      toObjectTypeId: to.type.id,
      toObjectId: Number(b.id),
      labels: [],
    });
  }
  const body = { ...batchTimes(portal), results };
  if (errors.length > 0) return { status: 207, body: { ...body, errors, numErrors: errors.length } };
  return { status: what === "create" ? 201 : 200, body };
}

/** `GET /crm/v4/associations/{a}/{b}/labels` */
export function listLabels(portal: Portal, from: Table, to: Table): SandboxAnswer {
  const results = portal.associations
    .typesOf(from.type.id, to.type.id)
    .map(({ category, typeId, label }) => ({ category, typeId, label }));
  return { status: 200, body: { results } };
}
