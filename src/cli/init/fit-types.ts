import type { FieldType } from "../../model/field-type.ts";

export type Fit = { readonly type: FieldType } | { readonly reason: string };

/** How well a kind fits a column of texts: any of these is read from, and written to, a plain text. */
const textual: readonly FieldType["kind"][] = ["text", "name", "email", "phone", "address", "url", "domain"];

/**
 * One type for a field that systems hold in types of their own; or why there is none. `wanted`: what the field's name says it is. Text takes
 * any type but a list or a choice; choices must have the same options everywhere.
 */
export function fitTypes(types: readonly FieldType[], wanted: FieldType["kind"] | null): Fit {
  const strict = types.filter(({ kind }) => !textual.includes(kind));
  if (strict.length === 0)
    return { type: { kind: wanted !== null && textual.includes(wanted) ? wanted : mostTelling(types) } as FieldType };
  const kinds = [...new Set(strict.map(({ kind }) => kind))];
  if (kinds.includes("reference")) return { reason: linkReason };
  if (types.length !== strict.length && (kinds.includes("set") || kinds.includes("choice")))
    return { reason: choiceReason(strict) };
  const isDated = kinds.every((kind) => kind === "date" || kind === "datetime");
  if (isDated) return { type: { kind: kinds.length > 1 || kinds[0] === "date" ? "date" : "datetime" } };
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1) return { reason: `its types differ: ${kinds.join(", ")}` };
  return kind === "choice" || kind === "set" ? fitOptions(kind, strict) : { type: { kind } as FieldType };
}

const linkReason = "it links to other records; map it as { type: reference, to: the other entity } (docs/relations.md)";

function mostTelling(types: readonly FieldType[]): FieldType["kind"] {
  return types.map(({ kind }) => kind).find((kind) => kind !== "text") ?? "text";
}

/** What is free text in one system would be refused by the other, value for value. */
function choiceReason(types: readonly FieldType[]): string {
  const options = types.flatMap((type) => ("options" in type ? (type.options ?? []) : []));
  const names = options.length === 0 ? "" : ` (${options.join(", ")})`;
  return `it is free text in one system and a choice${names} in another; map it with the options that both use, or name them with values (docs/mapping.md)`;
}

function fitOptions(kind: "choice" | "set", types: readonly FieldType[]): Fit {
  const lists = types.flatMap((type) => ("options" in type && type.options !== undefined ? [type.options] : []));
  const [first] = lists;
  if (first === undefined) return { type: { kind } };
  const same = (options: readonly string[]) => [...options].sort().join("\n");
  if (lists.some((options) => same(options) !== same(first))) {
    const all = lists.map((options) => options.join(", ")).join(" / ");
    return { reason: `its options differ: ${all}; say with values which are the same (docs/mapping.md)` };
  }
  return { type: { kind, options: first } };
}
