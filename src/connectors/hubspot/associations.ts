import type { CellName, RecordId } from "../../model/record.ts";
import { type SyncError, SyncFailure } from "../../model/sync-error.ts";
import type { FieldValue, RawValue } from "../../model/value.ts";
import type { MappedCell, MappedObject } from "../../ports/connector.ts";
import { type JsonObject, objectOf, objectsOf, own, textOf } from "../../ports/json-object.ts";
import type { Client } from "./client.ts";
import { senseless } from "./errors.ts";
import { idOf } from "./json.ts";
import type { HubSpotRecord } from "./records.ts";

/** A cell that is an association: `associations.companies`, or of one label alone `associations.companies:Primary`. */
export type AssociationCell = {
  readonly cell: CellName;
  readonly to: string;
  readonly label: string | null;
  readonly many: boolean;
};

const prefix = "associations.";

export function associationOf({ cell, type }: Pick<MappedCell, "cell" | "type">): AssociationCell | null {
  if (!cell.startsWith(prefix)) return null;
  const [to = "", ...label] = cell.slice(prefix.length).split(":");
  const many = type.kind === "reference" && type.many === true;
  return { cell, to, label: label.length === 0 ? null : label.join(":").trim(), many };
}

export function associationsOf(object: MappedObject): readonly AssociationCell[] {
  return object.cells.flatMap((cell) => associationOf(cell) ?? []);
}

/** Ids in the form that the cell reads: one as itself where one belongs, else a sorted list. */
export function encodeIds({ many }: Pick<AssociationCell, "many">, value: FieldValue): RawValue {
  const ids =
    typeof value === "string" ? [value] : Array.isArray(value) ? [...(value as readonly string[])].sort() : [];
  const [only = null] = ids;
  return many || ids.length > 1 ? (only === null ? null : ids) : only;
}

/** Ids in an association cell. */
function idsIn(raw: RawValue | undefined): readonly RecordId[] {
  if (raw === null || raw === undefined) return [];
  return Array.isArray(raw) ? raw.map(String) : [String(raw)];
}

const readMax = 1000;
const writeMax = 2000;

/** The records with their associations as if they were properties: a fixed number of calls, whatever the number of records. */
export async function withAssociations(
  client: Client,
  object: MappedObject,
  records: readonly HubSpotRecord[],
): Promise<HubSpotRecord[]> {
  const cells = associationsOf(object);
  if (cells.length === 0 || records.length === 0) return [...records];
  const ids = records.map(({ id }) => id);
  const byObject = new Map<string, Associations>();
  for (const to of new Set(cells.map((cell) => cell.to))) byObject.set(to, await readAll(client, object, to, ids));
  return records.map((record) => {
    const values = new Map(
      cells.map((cell) => {
        const { found: known, unsure } = byObject.get(cell.to)!;
        if (unsure.has(record.id)) return [cell.cell, undefined] as const;
        const there = known.get(record.id) ?? [];
        const wanted = there.filter(({ labels }) => cell.label === null || labels.includes(cell.label));
        const found = wanted.map(({ id }) => id);
        return [cell.cell, encodeIds(cell, found)] as const;
      }),
    );
    return {
      ...record,
      property: (name: string) => (values.has(name) ? values.get(name) : record.property(name)),
    };
  });
}

/** A record as it answers by itself. */
export function withoutAssociations(record: HubSpotRecord): HubSpotRecord {
  return { ...record, property: (name) => (name.startsWith(prefix) ? undefined : record.property(name)) };
}

type Associated = { readonly id: RecordId; readonly labels: readonly string[] };

/** `unsure`: of these HubSpot could not tell; that is not the same as none. */
type Associations = {
  readonly found: ReadonlyMap<RecordId, readonly Associated[]>;
  readonly unsure: ReadonlySet<RecordId>;
};

async function readAll(
  client: Client,
  object: MappedObject,
  to: string,
  ids: readonly RecordId[],
): Promise<Associations> {
  const what = `reading the ${to} of ${ids.length} ${object.object}`;
  const found = new Map<RecordId, Associated[]>();
  const unsure = new Set<RecordId>();
  let inputs: readonly JsonObject[] = ids.map((id) => ({ id }));
  while (inputs.length > 0) {
    const more: JsonObject[] = [];
    for (let at = 0; at < inputs.length; at += readMax) {
      const body = { inputs: inputs.slice(at, at + readMax) };
      const path = `${pathOf(object, to)}/batch/read`;
      const answer = await client.call({ method: "POST", path, body, effect: "read", what });
      if (!Array.isArray(own(answer, "results"))) throw senseless(what, "results");
      for (const id of untoldIn(answer, what)) unsure.add(id);
      for (const result of objectsOf(own(answer, "results"))) {
        const id = idOf(own(objectOf(own(result, "from")) ?? {}, "id"));
        if (id === undefined) throw senseless(what, "id in one of its records");
        found.set(id, [...(found.get(id) ?? []), ...objectsOf(own(result, "to")).flatMap(associated)]);
        const after = textOf(own(objectOf(own(objectOf(own(result, "paging")) ?? {}, "next")) ?? {}, "after"));
        if (after !== "") more.push({ id, after });
      }
    }
    inputs = more;
  }
  return { found, unsure };
}

/** Records without associations are answered with an error as well; any other error leaves open what its records have. */
function untoldIn(answer: JsonObject, what: string): readonly RecordId[] {
  return objectsOf(own(answer, "errors")).flatMap((error) => {
    if (/NO_ASSOCIATIONS_FOUND/u.test(textOf(own(error, "subCategory")))) return [];
    const named = own(objectOf(own(error, "context")) ?? {}, "fromObjectId");
    const ids = Array.isArray(named) ? named.flatMap((id) => idOf(id) ?? []) : [];
    if (ids.length > 0) return ids;
    const message = [textOf(own(error, "category")), textOf(own(error, "message"))].join(" ");
    throw new SyncFailure({ code: "UNREACHABLE", message: `${what}: ${message}` });
  });
}

