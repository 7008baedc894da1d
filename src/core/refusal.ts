import type { GoldenRecord, Link } from "../model/golden.ts";
import type { RecordRef } from "../model/record.ts";
import { archived } from "./draft.ts";

/** True when the link's system has refused something that was not written since. */
export function hasRefusals({ refused }: Link): boolean {
  return Object.keys(refused).length > 0;
}

/** True when something of the golden record can't be written to the link's system until a person acts or a newer value comes. */
export function isStuck({ fields }: Pick<GoldenRecord, "fields">, { dead, refused }: Link): boolean {
  return dead !== null || Object.entries(refused).some(([field, { version }]) => fields[field]?.version === version);
}

/** The golden record with the link to this record (id "": to one that is wanted) free to be tried again, as if it had never failed. */
export function revived(golden: GoldenRecord, { system, object, id }: RecordRef): GoldenRecord {
  const isMeant = (link: Link) => link.system === system && link.object === object && (link.id ?? "") === id;
  return {
    ...golden,
    links: golden.links.map((link) =>
      isMeant(link) && link.dead !== archived ? { ...link, dead: null, failures: 0, retryAt: 0, refused: {} } : link,
    ),
  };
}
