import { type Base, linkedRows, type Row, schemas, type TableState, tableState } from "./base.ts";
import { compileFormula, type FormulaRecord, type FormulaValue } from "./formula/evaluate.ts";
import { type Expression, FormulaError, parseFormula } from "./formula/parse.ts";
import { asList, asObject, type Json, type JsonObject } from "./json.ts";
import { type Field, findField, isComputed, linkedTableOf, type Table } from "./schema.ts";

/** What every rendering needs to know. `attachmentUrlMs`: how long an attachment's address stays the same. */
export type RenderContext = { readonly base: Base; now(): number; readonly attachmentUrlMs: number };

/** ISO 8601 in whole seconds, as Airtable gives record times. */
export function wholeSecond(ms: number): string {
  return new Date(Math.floor(ms / 1000) * 1000).toISOString();
}

/** A cell as the record calls show it (`cellFormat=json`); undefined for a blank one, which they leave out. */
export function showCell(context: RenderContext, table: TableState, row: Row, field: Field): Json | undefined {
  if (isComputed(field)) return computedCell(context, table, row, field);
  const cell = row.cells[field.id];
  if (cell === undefined) return undefined;
  if (field.type === "singleSelect") return choiceName(field, String(cell));
  if (field.type === "multipleSelects") return (cell as readonly string[]).map((id) => choiceName(field, id));
  if (field.type === "multipleAttachments") {
    return (cell as readonly JsonObject[]).map((attachment) => showAttachment(context, attachment));
  }
  return cell as Json;
}

/** A cell in the newer format of webhook payloads; `null` for a blank one. */
export function showWebhookCell(context: RenderContext, table: TableState, row: Row, field: Field): Json {
  const cell = row.cells[field.id];
  if (field.type === "multipleLookupValues") return showLookup(context, row, field, table);
  if (cell === undefined || isComputed(field)) return showCell(context, table, row, field) ?? null;
  if (field.type === "singleSelect") return choiceOf(field, String(cell));
  if (field.type === "multipleSelects") return (cell as readonly string[]).map((id) => choiceOf(field, id));
  if (field.type === "multipleRecordLinks") {
    return linkedRows(context.base, row, field).map((linked) => ({
      id: linked.id,
      name: primaryText(context, linkedState(context, field)!, linked),
    }));
  }
  return showCell(context, table, row, field) ?? null;
}

/** A cell as text for people (`cellFormat=string`); undefined for a blank one. */
function showCellText(
  context: RenderContext,
  table: TableState,
  row: Row,
  field: Field,
  locale: { readonly timeZone: string; readonly userLocale: string },
): string | undefined {
  const value = formulaCell(context, table, row, field);
  if (value === null) return undefined;
  if (value === true) return "checked";
  if (!(value instanceof Date)) return String(value);
  const dayOnly = field.type === "date";
  return new Intl.DateTimeFormat(locale.userLocale, {
    dateStyle: "short",
    ...(dayOnly ? { timeZone: "UTC" } : { timeStyle: "short" as const, timeZone: locale.timeZone }),
  }).format(value);
}

/** A record as the record calls show it, with the given fields, keyed by name or id. */
export function showRow(
  context: RenderContext,
  table: TableState,
  row: Row,
  shape: {
    readonly byFieldId: boolean;
    readonly fields?: readonly Field[];
    readonly text?: { readonly timeZone: string; readonly userLocale: string };
  },
): JsonObject {
  const fields: Record<string, Json> = {};
  for (const field of shape.fields ?? table.schema.fields) {
    const value = shape.text
      ? showCellText(context, table, row, field, shape.text)
      : showCell(context, table, row, field);
    if (value !== undefined) fields[shape.byFieldId ? field.id : field.name] = value;
  }
  return { id: row.id, createdTime: wholeSecond(row.createdAt), fields };
}

/** The record's name: its primary field as text. */
export function primaryText(context: RenderContext, table: TableState, row: Row): string {
  const field = table.schema.fields.find((candidate) => candidate.id === table.schema.primaryFieldId);
  const value = field ? formulaCell(context, table, row, field) : null;
  return value === null ? "" : formulaText(value);
}

/** The record as formulas see it: links are names, not ids, and selects are joined text. */
function formulaRecord(context: RenderContext, table: TableState, row: Row, depth = 0): FormulaRecord {
  return {
    id: row.id,
    createdAt: row.createdAt,
    modifiedAt: (fieldIds) => modifiedAt(row, fieldIds),
    cell: (fieldId) => {
      const field = table.schema.fields.find((candidate) => candidate.id === fieldId);
      return field ? formulaCell(context, table, row, field, depth + 1) : null;
    },
  };
}

/** A filter as a function of a row, with the ids it is limited to, if it is. Throws `FormulaError`. */
export function compileFilter(
  context: RenderContext,
  table: TableState,
  expression: Expression,
): (row: Row) => FormulaValue {
  const compiled = compileFormula(expression, {
    fieldId: (key) => findField(table.schema, key)?.id,
    now: context.now,
  });
  return (row) => compiled(formulaRecord(context, table, row));
}

const formulaDepthMax = 16;

