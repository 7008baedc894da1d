import type { RecordRef } from "../model/record.ts";

/** A record as it is named on the command line, `system/object/id`; `null` for another text. */
export function refOf(text: string): RecordRef | null {
  const { system, object, id } = /^(?<system>[^/]+)\/(?<object>[^/]+)\/(?<id>.+)$/u.exec(text)?.groups ?? {};
  return system === undefined || object === undefined || id === undefined ? null : { system, object, id };
}
