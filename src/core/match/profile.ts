import type { EntityType, FieldName, GoldenRecord } from "../../model/golden.ts";
import type { Role } from "../../model/match-role.ts";
import type { MatchingPolicy } from "../../model/policy.ts";
import { type FieldValue, sameValue } from "../../model/value.ts";
import type { Filing } from "./nominate.ts";
import { blockingKeys } from "./scored/blocking.ts";
import { type MatchRecord, matchRecordOf, type RawRecord } from "./scored/record.ts";
import { remembered } from "./scored/remembered.ts";

type Values = Readonly<Record<FieldName, FieldValue | undefined>>;

/**
 * What a record says of who or what it is, normalised to be compared. `system`: whose record it is. Values are wanted several times (to find
 * candidates, to be scored, to be filed), so what was made of them is remembered.
 */
export function profileOf(values: Values, system: string, matching: MatchingPolicy): MatchRecord {
  return normalised(sayingOf(values, system, matching));
}

const normalised = remembered((saying) => matchRecordOf("", JSON.parse(saying), true), 5_000);

const sayings = new WeakMap<Values, string>();

/** What a record says, in one line. */
function sayingOf(values: Values, system: string, { roles }: MatchingPolicy): string {
  const known = sayings.get(values);
  if (known !== undefined) return known;
  const saying = JSON.stringify(rawOf(values, system, roles));
  sayings.set(values, saying);
  return saying;
}

function rawOf(values: Values, system: string, roles: MatchingPolicy["roles"]): RawRecord {
  const raw: Partial<Record<Role, string[]>> = { source: [system] };
  for (const [field, role] of Object.entries(roles)) {
    const texts = textsOf(values[field]);
    if (texts.length === 0) continue;
    const known = raw[role];
    if (known === undefined) raw[role] = texts;
    else known.push(...texts);
  }
  return raw;
}

function textsOf(value: FieldValue | undefined): string[] {
  if (typeof value === "string") return [value];
  if (value === null || value === undefined || typeof value === "boolean") return [];
  return "amount" in value ? [value.amount] : [...value];
}

const said = new WeakMap<GoldenRecord, string>();

/** What each record of a golden record says, as last known there, a line each; what several say alike, once. Without any record: what was agreed on. */
function saysOf(golden: GoldenRecord, matching: MatchingPolicy): string {
  const known = said.get(golden);
  if (known !== undefined) return known;
  const shadows: Values[] = [];
  const lines: string[] = [];
  for (const { system, status, shadow } of golden.links) {
    if (status !== "linked" || shadows.some((other) => saysTheSame(other, shadow, matching))) continue;
    shadows.push(shadow);
    lines.push(sayingOf(shadow, system, matching));
  }
  if (lines.length === 0) lines.push(sayingOf(mapped(golden), "", matching));
  const says = lines.join("\n");
  said.set(golden, says);
  return says;
}

/** The same, normalised to be compared. */
export function membersOf(golden: GoldenRecord, matching: MatchingPolicy): readonly MatchRecord[] {
  return membersIn(saysOf(golden, matching));
}

/** What the records of a golden record say, as it is filed. */
export function membersIn(says: string): readonly MatchRecord[] {
  return says.split("\n").map(normalised);
}

function saysTheSame(a: Values, b: Values, { roles }: MatchingPolicy): boolean {
  for (const field in roles) if (!sameValue(a[field] ?? null, b[field] ?? null)) return false;
  return true;
}

function mapped({ fields }: GoldenRecord): Values {
  return Object.fromEntries(Object.entries(fields).map(([field, { value }]) => [field, value]));
}

const blocksMax = 24;

/** How a golden record is filed: under the keys of all that its records say, with what they say. Deleted ones are not found. */
export function filingOf(golden: GoldenRecord, matching: MatchingPolicy): Filing {
  const keys = blocksOfGolden(golden, matching);
  return { keys, says: keys.length === 0 ? "" : saysOf(golden, matching) };
}

/** The keys under which a golden record is filed for matching: those of all that its records say. Deleted ones are not found. */
export function blocksOfGolden(golden: GoldenRecord, matching: MatchingPolicy): readonly number[] {
  if (golden.deletedAt !== null) return [];
  const blocks = new Set<number>();
  for (const member of membersOf(golden, matching)) {
    for (const block of blocksOfRecord(golden.entity, member)) if (blocks.size < blocksMax) blocks.add(block);
  }
  return [...blocks];
}

const filedUnder = new WeakMap<MatchRecord, readonly number[]>();

/** The keys under which candidates for a record are looked up. */
export function blocksOfRecord(entity: EntityType, record: MatchRecord): readonly number[] {
  const known = filedUnder.get(record);
  if (known !== undefined) return known;
  const blocks = blockingKeys(record).map((key) => hashOf(`${entity}\n${key}`));
  filedUnder.set(record, blocks);
  return blocks;
}

/** 47 bits: a number that every store holds exactly. Two keys of one hash only make a block larger. Source: FNV-1a, twice. */
function hashOf(text: string): number {
  let [low, high] = [0x811c9dc5, 0x9747b28c];
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    low = Math.imul(low ^ unit, 0x01000193);
    high = Math.imul(high ^ unit, 0x85ebca6b);
  }
  return ((high ^ (high >>> 13)) & 0x7fff) * 2 ** 32 + (low >>> 0);
}
