import { readField } from "../core/mapping/read-field.ts";
import { writeField } from "../core/mapping/write-field.ts";
import { normalizeValue } from "../core/normalize/normalize-value.ts";
import type { FieldType, FieldTypeKind } from "../model/field-type.ts";
import type { FieldForm, FieldMapping, Seam } from "../model/policy.ts";
import { type FieldValue, sameValue } from "../model/value.ts";
import type { ParsedMapping } from "./mapping-schema.ts";

/** A field's mapping as the engine runs on it. One whose inverse does not hold is only read, whatever it says. */
export function compileMapping(mapping: ParsedMapping, type: FieldType): FieldMapping {
  const { cell, direction } = mapping;
  const form = compileForm(mapping, type);
  if (form === null) return { cell, direction };
  return { cell, form, direction: brokenInverse(mapping, type) === null ? direction : "read" };
}

/** `null`: the cell's value is the field's. */
function compileForm(mapping: ParsedMapping, type: FieldType): FieldForm | null {
  const { cell, cells, values, part, by, read, write } = mapping;
  const seam: Seam = by === "name" ? null : (by ?? " ");
  const partType = typeOf(mapping.as ?? (type.kind === "name" || type.kind === "address" ? type.kind : "text"));
  if (part !== undefined) return { kind: "part", cellType: partType, by: seam, ...part };
  if (values !== undefined) return compileValues(mapping, values, type);
  if (read !== undefined || write !== undefined) {
    return {
      kind: "expression",
      cellType: mapping.as === undefined ? unbound(type) : typeOf(mapping.as),
      cells: cells ?? [cell],
      read: read ?? null,
      write: write === undefined ? null : [write].flat(),
    };
  }
  return cells === undefined ? null : { kind: "parts", cellType: partType, by: seam, cells };
}

function compileValues(
  { as, otherwise }: ParsedMapping,
  values: NonNullable<ParsedMapping["values"]>,
  type: FieldType,
): FieldForm {
  const rest = otherwise === undefined || otherwise === "refuse" ? {} : otherwise;
  const kind = as ?? (type.kind === "set" ? "set" : "choice");
  const names = Object.values(values).flat();
  const cellType: FieldType =
    (kind === "choice" || kind === "set") && rest.read === undefined
      ? { kind, options: [...new Set([...names, ...(rest.write === undefined ? [] : [rest.write])])] }
      : typeOf(kind);
  const pairs = Object.entries(values).map(
    ([value, called]) =>
      [canonicalText(type, value), [called].flat().map((one) => canonicalText(cellType, one))] as const,
  );
  return {
    kind: "values",
    cellType,
    toCell: Object.fromEntries(pairs.map(([value, called]) => [value, called[0] ?? ""])),
    toField: Object.fromEntries(pairs.flatMap(([value, called]) => called.map((one) => [one, value]))),
    otherwise: { read: rest.read ?? null, write: rest.write ?? null },
  };
}

/** A value's canonical form as a text; of a set's member, its own. */
function canonicalText(type: FieldType, text: string): string {
  const normalized = normalizeValue(type.kind === "set" ? { ...type, kind: "choice" } : type, text);
  return normalized.ok && normalized.value !== null ? String(normalized.value) : text;
}

/** What binds the field's values, its options and decimals, need not bind what they are written as. */
function unbound(type: FieldType): FieldType {
  return type.kind === "choice" || type.kind === "set" || type.kind === "number" ? { kind: type.kind } : type;
}

function typeOf(kind: FieldTypeKind): FieldType {
  return kind === "reference" ? { kind, to: "" } : { kind };
}

/**
 * For expressions in both directions: a value that does not come back when it is written and read, in words; `null`: none was found. Tried
 * with values of the field's type, so a fault that shows only with others goes unseen here.
 */
export function brokenInverse(mapping: ParsedMapping, type: FieldType): string | null {
  if (mapping.read === undefined || mapping.write === undefined || mapping.direction !== "both") return null;
  const form = compileForm(mapping, type);
  if (form === null) return null;
  const one: FieldMapping = { cell: mapping.cell, direction: "both", form };
  for (const value of samplesOf(type)) {
    const written = writeField("", type, one, () => value);
    if (!written.ok) return `${shown(value)} can't be written: ${written.reason}`;
    const read = readField(type, one, written.cells);
    if (read?.ok !== true) return `${shown(value)} can't be read back: ${read?.reason ?? ""}`;
    if (sameValue(read.value, value)) continue;
    const cells = Object.values(written.cells).map(shown).join(", ");
    return `${shown(value)} is written as ${cells}, which is read as ${shown(read.value)}`;
  }
  return null;
}

function shown(value: FieldValue): string {
  return JSON.stringify(value);
}

const samples: Readonly<Record<FieldTypeKind, readonly string[]>> = {
  text: ["Ana", "ana", "ANA LEE", "12", "a, b; c"],
  name: ["Ana", "ANA LEE", "Ana de la Cruz"],
  address: ["1 Main Street", "Hauptstr. 5"],
  email: ["ana@example.org"],
  url: ["https://example.org/a?b=c"],
  domain: ["example.org"],
  date: ["2026-01-31", "1999-12-01"],
  datetime: ["2026-01-31T12:30:00Z"],
  boolean: ["true", "false"],
  number: ["0", "1", "-3", "12.5", "100000"],
  phone: ["+4930123456"],
  money: [],
  choice: ["Ana", "ANA"],
  set: ["Ana", "Ana;Bob"],
  reference: [],
};

function samplesOf(type: FieldType): readonly FieldValue[] {
  const options = type.kind === "choice" || type.kind === "set" ? type.options : undefined;
  return (options ?? samples[type.kind]).flatMap((text) => {
    const normalized = normalizeValue(type, text);
    return normalized.ok && normalized.value !== null ? [normalized.value] : [];
  });
}
