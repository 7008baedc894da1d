import type { FieldType } from "../src/model/field-type.ts";
import type { RawValue } from "../src/model/value.ts";

/**
 * What a value means, for the checkers: written apart from Truce's own normalizing, for the few forms that occur in the simulation. `null` for
 * blank. What the type can't hold is given back as text.
 */
export function canonical(type: FieldType, raw: RawValue | undefined): string | null {
  if (raw === null || raw === undefined) return null;
  if (type.kind === "set") return setText(raw);
  const text = String(raw).trim();
  if (text === "") return null;
  switch (type.kind) {
    case "email":
      return text.toLowerCase();
    case "number":
      return Number.isNaN(Number(text)) ? text : String(Number(text));
    case "boolean":
    case "choice":
      return text.toLowerCase();
    default:
      return text;
  }
}

function setText(raw: RawValue): string | null {
  const items = Array.isArray(raw) ? raw.map(String) : String(raw).split(";");
  const members = [...new Set(items.map((item) => item.trim()).filter((item) => item !== ""))].sort();
  return members.length === 0 ? null : members.join(";");
}

/** True when the type can't hold it. */
export function isJunk(type: FieldType, text: string | null): boolean {
  return text?.startsWith("junk") === true && type.kind !== "text" && type.kind !== "set";
}
