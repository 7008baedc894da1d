import type { EntityType, FieldName, GoldenRecord } from "../../model/golden.ts";
import type { Role } from "../../model/match-role.ts";
import type { MatchingPolicy } from "../../model/policy.ts";
import { type FieldValue, sameValue } from "../../model/value.ts";
import { blockingKeys } from "./scored/blocking.ts";
import { type MatchRecord, matchRecordOf, type RawRecord } from "./scored/record.ts";
import { remembered } from "./scored/remembered.ts";

type Values = Readonly<Record<FieldName, FieldValue | undefined>>;

const profiles = new WeakMap<Values, MatchRecord>();

/**
 * What a record says of who or what it is, normalised to be compared. `system`: whose record it is. Values are wanted several times (to find
 * candidates, to be scored, to be filed), so what was made of them is remembered as long as they are.
 */
export function profileOf(values: Values, system: string, { roles }: MatchingPolicy): MatchRecord {
  const known = profiles.get(values);
  if (known !== undefined) return known;
  const raw = rawOf(values, system, roles);
  // A record says the same as its golden record's shadow of it, and as when it was compared last.
  const made = normalised(JSON.stringify(raw));
  profiles.set(values, made);
  return made;
}

const normalised = remembered((raw) => matchRecordOf("", JSON.parse(raw), true), 5_000);

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

const memberProfiles = new WeakMap<GoldenRecord, readonly MatchRecord[]>();

/** What each record of a golden record says, as last known there; what several say alike, once. Without any record: what was agreed on. */
export function membersOf(golden: GoldenRecord, matching: MatchingPolicy): readonly MatchRecord[] {
  const known = memberProfiles.get(golden);
  if (known !== undefined) return known;
  const sayings: Values[] = [];
  const members: MatchRecord[] = [];
  for (const { system, status, shadow } of golden.links) {
    if (status !== "linked" || sayings.some((other) => saysTheSame(other, shadow, matching))) continue;
    sayings.push(shadow);
    members.push(profileOf(shadow, system, matching));
  }
  if (members.length === 0) members.push(profileOf(mapped(golden), "", matching));
  memberProfiles.set(golden, members);
  return members;
}

function saysTheSame(a: Values, b: Values, { roles }: MatchingPolicy): boolean {
  for (const field in roles) if (!sameValue(a[field] ?? null, b[field] ?? null)) return false;
  return true;
}

function mapped({ fields }: GoldenRecord): Values {
  return Object.fromEntries(Object.entries(fields).map(([field, { value }]) => [field, value]));
}

const blocksMax = 24;

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
