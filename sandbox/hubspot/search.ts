import type { SandboxAnswer } from "../core/serve.ts";
import { isObject, type JsonObject, stringsIn, wholeNumber } from "./body.ts";
import { findTable, type Portal, type Table } from "./portal.ts";
import type { Property } from "./property.ts";
import type { StoredRecord } from "./record.ts";
import { badRequest } from "./refusal.ts";
import { propertyValue, renderRecord } from "./render.ts";

const bodyLengthMax = 3000;
const limitMax = 200;
const windowMax = 10_000;
const groupsMax = 5;
const filtersPerGroupMax = 6;
const filtersMax = 18;

/**
 * `POST /crm/v3/objects/{type}/search` over what the index has caught up with. Archived records never appear. Ties of the sort come in
 * no useful order. `text` is the body as it came, whose length is limited.
 */
export function searchObjects(portal: Portal, table: Table, body: JsonObject, text: string): SandboxAnswer {
  if (text.length > bodyLengthMax) throw badRequest(`Request body is longer than ${bodyLengthMax} characters`);
  const limit = wholeNumber(body["limit"], "limit", 10);
  if (limit < 1 || limit > limitMax) throw badRequest(`limit must be between 1 and ${limitMax}, not ${limit}`);
  const start = wholeNumber(body["after"], "after", 0);
  if (start + limit > windowMax) throw badRequest(`Search results beyond ${windowMax} cannot be paged to`);
  const matches = filterOf(portal, table, body);
  const found: StoredRecord[] = [];
  for (const record of table.index.current().values()) if (matches(record)) found.push(record);
  sort(table, found, sortOf(table, body));
  const selection = { properties: stringsIn(body, "properties"), propertiesWithHistory: [] };
  const results = found.slice(start, start + limit).map((record) => renderRecord(portal, table, record, selection));
  const next = start + limit < found.length ? { paging: { next: { after: String(start + limit) } } } : {};
  return { status: 200, body: { total: found.length, results, ...next } };
}

type Test = (record: StoredRecord) => boolean;

function filterOf(portal: Portal, table: Table, body: JsonObject): Test {
  const groups = listOf(body["filterGroups"]).map((group) => listOf(group["filters"]));
  if (groups.length > groupsMax) throw badRequest(`At most ${groupsMax} filterGroups are allowed`);
  if (groups.some((group) => group.length > filtersPerGroupMax)) {
    throw badRequest(`At most ${filtersPerGroupMax} filters are allowed in a group`);
  }
  if (groups.flat().length > filtersMax) throw badRequest(`At most ${filtersMax} filters are allowed`);
  const tests = groups.map((group) => group.map((filter) => testOf(portal, table, filter)));
  const query = typeof body["query"] === "string" ? body["query"].toLowerCase() : "";
  return (record) =>
    (tests.length === 0 || tests.some((group) => group.every((test) => test(record)))) &&
    (query === "" || Object.values(record.values).some((value) => value.toLowerCase().includes(query)));
}

function listOf(value: unknown): readonly JsonObject[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || !value.every(isObject)) throw badRequest("Invalid input JSON: a list was expected");
  return value;
}

