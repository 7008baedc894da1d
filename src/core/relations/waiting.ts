import type { FieldName, GoldenRecord, Link } from "../../model/golden.ts";

/** True when a link waits to tell its system of this version of a reference. */
export function isWaiting(link: Link, field: FieldName, golden: Pick<GoldenRecord, "fields">): boolean {
  const waiting = link.waiting[field];
  return waiting !== undefined && waiting.version === golden.fields[field]?.version;
}
