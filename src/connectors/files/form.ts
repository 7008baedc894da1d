import type { RawValue } from "../../model/value.ts";

/** A value as it is kept, whatever kind of file it came in: CSV knows texts only, and a blank is an empty one. */
export function keptForm(format: "csv" | "jsonl", value: RawValue): RawValue {
  if (value === "") return null;
  if (format === "jsonl" || value === null || typeof value === "string") return value;
  if (Array.isArray(value)) return value.length === 0 ? null : value.join(";");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
