import type { CellName } from "../../model/record.ts";
import { at, type Json, type JsonObject, objectOf } from "./json.ts";
import { type Ask, idsIn, isEmptyList, type Shape } from "./probe-ask.ts";
import { filled, formsOf, queryOf } from "./template.ts";

/** A filter that lets everything through since 1970 and nothing since 2999. */
export async function probeSince(ask: Ask, shape: Shape, records: readonly Json[], modifiedAt: string) {
  const name = modifiedAt.split(".").at(-1) ?? "";
  const candidates: readonly Readonly<Record<string, string>>[] = [
    ...[
      "updated_since",
      "modified_since",
      "updatedSince",
      "modifiedSince",
      "since",
      "updated_after",
      "modified_after",
    ].map((key) => ({ [key]: "{since}" })),
    ...[
      `${name}_gte`,
      `${name}:gte`,
      `${name}[gte]`,
      `${name}[$gte]`,
      `${name}__gte`,
      `filters[${name}][$gte]`,
      `filter[${name}][_gte]`,
      `filter[${name}][gte]`,
      `filter[where][${name}][gte]`,
      `where[${name}][greater_than_equal]`,
    ].map((key) => ({ [key]: "{since}" })),
    { [name]: "gte.{since}" },
    { filter: `(${name}>='{since}')` },
    // OData, SCIM, Parse.
    { $filter: `${name} ge {since}` },
    { filter: `${modifiedAt} ge "{since}"` },
    { where: `{"${name}":{"$gte":{"__type":"Date","iso":"{since}"}}}` },
  ];
  const withMoment = (one: Readonly<Record<string, string>>, since: string) =>
    Object.fromEntries(Object.entries(one).map(([key, value]) => [key, filled(value, { since })]));
  for (const one of records.length === 0 ? [] : candidates) {
    const late = await ask(withMoment(one, "2999-01-01T00:00:00.000Z"));
    if (!isEmptyList(late, shape)) continue;
    if (idsIn(await ask(withMoment(one, "1970-01-01T00:00:00.000Z")), shape).length > 0) return one;
  }
  return null;
}

/** For each field with e-mail addresses a query that finds one, and finds nothing for another. */
export async function probeLookup(
  ask: Ask,
  shape: Shape,
  records: readonly Json[],
): Promise<Record<CellName, string> | null> {
  const sample = objectOf(at(records[0], shape.fieldsAt ?? ""));
  const found: [CellName, string][] = [];
  for (const [cell, value] of Object.entries(sample ?? ({} as JsonObject))) {
    if (typeof value !== "string" || !/^[^\s@]+@[^\s@]+\.[^\s@]+$/u.test(value)) continue;
    const candidates = [
      `${cell}={value}`,
      `filters[${cell}][$eq]={value}`,
      `filter[${cell}][_eq]={value}`,
      `filter[${cell}]={value}`,
      `filter[where][${cell}]={value}`,
      `where[${cell}][equals]={value}`,
      `${cell}=eq.{value}`,
      `$filter=${cell} eq {quoted}`,
      `filter=${cell} eq {json}`,
      `where={"${cell}":{json}}`,
    ];
    for (const template of candidates) {
      const hit = await ask(queryOf(template, formsOf(value)));
      const list = at(hit?.body, shape.items);
      const fits =
        Array.isArray(list) &&
        list.length > 0 &&
        list.every((one) => at(at(one, shape.fieldsAt ?? ""), cell) === value);
      if (!fits || !isEmptyList(await ask(queryOf(template, formsOf("nobody@nowhere.invalid"))), shape)) continue;
      found.push([cell, template]);
      break;
    }
  }
  return found.length === 0 ? null : Object.fromEntries(found);
}
