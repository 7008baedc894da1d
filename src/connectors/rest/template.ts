import type { Query } from "./options.ts";

/** `/contacts/{id}` with its parts filled in, each encoded for a path. */
export function pathOf(template: string, parts: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\{(\w+)\}/gu, (whole, name: string) =>
    Object.hasOwn(parts, name) ? encodeURIComponent(parts[name] ?? "") : whole,
  );
}

/** `where={"email":{json}}&limit=2` as a query, its values filled in as they are: encoding is the address's business. */
export function queryOf(template: string, parts: Readonly<Record<string, string>>): Query {
  const entries = template.split("&").map((pair): [string, string] => {
    const split = pair.indexOf("=");
    return split === -1 ? [pair, ""] : [pair.slice(0, split), filled(pair.slice(split + 1), parts)];
  });
  return Object.fromEntries(entries);
}

/** The forms in which a query may hold a value: as it is, as JSON, and between single quotes, doubled within, as OData and SQL write it. */
export function formsOf(value: string) {
  return { value, json: JSON.stringify(value), quoted: `'${value.replaceAll("'", "''")}'` };
}

/** A text with `{name}` filled in. */
export function filled(template: string, parts: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\{(\w+)\}/gu, (whole, name: string) =>
    Object.hasOwn(parts, name) ? (parts[name] ?? "") : whole,
  );
}
