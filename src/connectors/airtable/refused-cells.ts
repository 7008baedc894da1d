import type { CellName } from "../../model/record.ts";
import type { RawValue } from "../../model/value.ts";
import type { Refusal } from "./errors.ts";
import type { BoundTable } from "./schema.ts";

/** The cells of a patch that a refusal is about, each with Airtable's words; empty where it does not say. */
export function refusedCells(
  bound: BoundTable,
  patch: Readonly<Record<CellName, RawValue>>,
  { type, message }: Refusal,
): Record<CellName, string> {
  const words = message === "" ? type : message;
  const named = Object.keys(patch).filter((cell) => isAbout(bound, cell, patch[cell] ?? null, { type, message }));
  return Object.fromEntries(named.map((cell) => [cell, words]));
}

function isAbout(bound: BoundTable, cell: CellName, raw: RawValue, { type, message }: Refusal): boolean {
  const field = bound.cells.get(cell);
  if (field === undefined) return false;
  // The option is named, its field is not.
  if (type === "INVALID_MULTIPLE_CHOICE_OPTIONS")
    return field.choices !== null && textsOf(raw).some(isUnknownIn(field.choices, message));
  if (type === "ROW_DOES_NOT_EXIST") return textsOf(raw).some((id) => message.includes(id));
  return message.includes(`"${field.name}"`) || message.includes(`"${field.id}"`);
}

function isUnknownIn(choices: readonly string[], message: string): (option: string) => boolean {
  return (option) => !choices.includes(option) && message.includes(`"${option}"`);
}

function textsOf(raw: RawValue): readonly string[] {
  const items = Array.isArray(raw) ? (raw as readonly RawValue[]) : [raw];
  return items.filter((item) => typeof item === "string");
}
