import { type MatchRecord, matchRecordOf, type RawRecord } from "./record.ts";

let count = 0;

/** A record for a test, from single values: `person({ "full-name": "Ann Lee", email: "ann@lee.example" })`. */
export function recordWith(values: { readonly [role in keyof RawRecord]?: string }): MatchRecord {
  const raw = Object.fromEntries(Object.entries(values).map(([role, value]) => [role, [value]]));
  return matchRecordOf(`r${++count}`, raw as RawRecord);
}
