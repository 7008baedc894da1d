import type { Field } from "../field.ts";
import { fullId } from "../id.ts";
import { findField, findTable, type Org, type StoredRecord, type Table } from "../org.ts";
import { refuse } from "../refusal.ts";
import { attributesOf, rendered } from "../render.ts";
import type { Condition, Literal, Operator, Path, Query } from "./parse.ts";
import { pointed } from "./token.ts";

export type Found = {
  readonly table: Table;
  /** `null` for `count()`. */
  readonly records: readonly StoredRecord[] | null;
  readonly total: number;
  /** A record as the query selects it. */
  render(record: StoredRecord, version: string): Record<string, unknown>;
};

/** A field, reached over lookups. */
type Reached = { readonly lookups: readonly Field[]; readonly table: Table; readonly field: Field };

/** Runs a query. `all`: deleted records too, as `queryAll`. Refuses fields that are not there, and values of the wrong type. */
export function runSoql(org: Org, query: Query, all: boolean): Found {
  const table = findTable(org, query.from.parts.join("."));
  if (table === null) {
    const name = query.from.parts.join(".");
    const what = `sObject type '${name}' is not supported. If you are attempting to use a custom object, be sure to append the '__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names.`;
    throw refuse("INVALID_TYPE", pointed(query.text, query.from.at, what));
  }
  const reach = (path: Path) => reached(org, table, query, path);
  const selected = query.select?.map(reach) ?? null;
  const test = query.where === null ? () => true : tester(query, query.where, reach, org);
  const order = query.orderBy.map(({ path, ...rest }) => ({
    ...rest,
    readValue: getter(org, filterable(query, path, reach(path))),
  }));
  const matching = candidates(table, query.where).filter((record) => (all || !record.isDeleted) && test(record));
  matching.sort((a, b) => {
    for (const { readValue, descending, nullsLast } of order) {
      const [left, right] = [readValue(a), readValue(b)];
      if (left === null || right === null) {
        if (left === right) continue;
        return (left === null) === nullsLast ? 1 : -1;
      }
      const sign = compare(left, right);
      if (sign !== 0) return descending ? -sign : sign;
    }
    return 0;
  });
  const limited = matching.slice(query.offset, query.limit === null ? undefined : query.offset + query.limit);
  return {
    table,
    records: selected === null ? null : limited,
    total: limited.length,
    render: (record, version) => render(org, table, record, selected ?? [], version),
  };
}

/** Records by id need no look at all the others. */
function candidates(table: Table, where: Condition | null): StoredRecord[] {
  const parts = where?.kind === "and" ? where.parts : where === null ? [] : [where];
  for (const part of parts) {
    if (part.kind !== "compare" || part.path.parts.length > 1 || part.path.parts[0]!.toLowerCase() !== "id") continue;
    if (part.operator !== "=" && part.operator !== "IN") continue;
    const ids = new Set(part.values.map(({ value }) => fullId(String(value)) ?? ""));
    return [...ids].flatMap((id) => table.records.get(id) ?? []);
  }
  return [...table.records.values()];
}

function reached(org: Org, table: Table, query: Query, path: Path): Reached {
  let at = table;
  const lookups: Field[] = [];
  for (const part of path.parts.slice(0, -1)) {
    const lookup = [...at.fields.values()].find(
      (field) => field.relationshipName?.toLowerCase() === part.toLowerCase(),
    );
    const target = lookup === undefined ? null : findTable(org, lookup.referenceTo[0] ?? "");
    if (lookup === undefined || target === null) {
      const what = `Didn't understand relationship '${part}' in field path. If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name. Please reference your WSDL or the describe call for the appropriate names.`;
      throw refuse("INVALID_FIELD", pointed(query.text, path.at, what));
    }
    lookups.push(lookup);
    at = target;
  }
  const name = path.parts.at(-1)!;
  const field = findField(at, name);
  if (field === null) {
    const what = `No such column '${name}' on entity '${at.type.name}'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names.`;
    throw refuse("INVALID_FIELD", pointed(query.text, path.at, what));
  }
  return { lookups, table: at, field };
}

function filterable(query: Query, path: Path, found: Reached): Reached {
  if (found.field.filterable) return found;
  const what = `field '${found.field.name}' can not be filtered in a query call`;
  throw refuse("INVALID_FIELD", pointed(query.text, path.at, what));
}

type Comparable = string | number | boolean | null;

function getter(org: Org, { lookups, field }: Reached): (record: StoredRecord) => Comparable {
  return (record) => {
    let at: StoredRecord | undefined = record;
    for (const lookup of lookups) {
      const id: unknown = at?.values[lookup.name];
      const target = findTable(org, lookup.referenceTo[0] ?? "");
      at = typeof id === "string" ? target?.records.get(id) : undefined;
      if (at === undefined) return null;
    }
    const value = rendered(at, field) as Comparable;
    if (field.type === "datetime" && typeof value === "string") return Date.parse(value.replace("+0000", "Z"));
    return typeof value === "string" && !isExact(field) ? value.toLowerCase() : value;
  };
}

/** Ids and case-sensitive keys are compared letter by letter, other texts without regard to case. */
function isExact(field: Field): boolean {
  return field.type === "id" || field.type === "reference" || field.caseSensitive;
}

