import type { Row, TableState } from "./base.ts";
import { idsOf, isTrue } from "./formula/evaluate.ts";
import { type Expression, FormulaError, parseFormula } from "./formula/parse.ts";
import type { IdMaker } from "./ids.ts";
import { asList, asObject, type Json, type JsonObject } from "./json.ts";
import { badRequest, refuse } from "./refusal.ts";
import { compileFilter, type RenderContext, showCell, showRow } from "./render.ts";
import { type Field, findField, findView, type View } from "./schema.ts";

/**
 * A list being paged. Without filter, sort, view and limit it walks the table as it is at each page (`ids` absent); else
 * it keeps the ids it found on its first page. Values are those of the moment of each page.
 */
type Iterator = { readonly tableId: string; readonly ids?: readonly string[]; usedAt: number };

export type Lister = {
  /** One page. Throws a `Refusal`. `params` as in the query string or the body of `listRecords`. */
  list(table: TableState, params: JsonObject): JsonObject;
  /** Forgets every iterator, as a restart of Airtable's servers would. */
  forgetIterators(): void;
};

const pageSizeMax = 100;
const offsetPattern = /^(itr\w{14})\/(rec\w{14})$/;

/** @param iteratorMs how long an unused offset lives. */
export function makeLister(context: RenderContext, ids: IdMaker, iteratorMs: number): Lister {
  const iterators = new Map<string, Iterator>();

  const resume = (table: TableState, offset: string): { key: string; iterator: Iterator; from: string } => {
    const match = offsetPattern.exec(offset);
    if (!match) throw refuse(422, "INVALID_OFFSET_VALUE", "The value for offset is invalid");
    const [, key = "", from = ""] = match;
    const iterator = iterators.get(key);
    if (!iterator || iterator.tableId !== table.schema.id || context.now() - iterator.usedAt > iteratorMs) {
      iterators.delete(key);
      throw refuse(422, "LIST_RECORDS_ITERATOR_NOT_AVAILABLE", "The requested iterator is not available");
    }
    return { key, iterator, from };
  };

  const forgetOld = (): void => {
    for (const [key, iterator] of iterators) if (context.now() - iterator.usedAt > iteratorMs) iterators.delete(key);
  };

  return {
    list(table, params) {
      const view = readView(table, params);
      const shape = readShape(table, params, view);
      const pageSize = readCount(params, "pageSize") ?? readCount(params, "limit") ?? pageSizeMax;
      if (pageSize < 1 || pageSize > pageSizeMax) throw badRequest();
      const offset = params["offset"];
      const resumed = typeof offset === "string" && offset !== "" ? resume(table, offset) : undefined;
      const iterator = resumed?.iterator ?? {
        tableId: table.schema.id,
        ...select(context, table, params, view),
        usedAt: 0,
      };
      const source = iterator.ids ?? table.order;
      const start = resumed ? placeOf(iterator, source, resumed.from) : 0;
      const page = source.slice(start, start + pageSize);
      const nextId = source[start + pageSize];
      const rows = page.flatMap((id) => table.rows.get(id) ?? []);
      const records = rows.map((row) => withMetadata(showRow(context, table, row, shape), params));
      if (nextId === undefined) return { records };
      forgetOld();
      const key = resumed?.key ?? ids.next("itr");
      iterator.usedAt = context.now();
      iterators.set(key, iterator);
      return { records, offset: `${key}/${nextId}` };
    },
    forgetIterators: () => iterators.clear(),
  };
}

/** `fields[]`, `cellFormat` and `returnFieldsByFieldId` of a read. Throws a `Refusal`. */
export function readShape(table: TableState, params: JsonObject, view?: View): Parameters<typeof showRow>[3] {
  const named = asList(params["fields"]);
  const byFieldId = isSet(params["returnFieldsByFieldId"]);
  const fields = named?.map((name) => knownField(table, String(name))) ?? visibleFields(table, view);
  const shape = { byFieldId, ...(fields ? { fields } : {}) };
  if (params["cellFormat"] === undefined || params["cellFormat"] === "json") return shape;
  const { timeZone, userLocale } = params;
  if (params["cellFormat"] !== "string" || typeof timeZone !== "string" || typeof userLocale !== "string") {
    throw badRequest("cellFormat must be json, or string with both timeZone and userLocale");
  }
  return { ...shape, text: { timeZone, userLocale } };
}

/** True for `true` as JSON or as a query string has it. */
export function isSet(value: Json | undefined): boolean {
  return value === true || value === "true" || value === "1";
}

/** A field by name or id. Throws the refusal that Airtable gives for an unknown one. */
export function knownField(table: TableState, key: string): Field {
  const field = findField(table.schema, key);
  if (!field) throw refuse(422, "UNKNOWN_FIELD_NAME", `Unknown field name: "${key}"`);
  return field;
}

