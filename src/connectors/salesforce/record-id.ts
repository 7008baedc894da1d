import type { RecordId } from "../../model/record.ts";

const checksums = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";

/**
 * The 18-character form of a Salesforce id, `null` for anything else. The 15-character form differs by case alone, so the last three letters say
 * which of the fifteen are capitals; both name the same record.
 */
export function fullId(id: string): RecordId | null {
  if (!/^[0-9A-Za-z]{15}(?:[A-Za-z0-5]{3})?$/u.test(id)) return null;
  let suffix = "";
  for (let part = 0; part < 15; part += 5) {
    const capitals = [...id.slice(part, part + 5)].map((letter) => letter >= "A" && letter <= "Z");
    suffix += checksums[capitals.reduce((sum, isCapital, n) => sum + (isCapital ? 2 ** n : 0), 0)];
  }
  const full = id.slice(0, 15) + suffix;
  return id.length === 15 || id.toUpperCase() === full.toUpperCase() ? full : null;
}
