import { denormalizeValue } from "../../core/normalize/denormalize-value.ts";
import { SyncFailure } from "../../model/sync-error.ts";
import type { FieldValue, RawValue } from "../../model/value.ts";
import type { MappedCell } from "../../ports/connector.ts";
import { type Json, textOf } from "./json.ts";
import { dealStatuses, type Field, isMany, listStatuses } from "./schema.ts";

/** One of a record's own values. `undefined`: the record does not mention it. */
export function decodeOwn(name: string, record: Json): RawValue | undefined {
  if (name === "value") return moneyOf(record["value"], record["currency"]);
  const value = record[name];
  if (value === undefined) return undefined;
  const text = textOf(value);
  if (text === null) return null;
  // Of accounts and deals, "0" is nobody.
  if (["contact", "account"].includes(name) && text === "0") return null;
  return name === "status" ? (dealStatuses[Number(text)] ?? text) : text;
}

/** A custom value, from the text that contacts have or the JSON that accounts and deals have. */
export function decodeCustom(type: string, value: unknown, currency: unknown): RawValue {
  if (isMany(type)) return membersOf(value);
  const text = textOf(value);
  if (text === null) return null;
  if (type === "datetime") return instantOf(text);
  if (type === "date") return text.slice(0, 10);
  return type === "currency" ? (moneyOf(text, currency) ?? null) : text;
}

/** "||one||two||", or a list. None is blank. */
function membersOf(value: unknown): RawValue {
  const members = Array.isArray(value) ? value.map(String) : (textOf(value) ?? "").split("||");
  const named = members.filter((one) => one !== "").sort();
  return named.length === 0 ? null : named;
}

/** Whole seconds; the offset is the account's. */
function instantOf(text: string): string {
  const at = Date.parse(text);
  return Number.isNaN(at) ? text : `${new Date(at).toISOString().slice(0, 19)}Z`;
}

/** Cents and a currency in lower case become "12.5 USD". */
function moneyOf(cents: unknown, currency: unknown): RawValue | undefined {
  if (cents === undefined) return undefined;
  const [amount, code] = [textOf(cents), textOf(currency)];
  if (amount === null || !/^-?\d+$/u.test(amount)) return amount;
  const digits = amount.replace("-", "").padStart(3, "0");
  const fraction = digits.slice(-2).replace(/0+$/u, "");
  const whole = `${amount.startsWith("-") ? "-" : ""}${digits.slice(0, -2)}`;
  const decimal = fraction === "" ? whole : `${whole}.${fraction}`;
  return code === null ? decimal : `${decimal} ${code.toUpperCase()}`;
}

/** The status of a contact on a list, from 0 to 3. */
export function decodeStatus(status: unknown): RawValue {
  const text = textOf(status);
  return text === null ? null : (listStatuses[Number(text)] ?? text);
}

/** A canonical value in the form that it would be reported in once stored. */
export function encodeValue(field: Field | undefined, { type }: MappedCell, value: FieldValue): RawValue {
  if (value === null || (Array.isArray(value) && value.length === 0)) return null;
  const isMoney = typeof value === "object" && !Array.isArray(value);
  if (isMoney) {
    const { amount, currency } = value as { readonly amount: string; readonly currency: string };
    return `${amount} ${currency}`;
  }
  if (Array.isArray(value)) return [...value].sort();
  const text = String(denormalizeValue(type, value, "string"));
  if (type.kind === "datetime") return instantOf(text);
  const isList = field?.source.kind === "custom" && isMany(field.source.type);
  return isList ? [text] : text;
}

/** Text for a custom field of contacts. */
export function contactText(raw: RawValue): string {
  if (Array.isArray(raw)) return `||${raw.join("||")}||`;
  return raw === null ? "" : String(raw);
}

/** "12.5 USD" as a deal takes it. Throws a refusal where it is no such amount. */
export function dealValue(cell: string, raw: RawValue): { readonly value: string; readonly currency: string } {
  const match = /^(-?)(\d+)(?:\.(\d{1,2}))? ([A-Z]{3})$/u.exec(String(raw));
  if (match === null) throw refused(cell, "a deal's value is an amount with at most two decimals and a currency");
  const [, sign = "", whole = "", fraction = "", currency = ""] = match;
  const cents = `${whole}${fraction.padEnd(2, "0")}`.replace(/^0+(?=\d)/u, "");
  return { value: `${sign}${cents}`, currency: currency.toLowerCase() };
}

export function dealStatus(cell: string, raw: RawValue): string {
  const place = dealStatuses.indexOf(String(raw) as (typeof dealStatuses)[number]);
  if (place === -1) throw refused(cell, `a deal is ${dealStatuses.join(", ")}`);
  return String(place);
}

/** 1 or 2: the API sets no other status, and can't take a contact off a list without a trace. */
export function listStatus(cell: string, raw: RawValue): "1" | "2" {
  if (raw === "active") return "1";
  if (raw === "unsubscribed") return "2";
  throw refused(cell, "of a list, only active and unsubscribed can be written");
}

function refused(cell: string, message: string): SyncFailure {
  return new SyncFailure({ code: "REJECTED", message: `${cell}: ${message}`, cells: { [cell]: message } });
}
