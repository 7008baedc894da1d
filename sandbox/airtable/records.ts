import type { AuditEntry, AuditLog } from "../core/audit.ts";
import { type Actor, type Change, commit, schemas, type TableState, type Transaction, tableState } from "./base.ts";
import type { Cell, CellContext } from "./cell.ts";
import { parseCell } from "./cell.ts";
import { asList, asObject, type Json, type JsonObject } from "./json.ts";
import { isSet, knownField, type Lister, readShape } from "./list.ts";
import { badRequest, computedField, noSuchRow, notFound, refuse } from "./refusal.ts";
import { primaryText, type RenderContext, showCell, showRow } from "./render.ts";
import { addChoice, type Field, isComputed, linkedTableOf } from "./schema.ts";

type Cells = Readonly<Record<string, Cell | null>>;

export type RecordCalls = {
  /** The cells of a record as a client sends it. */
  parse(table: TableState, fields: JsonObject): Readonly<Record<string, Cell>>;
  get(table: TableState, id: string, params: JsonObject): JsonObject;
  list(table: TableState, params: JsonObject): JsonObject;
  create(table: TableState, actor: Actor, body: JsonObject): JsonObject;
  update(table: TableState, actor: Actor, body: JsonObject, options: { readonly replace: boolean }): JsonObject;
  updateOne(
    table: TableState,
    actor: Actor,
    id: string,
    body: JsonObject,
    options: { readonly replace: boolean },
  ): JsonObject;
  remove(table: TableState, actor: Actor, params: JsonObject): JsonObject;
  removeOne(table: TableState, actor: Actor, id: string): JsonObject;
};

export type RecordDeps = {
  readonly context: RenderContext;
  readonly lister: Lister;
  /** Called once for each transaction, after it is in the base. */
  published(transaction: Transaction): void;
  readonly audit: AuditLog;
};

const batchMax = 10;
const mergeFieldsMax = 3;
const mergeTypes = [
  "singleLineText",
  "multilineText",
  "email",
  "url",
  "phoneNumber",
  "number",
  "singleSelect",
  "multipleSelects",
  "date",
];