function tester(
  query: Query,
  condition: Condition,
  reach: (path: Path) => Reached,
  org: Org,
): (record: StoredRecord) => boolean {
  if (condition.kind === "not") {
    const inner = tester(query, condition.part, reach, org);
    return (record) => !inner(record);
  }
  if (condition.kind !== "compare") {
    const parts = condition.parts.map((part) => tester(query, part, reach, org));
    return condition.kind === "and"
      ? (record) => parts.every((part) => part(record))
      : (record) => parts.some((part) => part(record));
  }
  const found = filterable(query, condition.path, reach(condition.path));
  const readValue = getter(org, found);
  const wanted = condition.values.map((literal) => comparable(query, found.field, literal, condition.operator));
  const holds = operators[condition.operator](wanted);
  return (record) => holds(readValue(record));
}

const operators: Record<Operator, (wanted: readonly Comparable[]) => (value: Comparable) => boolean> = {
  "=":
    ([wanted]) =>
    (value) =>
      value === wanted,
  "!=":
    ([wanted]) =>
    (value) =>
      value !== wanted,
  "<":
    ([wanted]) =>
    (value) =>
      ordered(value, wanted, (sign) => sign < 0),
  "<=":
    ([wanted]) =>
    (value) =>
      ordered(value, wanted, (sign) => sign <= 0),
  ">":
    ([wanted]) =>
    (value) =>
      ordered(value, wanted, (sign) => sign > 0),
  ">=":
    ([wanted]) =>
    (value) =>
      ordered(value, wanted, (sign) => sign >= 0),
  LIKE: ([wanted]) => {
    const pattern = String(wanted).replaceAll(/[.*+?^${}()|[\]\\]/gu, "\\$&");
    const like = new RegExp(`^${pattern.replaceAll("%", ".*").replaceAll("_", ".")}$`, "isu");
    return (value) => typeof value === "string" && like.test(value);
  },
  IN: (wanted) => {
    const all = new Set(wanted);
    return (value) => all.has(value);
  },
  "NOT IN": (wanted) => {
    const all = new Set(wanted);
    return (value) => !all.has(value);
  },
  INCLUDES: (wanted) => (value) => wanted.some((one) => includesAll(value, one)),
  EXCLUDES: (wanted) => (value) => !wanted.some((one) => includesAll(value, one)),
};

function ordered(value: Comparable, wanted: Comparable | undefined, holds: (sign: number) => boolean): boolean {
  if (value === null || wanted === null || wanted === undefined) return false;
  return holds(compare(value, wanted));
}

function compare(a: string | number | boolean, b: string | number | boolean): number {
  return a < b ? -1 : Number(a > b);
}

function includesAll(value: Comparable, wanted: Comparable): boolean {
  const own = typeof value === "string" ? value.split(";") : [];
  return String(wanted)
    .split(";")
    .every((part) => own.includes(part));
}

const numbers = ["int", "double", "currency", "percent"];

/** A literal as the field's values compare. Throws where it is of another type. */
function comparable(query: Query, field: Field, literal: Literal, operator: Operator): Comparable {
  const { kind, value } = literal;
  if (kind === "null") return null;
  const wrong = (type: string, how: string) => {
    const what = `value of filter criterion for field '${field.name}' must be of type ${type} and should ${how} quotes`;
    return refuse("INVALID_FIELD", pointed(query.text, literal.at, what));
  };
  if (field.type === "boolean") {
    if (kind !== "boolean") throw wrong("boolean", "not be enclosed in");
    return value;
  }
  if (field.type === "datetime") {
    if (kind !== "datetime") throw wrong("dateTime", "not be enclosed in");
    return value;
  }
  if (field.type === "date") {
    if (kind !== "date") throw wrong("date", "not be enclosed in");
    return value;
  }
  if (numbers.includes(field.type)) {
    if (kind !== "number") throw wrong(field.type, "not be enclosed in");
    return value;
  }
  if (kind !== "string") throw wrong("string", "be enclosed in");
  if (field.type === "id" || field.type === "reference") {
    const id = fullId(String(value));
    if (id === null && value !== "") {
      throw refuse(
        "INVALID_QUERY_FILTER_OPERATOR",
        pointed(query.text, literal.at, `invalid ID field: ${String(value)}`),
      );
    }
    return operator === "LIKE" ? String(value) : id;
  }
  // An empty text is what a blank compares to.
  if (value === "") return null;
  return isExact(field) ? String(value) : String(value).toLowerCase();
}

function render(
  org: Org,
  table: Table,
  record: StoredRecord,
  selected: readonly Reached[],
  version: string,
): Record<string, unknown> {
  const json: Record<string, unknown> = { attributes: attributesOf(table, record, version) };
  for (const { lookups, field } of selected) {
    let at: StoredRecord | undefined = record;
    let into: Record<string, unknown> | null = json;
    for (const lookup of lookups) {
      const target: Table = findTable(org, lookup.referenceTo[0] ?? "")!;
      const id: unknown = at?.values[lookup.name];
      at = typeof id === "string" ? target.records.get(id) : undefined;
      const name: string = lookup.relationshipName!;
      if (into !== null) {
        into[name] ??= at === undefined ? null : { attributes: attributesOf(target, at, version) };
        into = into[name] as Record<string, unknown> | null;
      }
    }
    if (into !== null && at !== undefined) into[field.name] = rendered(at, field);
  }
  return json;
}
