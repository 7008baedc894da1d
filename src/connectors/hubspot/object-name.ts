import type { ObjectName } from "../../model/record.ts";

/** HubSpot's own types: id, the name that paths use, and the word that webhooks use. */
const standardTypes = [
  ["0-1", "contacts", "contact"],
  ["0-2", "companies", "company"],
  ["0-3", "deals", "deal"],
  ["0-5", "tickets", "ticket"],
  ["0-7", "products", "product"],
  ["0-8", "line_items", "line_item"],
] as const;

/** `0-1` ... for a standard object under any of its names, the id itself for `2-NNN`, `null` for a custom object's name. */
export function typeIdOf(object: ObjectName): string | null {
  if (/^\d+-\d+$/.test(object)) return object;
  return standardTypes.find(([, plural, singular]) => object === plural || object === singular)?.[0] ?? null;
}

/** The name that paths use for a type id. */
export function canonicalName(typeId: string): ObjectName {
  return standardTypes.find(([id]) => id === typeId)?.[1] ?? typeId;
}

/** The property with the time of the last change, the one that searches sort by. */
export function modifiedProperty(object: ObjectName): "lastmodifieddate" | "hs_lastmodifieddate" {
  return typeIdOf(object) === "0-1" ? "lastmodifieddate" : "hs_lastmodifieddate";
}

export function isContacts(object: ObjectName): boolean {
  return typeIdOf(object) === "0-1";
}