function formulaCell(context: RenderContext, table: TableState, row: Row, field: Field, depth = 0): FormulaValue {
  if (field.type === "multipleRecordLinks") {
    const linked = linkedState(context, field);
    const names = linked ? linkedRows(context.base, row, field).map((r) => primaryText(context, linked, r)) : [];
    return names.length > 0 ? names.join(", ") : null;
  }
  const value = depth > formulaDepthMax ? null : showCell(context, table, row, field);
  if (value === undefined || value === null) return null;
  if (typeof value === "string" && isDateType(field)) return new Date(value);
  return flatValue(value);
}

function flatValue(value: Json): FormulaValue {
  if (value === null || typeof value !== "object") return value;
  const list = asList(value);
  if (list) return list.map((item) => formulaText(flatValue(item))).join(", ");
  const object = asObject(value)!;
  const name = object["name"] ?? object["filename"] ?? object["text"] ?? object["value"];
  return typeof name === "string" ? name : null;
}

function formulaText(value: FormulaValue): string {
  return value instanceof Date ? value.toISOString() : String(value ?? "");
}

function isDateType(field: Field): boolean {
  return (
    field.type === "date" ||
    field.type === "dateTime" ||
    field.type === "createdTime" ||
    field.type === "lastModifiedTime"
  );
}

function computedCell(context: RenderContext, table: TableState, row: Row, field: Field): Json | undefined {
  switch (field.type) {
    case "autoNumber":
      return row.autoNumber;
    case "createdTime":
      return wholeSecond(row.createdAt);
    case "lastModifiedTime":
      return wholeSecond(modifiedAt(row, watchedFieldIds(table.schema, field)));
    case "createdBy":
      return userOf(context.base, row.createdBy);
    case "lastModifiedBy":
      return userOf(context.base, row.modifiedBy);
    case "count":
      return linkField(table.schema, field) ? linkedRows(context.base, row, linkField(table.schema, field)!).length : 0;
    case "multipleLookupValues":
      return lookupValues(context, table, row, field);
    case "aiText":
      return { state: "empty", value: null, isStale: false };
    default:
      return formulaResult(context, table, row, field);
  }
}

function formulaResult(context: RenderContext, table: TableState, row: Row, field: Field): Json | undefined {
  const text = field.options?.["formula"];
  if (typeof text !== "string") return undefined;
  let value: FormulaValue;
  try {
    value = compileFilter(context, table, parseFormula(text))(row);
  } catch (error) {
    if (error instanceof FormulaError) return { error: "#ERROR!" };
    throw error;
  }
  if (value === null || value === "") return undefined;
  if (value instanceof Date) return value.toISOString();
  if (typeof value === "boolean") return value ? 1 : 0;
  if (Number.isNaN(value)) return { specialValue: "NaN" };
  if (value === Number.POSITIVE_INFINITY) return { specialValue: "Infinity" };
  if (value === Number.NEGATIVE_INFINITY) return { specialValue: "-Infinity" };
  return value;
}

function lookupValues(context: RenderContext, table: TableState, row: Row, field: Field): Json | undefined {
  const values = lookupPairs(context, table, row, field).flatMap(([, value]) => value);
  return values.length > 0 ? values : undefined;
}

function showLookup(context: RenderContext, row: Row, field: Field, table: TableState): Json {
  const pairs = lookupPairs(context, table, row, field);
  return { valuesByLinkedRecordId: Object.fromEntries(pairs), linkedRecordIds: pairs.map(([id]) => id) };
}

function lookupPairs(context: RenderContext, table: TableState, row: Row, field: Field): [string, Json[]][] {
  const link = linkField(table.schema, field);
  const linked = link && linkedState(context, link);
  const target = linked && findField(linked.schema, String(field.options?.["fieldIdInLinkedTable"] ?? ""));
  if (!link || !linked || !target) return [];
  return linkedRows(context.base, row, link).map((other) => {
    const value = showCell(context, linked, other, target);
    return [other.id, value === undefined ? [] : [...(asList(value) ?? [value])]];
  });
}

function linkField(table: Table, field: Field): Field | undefined {
  return findField(table, String(field.options?.["recordLinkFieldId"] ?? ""));
}

function linkedState(context: RenderContext, field: Field): TableState | undefined {
  const linked = linkedTableOf(schemas(context.base), field);
  return linked && tableState(context.base, linked.id);
}

function watchedFieldIds(table: Table, field: Field): readonly string[] {
  const named = asList(field.options?.["referencedFieldIds"]) ?? [];
  return named.flatMap((key) => findField(table, String(key))?.id ?? []);
}

function modifiedAt(row: Row, fieldIds: readonly string[]): number {
  const ms =
    fieldIds.length === 0
      ? row.modifiedAt
      : Math.max(row.createdAt, ...fieldIds.map((id) => row.cellModifiedAt[id] ?? row.createdAt));
  return Math.floor(ms / 1000) * 1000;
}

function userOf(base: Base, id: string): Json | undefined {
  const user = base.users.get(id);
  return user && { ...user };
}

function choiceOf(field: Field, id: string): Json {
  const choice = field.choices?.find((candidate) => candidate.id === id);
  return choice ? { ...choice } : null;
}

function choiceName(field: Field, id: string): string {
  return field.choices?.find((choice) => choice.id === id)?.name ?? "";
}

/** The address carries its time of issue, so it changes between reads although the file does not. */
function showAttachment(context: RenderContext, attachment: JsonObject): JsonObject {
  const issue = Math.floor(context.now() / context.attachmentUrlMs);
  return { ...attachment, url: `https://v5.airtableusercontent.com/v3/u/${issue}/${String(attachment["id"])}` };
}
