import { newLink } from "../core/draft.ts";
import type { GoldenRecord, Link } from "../model/golden.ts";

const blank: Link = newLink({ system: "", object: "", fields: {}, create: false }, null, 0);
const blanks = Object.entries(blank) as readonly [keyof Link, unknown][];

/**
 * A golden record as the JSON that durable stores keep. What a link has nothing in is left out: most of a link is usually empty, and a
 * document that was stored before a part of links existed gets that part's blank when it is read.
 */
export function toDoc(golden: GoldenRecord): string {
  return JSON.stringify({ ...golden, links: golden.links.map(filled) });
}

/** The golden record of a document made by `toDoc`. */
export function fromDoc(doc: string): GoldenRecord {
  const golden: GoldenRecord = JSON.parse(doc);
  return { ...golden, links: golden.links.map((link) => ({ ...blank, ...link })) };
}

function filled(link: Link): Partial<Link> {
  const kept: Record<string, unknown> = {};
  for (const [part, nothing] of blanks) if (!isNothing(link[part], nothing)) kept[part] = link[part];
  return kept;
}

function isNothing(value: unknown, nothing: unknown): boolean {
  if (value === nothing) return true;
  if (typeof value !== "object" || typeof nothing !== "object" || value === null || nothing === null) return false;
  for (const _ in value) return false;
  return Array.isArray(value) === Array.isArray(nothing);
}