/** The record calls. Each checks everything first and throws a `Refusal` with nothing done, or does all of it. */
export function makeRecordCalls({ context, lister, published, audit }: RecordDeps): RecordCalls {
  const { base } = context;

  const write = (actor: Actor, changes: readonly Change[]): void => {
    const audits = changes.map((change) => auditBefore(context, actor, change));
    const transaction = commit(base, actor, context.now(), changes);
    for (const finish of audits) audit.add(finish());
    if (transaction) published(transaction);
  };

  const shown = (table: TableState, id: string, body: JsonObject): JsonObject =>
    showRow(
      context,
      table,
      table.rows.get(id)!,
      readShape(table, { returnFieldsByFieldId: body["returnFieldsByFieldId"] ?? false }),
    );

  const createAll = (table: TableState, actor: Actor, fields: readonly JsonObject[], body: JsonObject): string[] => {
    const reader = makeCellReader(context, isSet(body["typecast"]));
    const changes = fields.map(
      (cells): Change => ({
        kind: "create",
        table,
        id: base.ids.next("rec"),
        cells: reader.read(table, undefined, cells),
      }),
    );
    reader.keepNewChoices();
    write(actor, changes);
    return changes.map((change) => change.id);
  };

  return {
    parse(table, fields) {
      const cells = Object.entries(makeCellReader(context, false).read(table, undefined, fields));
      return Object.fromEntries(cells.flatMap(([id, cell]) => (cell === null ? [] : [[id, cell]])));
    },

    get(table, id, params) {
      const row = table.rows.get(id);
      if (!row) throw notFound();
      return showRow(context, table, row, readShape(table, params));
    },

    list: lister.list,

    create(table, actor, body) {
      if (body["records"] === undefined) {
        const [id = ""] = createAll(table, actor, [fieldsOf(body)], body);
        return shown(table, id, body);
      }
      const fields = batchOf(
        body,
        'You must provide an array of up to 10 record objects, each with a "fields" key',
      ).map(fieldsOf);
      return { records: createAll(table, actor, fields, body).map((id) => shown(table, id, body)) };
    },

    updateOne(table, actor, id, body, { replace }) {
      if (!table.rows.has(id)) throw notFound();
      const reader = makeCellReader(context, isSet(body["typecast"]));
      const cells = reader.read(table, id, fieldsOf(body));
      reader.keepNewChoices();
      write(actor, [{ kind: "update", table, id, cells: replace ? whole(table, cells) : cells }]);
      return shown(table, id, body);
    },

    update(table, actor, body, { replace }) {
      const upsert = asObject(body["performUpsert"]);
      const mergeOn = upsert && readMergeFields(table, upsert);
      const items = batchOf(
        body,
        'You must provide an array of up to 10 record objects, each with an "id" ID field and a "fields" object',
      );
      const reader = makeCellReader(context, isSet(body["typecast"]));
      const read = items.map((item): { id?: string; cells: Cells } => {
        const id = item["id"];
        if (id === undefined && mergeOn) return { cells: reader.read(table, undefined, fieldsOf(item)) };
        if (typeof id !== "string") throw missingId();
        if (!table.rows.has(id)) throw noSuchRow(id);
        return { id, cells: reader.read(table, id, fieldsOf(item)) };
      });
      const unnamed = read.flatMap(({ id, cells }) => (id === undefined ? [cells] : []));
      const matches = mergeOn ? matchesOf(table, mergeOn, unnamed) : new Map<Cells, string>();
      const changes = read.map(({ id, cells }): Change => {
        const known = id ?? matches.get(cells);
        if (known !== undefined) return { kind: "update", table, id: known, cells };
        return { kind: "create", table, id: base.ids.next("rec"), cells };
      });
      refuseRepeats(changes.map((change) => change.id));
      reader.keepNewChoices();
      write(actor, replace ? changes.map((change) => wholeChange(table, change)) : changes);
      const records = changes.map((change) => shown(table, change.id, body));
      if (!mergeOn) return { records };
      const idsOfKind = (kind: Change["kind"]) => changes.filter((c) => c.kind === kind).map((c) => c.id);
      return { records, createdRecords: idsOfKind("create"), updatedRecords: idsOfKind("update") };
    },

    removeOne(table, actor, id) {
      if (!table.rows.has(id)) throw notFound();
      write(actor, [{ kind: "delete", table, id }]);
      return { id, deleted: true };
    },

    remove(table, actor, params) {
      const ids = (asList(params["records"]) ?? []).map(String);
      if (ids.length < 1 || ids.length > batchMax) {
        throw refuse(422, "INVALID_RECORDS", "You must provide an array of up to 10 record IDs");
      }
      for (const id of ids) if (!table.rows.has(id)) throw noSuchRow(id);
      refuseRepeats(ids);
      write(
        actor,
        ids.map((id) => ({ kind: "delete", table, id })),
      );
      return { records: ids.map((id) => ({ id, deleted: true })) };
    },
  };
}

/** Reads the cells of one request. Select options that `typecast` makes are kept only when the whole request is good. */
function makeCellReader(context: RenderContext, typecast: boolean) {
  const { base } = context;
  const draft = new Map<Field, Field>();

  const choiceId = (field: Field, name: string): string | undefined => {
    const known = (draft.get(field) ?? field).choices?.find((choice) => choice.name === name);
    if (known || !typecast) return known?.id;
    const copy = draft.get(field) ?? { ...field, choices: [...(field.choices ?? [])] };
    draft.set(field, copy);
    return addChoice(copy, name, base.ids).id;
  };

  const linkedTable = (field: Field): TableState | undefined => {
    const linked = linkedTableOf(schemas(base), field);
    return linked && tableState(base, linked.id);
  };

  const contextFor = (table: TableState, id: string | undefined): CellContext => ({
    typecast,
    choiceId,
    linkExists: (field, recordId) => linkedTable(field)?.rows.has(recordId) ?? false,
    linkByName(field, name) {
      const linked = linkedTable(field);
      return linked && [...linked.rows.values()].find((row) => primaryText(context, linked, row) === name)?.id;
    },
    user: (key) => {
      const user = base.users.get(key) ?? [...base.users.values()].find((candidate) => candidate.email === key);
      return user && { ...user };
    },
    attachment(field, attachmentId) {
      const held = id === undefined ? undefined : table.rows.get(id)?.cells[field.id];
      return (held as readonly JsonObject[] | undefined)?.find((attachment) => attachment["id"] === attachmentId);
    },
    newAttachment: (url, filename) => {
      const name = filename ?? decodeURIComponent(new URL(url).pathname.split("/").pop() || "attachment");
      return { id: base.ids.next("att"), url, filename: name, size: url.length, type: "application/octet-stream" };
    },
  });

  return {
    read(table: TableState, id: string | undefined, fields: JsonObject): Cells {
      const cells: Record<string, Cell | null> = {};
      for (const [key, value] of Object.entries(fields)) {
        const field = knownField(table, key);
        if (isComputed(field)) throw computedField(field.name);
        cells[field.id] = parseCell(value, field, contextFor(table, id));
      }
      return cells;
    },
    keepNewChoices(): void {
      for (const [field, copy] of draft) field.choices = copy.choices ?? [];
    },
  };
}

