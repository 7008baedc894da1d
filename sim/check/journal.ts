import { type FieldValue, sameValue } from "../../src/model/value.ts";
import type { Truth } from "./truth.ts";

/** I12 and I7: folding the journal gives the fields, version by version. */
export function checkJournal({ world }: Truth): string[] {
  const { ledger } = world;
  const folded = new Map<string, { readonly value: FieldValue; readonly version: number }>();
  const broken: string[] = [];
  for (const line of ledger.journal) {
    if (line.kind !== "set" || line.field === null) continue;
    const key = `${line.goldenId}.${line.field}`;
    const before = folded.get(key);
    if (line.version !== (before?.version ?? 0) + 1)
      broken.push(`I7: ${key} goes from version ${before?.version ?? 0} to ${line.version}`);
    if (!sameValue(line.from, before?.value ?? null)) broken.push(`I12: ${key} is said to come from ${line.from}`);
    folded.set(key, { value: line.to, version: line.version });
  }
  for (const golden of ledger.goldens.values()) {
    for (const [field, version] of Object.entries(golden.fields)) {
      const fold = folded.get(`${golden.id}.${field}`);
      if (fold?.version !== version.version || !sameValue(fold.value, version.value))
        broken.push(`I12: ${golden.id}.${field} is not what its journal says`);
    }
  }
  return broken;
}
