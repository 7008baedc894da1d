import type { RecordKey } from "../model/record.ts";
import type { Waiting } from "./store.ts";

/** The oldest of each object, of observations in order of arrival. */
export function oldestWaiting(rows: Iterable<{ readonly record: RecordKey; readonly at: number }>): readonly Waiting[] {
  const found = new Map<string, Waiting>();
  for (const { record, at } of rows) {
    const [system = "", object = ""] = record.split("/", 2);
    const key = `${system}/${object}`;
    if (!found.has(key)) found.set(key, { system, object, since: at });
  }
  return [...found.values()];
}
