import { asList, asObject, type Json, type JsonObject } from "./json.ts";
import { badChoice, badValue, noSuchRow, refuse } from "./refusal.ts";
import type { Field } from "./schema.ts";

/**
 * A cell as the base stores it; blank cells are not stored. Selects hold choice ids, so that a renamed option
 * renames every cell; links hold record ids; the rest is as the API shows it.
 */
export type Cell = string | number | true | readonly string[] | JsonObject | readonly JsonObject[];

/** What a value is checked against. */
export type CellContext = {
  readonly typecast: boolean;
  /** The choice's id by name; with `typecast` an unknown one is made, else undefined. */
  choiceId(field: Field, name: string): string | undefined;
  /** Whether the linked table has this record. */
  linkExists(field: Field, recordId: string): boolean;
  /** With `typecast`: a record of the linked table by its primary value. */
  linkByName(field: Field, name: string): string | undefined;
  /** A user by id or e-mail. */
  user(key: string): JsonObject | undefined;
  /** An attachment that the cell now holds, by id. */
  attachment(field: Field, id: string): JsonObject | undefined;
  newAttachment(url: string, filename: string | undefined): JsonObject;
};

type Parser = (value: Json, field: Field, context: CellContext) => Cell | null;

/**
 * The cell for a value as a client sends it, or `null` for a blank. Throws a `Refusal` for what the field's type does
 * not take. Computed fields must be refused before.
 */
export function parseCell(value: Json, field: Field, context: CellContext): Cell | null {
  if (value === null || value === "" || value === false || asList(value)?.length === 0) return null;
  return parsers[field.type]?.(value, field, context) ?? null;
}

const textLengthMax = 100_000;

const text: Parser = (value, field, { typecast }) => {
  const string = typecast && typeof value === "number" ? String(value) : value;
  if (typeof string !== "string" || string.length > textLengthMax) throw badValue(field.name);
  return string;
};

// Airtable ends rich text with a line break, sent or not.
const richText: Parser = (value, field, context) => String(text(value, field, context)).replace(/\n?$/, "\n");

const number: Parser = (value, field, { typecast }) => {
  const parsed = typecast && typeof value === "string" ? Number(value.replace(/[^\d.eE+-]/g, "") || "x") : value;
  if (typeof parsed !== "number" || !Number.isFinite(parsed)) throw badValue(field.name);
  return parsed;
};

const rating: Parser = (value, field, context) => {
  const stars = Number(number(value, field, context));
  const max = field.options?.["max"];
  if (!Number.isInteger(stars) || stars < 0 || stars > (typeof max === "number" ? max : 10)) throw badValue(field.name);
  return stars === 0 ? null : stars;
};

const checkbox: Parser = (value, field, { typecast }) => {
  if (value === true || (typecast && typeof value === "string" && /^(true|checked|yes|1)$/i.test(value))) return true;
  if (typecast && typeof value === "string") return null;
  throw badValue(field.name);
};

const isoDate = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)\s*(Z|[+-]\d{2}:?\d{2})?)?$/;

const date: Parser = (value, field, { typecast }) => {
  const day =
    typeof value === "string" ? (isoDate.exec(value)?.[1] ?? (typecast ? looseDay(value) : undefined)) : undefined;
  if (day === undefined || !isRealDay(day)) throw badValue(field.name);
  return day;
};

const dateTime: Parser = (value, field) => {
  const match = typeof value === "string" ? isoDate.exec(value) : null;
  if (!match || !isRealDay(match[1]!)) throw badValue(field.name);
  const [, day, clock = "00:00", zone] = match;
  const zoned = zone ?? zoneOffset(field, Date.parse(`${day}T${clock}Z`));
  const ms = Date.parse(`${day}T${clock}${zoned}`);
  if (Number.isNaN(ms)) throw badValue(field.name);
  return new Date(ms).toISOString();
};

const singleSelect: Parser = (value, field, context) => {
  if (typeof value !== "string") throw badValue(field.name);
  const id = context.choiceId(field, value);
  if (id === undefined) throw badChoice(value);
  return id;
};

const multipleSelects: Parser = (value, field, context) => {
  const names = listOf(value, field, context.typecast);
  return [...new Set(names.map((name) => String(singleSelect(name, field, context))))];
};

const links: Parser = (value, field, context) => {
  const ids = listOf(value, field, context.typecast).map((item) => {
    const id = typeof item === "string" ? item : asObject(item)?.["id"];
    if (typeof id !== "string") throw badValue(field.name);
    if (context.linkExists(field, id)) return id;
    const named = context.typecast ? context.linkByName(field, id) : undefined;
    if (named !== undefined) return named;
    throw /^rec\w{14}$/.test(id) ? noSuchRow(id) : badValue(field.name);
  });
  return [...new Set(ids)];
};

const collaborator: Parser = (value, field, context) => {
  const given = asObject(value);
  const key = given?.["id"] ?? given?.["email"] ?? (context.typecast ? value : undefined);
  const user = typeof key === "string" ? context.user(key) : undefined;
  if (!user) throw badValue(field.name);
  return user;
};

const attachments: Parser = (value, field, context) => {
  return listOf(value, field, false).map((item) => {
    const given = asObject(item);
    const [id, url, filename] = [given?.["id"], given?.["url"], given?.["filename"]];
    const kept = typeof id === "string" ? context.attachment(field, id) : undefined;
    if (kept) return kept;
    if (typeof url === "string" && /^https?:\/\//.test(url)) {
      return context.newAttachment(url, typeof filename === "string" ? filename : undefined);
    }
    throw refuse(422, "INVALID_ATTACHMENT_OBJECT", `Invalid attachment for field "${field.name}"`);
  });
};

const barcode: Parser = (value, field) => {
  const given = asObject(value);
  if (typeof given?.["text"] !== "string") throw badValue(field.name);
  return given;
};

const parsers: Readonly<Partial<Record<Field["type"], Parser>>> = {
  singleLineText: text,
  multilineText: text,
  richText,
  email: text,
  url: text,
  phoneNumber: text,
  number,
  currency: number,
  percent: number,
  duration: number,
  rating,
  checkbox,
  date,
  dateTime,
  singleSelect,
  multipleSelects,
  multipleRecordLinks: links,
  singleCollaborator: collaborator,
  multipleCollaborators: (value, field, context) =>
    listOf(value, field, context.typecast).map((item) => collaborator(item, field, context) as JsonObject),
  multipleAttachments: attachments,
  barcode,
};

function listOf(value: Json, field: Field, typecast: boolean): readonly Json[] {
  const list = asList(value) ?? (typecast && typeof value === "string" ? value.split(/\s*,\s*/) : undefined);
  if (!list) throw badValue(field.name);
  return list;
}

function isRealDay(day: string): boolean {
  const ms = Date.parse(`${day}T00:00:00Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(day);
}

function looseDay(value: string): string | undefined {
  const ms = Date.parse(`${value} UTC`);
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString().slice(0, 10);
}

/** The field's zone as an offset at about this time; a field of the viewer's zone ("client") is read as UTC by the API. */
function zoneOffset(field: Field, atMs: number): string {
  const zone = field.options?.["timeZone"];
  if (typeof zone !== "string" || zone === "client" || zone === "utc" || Number.isNaN(atMs)) return "Z";
  const parts = new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "longOffset" }).formatToParts(atMs);
  const name = parts.find((part) => part.type === "timeZoneName")?.value ?? "GMT";
  return name === "GMT" ? "Z" : name.slice("GMT".length);
}
