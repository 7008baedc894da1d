import type { GoldenRecord } from "../model/golden.ts";
import type { ObjectMapping } from "../model/policy.ts";
import { newLink } from "./draft.ts";

/** The golden record without anything waiting for this hold. */
export function released(golden: GoldenRecord, holdId: string): GoldenRecord {
  return {
    ...golden,
    links: golden.links.map((link) => (link.waitsFor === holdId ? { ...link, waitsFor: null } : link)),
  };
}

/** The held record may be the one that a golden record wants here: none is made beside it. */
export function blockCreate(golden: GoldenRecord, mapping: ObjectMapping, holdId: string): GoldenRecord {
  const links = [...golden.links];
  let index = links.findIndex((link) => link.system === mapping.system && link.object === mapping.object);
  if (index === -1) index = links.push(newLink(mapping, null, 0)) - 1;
  const link = links[index];
  if (link === undefined || link.status !== "wanted" || link.inFlight !== null || link.waitsFor === holdId) {
    return golden;
  }
  links[index] = { ...link, waitsFor: holdId };
  return { ...golden, links };
}