function testOf(portal: Portal, table: Table, filter: JsonObject): Test {
  const name = String(filter["propertyName"]);
  if (name.startsWith("associations.")) return associationTest(portal, table, name, filter);
  const property = table.properties.get(name);
  if (property === undefined) throw badRequest(`Property "${name}" does not exist`);
  const read = (record: StoredRecord) => propertyValue(table, record, name);
  const operand = (key: string) => {
    const value = filter[key];
    if (value === undefined || value === null) throw badRequest(`${filter["operator"]} on ${name} needs ${key}`);
    return comparable(property, String(value));
  };
  const compared = (holds: (own: string | number) => boolean): Test => {
    return (record) => {
      const own = read(record);
      return own !== null && holds(comparable(property, own));
    };
  };
  switch (filter["operator"]) {
    case "HAS_PROPERTY":
      return (record) => read(record) !== null;
    case "NOT_HAS_PROPERTY":
      return (record) => read(record) === null;
    case "EQ": {
      const wanted = operand("value");
      return compared((own) => own === wanted);
    }
    case "NEQ": {
      const wanted = operand("value");
      return (record) => !compared((own) => own === wanted)(record);
    }
    case "LT":
    case "LTE":
    case "GT":
    case "GTE": {
      const holds = orders[filter["operator"]];
      const wanted = operand("value");
      return compared((own) => holds(own, wanted));
    }
    case "BETWEEN": {
      const [low, high] = [operand("value"), operand("highValue")];
      return compared((own) => own >= low && own <= high);
    }
    case "IN":
    case "NOT_IN": {
      // Text values are matched as they were given: only lower case ever matches.
      const wanted = new Set(
        stringsIn(filter, "values").map((value) => (isText(property) ? value : comparable(property, value))),
      );
      if (wanted.size === 0) throw badRequest(`${filter["operator"]} on ${name} needs values`);
      const test = compared((own) => wanted.has(own));
      return filter["operator"] === "IN" ? test : (record) => !test(record);
    }
    case "CONTAINS_TOKEN":
    case "NOT_CONTAINS_TOKEN": {
      const wanted = tokenPattern(String(filter["value"]));
      const test: Test = (record) => tokensOf(read(record) ?? "").some((token) => wanted.test(token));
      return filter["operator"] === "CONTAINS_TOKEN" ? test : (record) => !test(record);
    }
    default:
      throw badRequest(`Unknown operator: ${String(filter["operator"])}`);
  }
}

const orders: Readonly<Record<"LT" | "LTE" | "GT" | "GTE", (a: string | number, b: string | number) => boolean>> = {
  LT: (a, b) => a < b,
  LTE: (a, b) => a <= b,
  GT: (a, b) => a > b,
  GTE: (a, b) => a >= b,
};

function associationTest(portal: Portal, table: Table, name: string, filter: JsonObject): Test {
  const other = findTable(portal, name.slice("associations.".length));
  if (other === null) throw badRequest(`Unable to infer object type from: ${name}`);
  const wanted = filter["operator"] === "IN" ? stringsIn(filter, "values") : [String(filter["value"])];
  return (record) =>
    portal.associations.list(table.type.id, record.id, other.type.id).some(({ toId }) => wanted.includes(toId));
}

function isText({ type }: Property): boolean {
  return type === "string" || type === "phone_number" || type === "enumeration";
}

function comparable(property: Property, value: string): string | number {
  if (property.type === "number") return Number(value);
  if (property.type === "date" || property.type === "datetime") {
    return /^-?\d+$/.test(value) ? Number(value) : Date.parse(value);
  }
  return value.toLowerCase();
}

function tokensOf(text: string): string[] {
  return text.toLowerCase().split(/[^\p{L}\p{N}]+/u);
}

function tokenPattern(text: string): RegExp {
  const parts = text
    .toLowerCase()
    .split("*")
    .map((part) => part.replace(/[^\p{L}\p{N}]/gu, ""));
  return new RegExp(`^${parts.join(".*")}$`, "u");
}

type Sort = { readonly property: Property; readonly descending: boolean };

function sortOf(table: Table, body: JsonObject): Sort | null {
  const sorts = body["sorts"];
  if (!Array.isArray(sorts) || sorts.length === 0) return null;
  if (sorts.length > 1) throw badRequest("Only one sort is allowed");
  const sort: unknown = sorts[0];
  const name = isObject(sort) ? String(sort["propertyName"]) : String(sort).replace(/^-/, "");
  const descending = isObject(sort) ? sort["direction"] === "DESCENDING" : String(sort).startsWith("-");
  const property = table.properties.get(name);
  if (property === undefined) throw badRequest(`Property "${name}" does not exist`);
  return { property, descending };
}

function sort(table: Table, records: StoredRecord[], by: Sort | null): void {
  if (by === null) return;
  const keys = new Map<StoredRecord, string | number>();
  for (const record of records) {
    const value = propertyValue(table, record, by.property.name);
    keys.set(record, value === null ? "" : comparable(by.property, value));
  }
  const sign = by.descending ? -1 : 1;
  records.sort((a, b) => {
    const [left, right] = [keys.get(a)!, keys.get(b)!];
    return left < right ? -sign : left > right ? sign : 0;
  });
}