/** The values before a change, and a function that completes the entry after it. */
function auditBefore(context: RenderContext, actor: Actor, change: Change): () => Omit<AuditEntry, "seq"> {
  const { table, id, kind } = change;
  const fields =
    change.kind === "delete"
      ? table.schema.fields.filter((field) => !isComputed(field))
      : table.schema.fields.filter((field) => Object.hasOwn(change.cells, field.id));
  const values = (): JsonObject => {
    const row = table.rows.get(id);
    if (!row) return {};
    return Object.fromEntries(fields.map((field) => [field.name, showCell(context, table, row, field) ?? null]));
  };
  const before = values();
  return () => ({
    at: context.now(),
    object: table.schema.name,
    id,
    kind,
    before,
    after: values(),
    source: actor.source === "publicApi" ? "api" : `user:${actor.user.id}`,
  });
}

function fieldsOf(item: JsonObject): JsonObject {
  const fields = asObject(item["fields"]);
  if (!fields) throw refuse(422, "INVALID_REQUEST_MISSING_FIELDS", 'Could not find field "fields" in the request body');
  return fields;
}

function batchOf(body: JsonObject, message: string): readonly JsonObject[] {
  const items = (asList(body["records"]) ?? []).map((item: Json) => asObject(item));
  if (items.length < 1 || items.length > batchMax || items.some((item) => !item)) {
    throw refuse(422, "INVALID_RECORDS", message);
  }
  return items as readonly JsonObject[];
}

function missingId() {
  return refuse(
    422,
    "INVALID_RECORDS",
    'You must provide an array of up to 10 record objects, each with an "id" ID field',
  );
}

function refuseRepeats(ids: readonly string[]): void {
  if (new Set(ids).size < ids.length) throw badRequest("Cannot change a record more than once in a single request");
}

/** Every writable field that PUT does not name is cleared. */
function whole(table: TableState, cells: Cells): Cells {
  const blank = table.schema.fields.filter((field) => !isComputed(field)).map((field) => [field.id, null] as const);
  return { ...Object.fromEntries(blank), ...cells };
}

function wholeChange(table: TableState, change: Change): Change {
  return change.kind === "update" ? { ...change, cells: whole(table, change.cells) } : change;
}

function readMergeFields(table: TableState, upsert: JsonObject): readonly Field[] {
  const names = asList(upsert["fieldsToMergeOn"]) ?? [];
  if (names.length < 1 || names.length > mergeFieldsMax) {
    throw badRequest("fieldsToMergeOn must be an array with at least one and at most three field names or IDs");
  }
  return names.map((name) => {
    const field = knownField(table, String(name));
    if (!mergeTypes.includes(field.type)) throw badRequest(`Field "${field.name}" cannot be used in fieldsToMergeOn`);
    return field;
  });
}

/** The one record for each cells' merge values, if there is one; more than one fails the request, as Airtable does. */
function matchesOf(table: TableState, mergeOn: readonly Field[], wanted: readonly Cells[]): Map<Cells, string> {
  const keyOf = (cells: Cells): string => JSON.stringify(mergeOn.map((field) => cells[field.id] ?? null));
  const byKey = new Map<string, string | undefined>();
  for (const cells of wanted) {
    if (mergeOn.some((field) => (cells[field.id] ?? null) === null)) {
      throw badRequest("Every record needs a value for each of fieldsToMergeOn");
    }
    byKey.set(keyOf(cells), undefined);
  }
  for (const row of table.rows.values()) {
    const key = keyOf(row.cells);
    if (!byKey.has(key)) continue;
    if (byKey.get(key) !== undefined) throw badRequest("Cannot upsert: more than one record matches fieldsToMergeOn");
    byKey.set(key, row.id);
  }
  return new Map(wanted.flatMap((cells) => (byKey.get(keyOf(cells)) ? [[cells, byKey.get(keyOf(cells))!]] : [])));
}