function readView(table: TableState, params: JsonObject): View | undefined {
  const key = params["view"];
  if (typeof key !== "string" || key === "") return undefined;
  const view = findView(table.schema, key);
  if (!view) throw refuse(422, "VIEW_NAME_NOT_FOUND", `View '${key}' not found`);
  return view;
}

function visibleFields(table: TableState, view: View | undefined): readonly Field[] | undefined {
  return view?.visibleFieldIds && table.schema.fields.filter((field) => view.visibleFieldIds?.includes(field.id));
}

function readCount(params: JsonObject, name: string): number | undefined {
  const value = params[name];
  if (value === undefined || value === "") return undefined;
  const count = Number(value);
  if (!Number.isInteger(count)) throw badRequest();
  return count;
}

/** The ids that a query finds, in its order, or nothing where it is simply the whole table. */
function select(
  context: RenderContext,
  table: TableState,
  params: JsonObject,
  view: View | undefined,
): { ids?: readonly string[] } {
  const sorting = readSort(table, params);
  const maxRecords = readCount(params, "maxRecords");
  const formula = typeof params["filterByFormula"] === "string" ? params["filterByFormula"].trim() : "";
  if (sorting.length === 0 && maxRecords === undefined && formula === "" && !view) return {};
  let rows = view ? [...table.rows.values()] : undefined;
  if (view?.filter) rows = filtered(context, table, rows, parseFilter(view.filter));
  if (formula !== "") rows = filtered(context, table, rows, parseFilter(formula));
  rows ??= table.order.map((id) => table.rows.get(id)!);
  if (sorting.length > 0) rows = sorted(context, table, rows, sorting);
  return { ids: rows.slice(0, maxRecords).map((row) => row.id) };
}

function parseFilter(text: string): Expression {
  try {
    return parseFormula(text);
  } catch (error) {
    throw filterRefusal(error);
  }
}

function filtered(context: RenderContext, table: TableState, rows: Row[] | undefined, expression: Expression): Row[] {
  let keep: (row: Row) => unknown;
  try {
    const compiled = compileFilter(context, table, expression);
    keep = (row) => isTrue(compiled(row));
  } catch (error) {
    throw filterRefusal(error);
  }
  const candidates = rows ?? candidatesOf(table, idsOf(expression));
  return candidates.filter(keep);
}

function candidatesOf(table: TableState, ids: readonly string[] | undefined): Row[] {
  const sortedIds = ids ? [...new Set(ids)].sort() : table.order;
  return sortedIds.flatMap((id) => table.rows.get(id) ?? []);
}

function filterRefusal(error: unknown): unknown {
  if (!(error instanceof FormulaError)) return error;
  const reason = error.message.startsWith("Unknown field names")
    ? error.message
    : "Invalid formula. Please check your formula text.";
  return refuse(422, "INVALID_FILTER_BY_FORMULA", `The formula for filtering records is invalid: ${reason}`);
}

type Sorting = { readonly field: Field; readonly sign: 1 | -1 };

function readSort(table: TableState, params: JsonObject): readonly Sorting[] {
  return (asList(params["sort"]) ?? []).map((item) => {
    const { field, direction } = asObject(item) ?? {};
    if (typeof field !== "string" || ![undefined, "asc", "desc"].includes(direction as string)) throw badRequest();
    return { field: knownField(table, field), sign: direction === "desc" ? -1 : 1 };
  });
}

function sorted(context: RenderContext, table: TableState, rows: Row[], sorting: readonly Sorting[]): Row[] {
  const keyed = rows.map((row) => ({ row, keys: sorting.map(({ field }) => sortKey(context, table, row, field)) }));
  keyed.sort((a, b) => {
    for (const [i, { sign }] of sorting.entries()) {
      const order = compareKeys(a.keys[i], b.keys[i]);
      if (order !== 0) return order * sign;
    }
    return 0;
  });
  return keyed.map(({ row }) => row);
}

type SortKey = number | string | undefined;

function sortKey(context: RenderContext, table: TableState, row: Row, field: Field): SortKey {
  if (field.type === "singleSelect") {
    const index = field.choices?.findIndex((choice) => choice.id === row.cells[field.id]) ?? -1;
    return index < 0 ? undefined : index;
  }
  const value = showCell(context, table, row, field);
  if (typeof value === "number" || typeof value === "string" || value === undefined) return value;
  return JSON.stringify(value);
}

/** Blank cells come first. */
function compareKeys(a: SortKey, b: SortKey): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  return typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b));
}

/** Where to go on; the record named in the offset may have been deleted since. */
function placeOf(iterator: Iterator, source: readonly string[], from: string): number {
  const place = iterator.ids ? source.indexOf(from) : source.findIndex((id) => id >= from);
  return place < 0 ? source.length : place;
}

function withMetadata(record: JsonObject, params: JsonObject): JsonObject {
  return asList(params["recordMetadata"])?.includes("commentCount") ? { ...record, commentCount: 0 } : record;
}