function associated(json: JsonObject): Associated[] {
  const id = idOf(own(json, "toObjectId"));
  const labels = objectsOf(own(json, "associationTypes")).map((type) => textOf(own(type, "label")));
  return id === undefined ? [] : [{ id, labels }];
}

function pathOf(object: Pick<MappedObject, "object">, to: string): string {
  return `/crm/v4/associations/${encodeURIComponent(object.object)}/${encodeURIComponent(to)}`;
}

/** A kind of association between two types. */
export type AssociationLabel = { readonly label: string | null; readonly category: string; readonly typeId: number };

export async function readLabels(
  client: Client,
  object: Pick<MappedObject, "object">,
  to: string,
): Promise<readonly AssociationLabel[]> {
  const what = `reading the labels between ${object.object} and ${to}`;
  const answer = await client.call({ method: "GET", path: `${pathOf(object, to)}/labels`, effect: "read", what });
  return objectsOf(own(answer, "results")).map((json) => ({
    label: textOf(own(json, "label")) || null,
    category: textOf(own(json, "category")),
    typeId: Number(own(json, "typeId")),
  }));
}

/** A record with the associations that it has and shall have. */
export type Relink = {
  readonly id: RecordId;
  readonly before: Readonly<Record<CellName, RawValue>>;
  readonly patch: Readonly<Record<CellName, RawValue>>;
};

/** Whether a patch changes associations. */
export function changesAssociations(object: MappedObject, patch: Readonly<Record<CellName, RawValue>>): boolean {
  return associationsOf(object).some(({ cell }) => Object.hasOwn(patch, cell));
}

/**
 * Brings associations to what the patches want: per cell one call to add and one to take away, however many records. What went wrong, by cell;
 * associations are written after the properties, so a failure leaves the outcome of the record as a whole unknown.
 */
export async function relink(
  client: Client,
  object: MappedObject,
  relinks: readonly Relink[],
): Promise<ReadonlyMap<RecordId, SyncError>> {
  const failed = new Map<RecordId, SyncError>();
  for (const cell of associationsOf(object)) {
    const concerned = relinks.filter(({ patch }) => Object.hasOwn(patch, cell.cell));
    if (concerned.length === 0) continue;
    try {
      await relinkCell(client, object, cell, concerned);
    } catch (error) {
      if (!(error instanceof SyncFailure)) throw error;
      const { code, message } = error.error;
      const lost: SyncError =
        code === "REJECTED" ? { code, message, cells: { [cell.cell]: message } } : { code: "UNKNOWN_OUTCOME", message };
      for (const { id } of concerned) failed.set(id, lost);
    }
  }
  return failed;
}

type Pair = { readonly from: RecordId; readonly to: RecordId };

async function relinkCell(
  client: Client,
  object: MappedObject,
  cell: AssociationCell,
  relinks: readonly Relink[],
): Promise<void> {
  const pairs = (of: (one: Relink) => RawValue | undefined, less: (one: Relink) => RawValue | undefined): Pair[] =>
    relinks.flatMap((one) => {
      const known = new Set(idsIn(less(one)));
      return idsIn(of(one)).flatMap((to) => (known.has(to) ? [] : [{ from: one.id, to }]));
    });
  const before = (one: Relink) => one.before[cell.cell];
  const wanted = (one: Relink) => one.patch[cell.cell];
  const type = cell.label === null ? null : await typeOf(client, object, cell);
  const gone = pairs(before, wanted);
  // What takes its place goes first nowhere: of a label that only one may have, the old one has to go before.
  await send(client, object, cell, type === null ? "archive" : "labels/archive", gone, (pair) => ({
    from: { id: pair.from },
    to: [{ id: pair.to }],
    ...(type === null ? {} : { types: [type] }),
  }));
  await send(client, object, cell, type === null ? "associate/default" : "create", pairs(wanted, before), (pair) => ({
    from: { id: pair.from },
    to: { id: pair.to },
    ...(type === null ? {} : { types: [type] }),
  }));
}

async function typeOf(client: Client, object: MappedObject, { cell, to, label }: AssociationCell): Promise<JsonObject> {
  const found = (await readLabels(client, object, to)).find((one) => one.label === label);
  if (found === undefined) {
    const message = `there is no label ${label ?? ""} between ${object.object} and ${to} (any more)`;
    throw new SyncFailure({ code: "REJECTED", message, cells: { [cell]: message } });
  }
  return { associationCategory: found.category, associationTypeId: found.typeId };
}

async function send(
  client: Client,
  object: MappedObject,
  { to }: AssociationCell,
  verb: string,
  pairs: readonly Pair[],
  inputOf: (pair: Pair) => JsonObject,
): Promise<void> {
  for (let at = 0; at < pairs.length; at += writeMax) {
    const some = pairs.slice(at, at + writeMax);
    const what = `${verb} of ${some.length} associations from ${object.object} to ${to}`;
    const path = `${pathOf(object, to)}/batch/${verb}`;
    const body = { inputs: some.map(inputOf) };
    const answer = await client.call({ method: "POST", path, body, effect: "write", what });
    const [error] = objectsOf(own(answer, "errors"));
    // Which of them it was about is told by the reading after.
    if (error !== undefined)
      throw new SyncFailure({ code: "UNKNOWN_OUTCOME", message: `${what}: ${textOf(own(error, "message"))}` });
  }
}
