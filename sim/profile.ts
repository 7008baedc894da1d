import type { RawValue } from "../src/model/value.ts";

/** What a kind of system can and can't do. */
export type Profile = {
  readonly kind: string;
  /** A write and its condition are one step; else the record is read just before, and what happens in between is a race. */
  readonly conditionalWrite: boolean;
  /** Records carry an order of their own (LSN, modified time). */
  readonly revisions: boolean;
  readonly feed: "stream" | "poll";
  /**
   * image: the whole record as it was after each change. changes: only the changed cells, as they were. record: the record as it is now, once
   * for all its changes. hint: only that something happened.
   */
  readonly tells: "image" | "changes" | "record" | "hint";
  /** The value that a write replaced can be learned. */
  readonly history: boolean;
  /** The system keeps the create key, and a second create with it finds the first. */
  readonly createKey: boolean;
  readonly uniqueEmail: boolean;
  readonly deleteEvents: boolean;
  readonly mergeEvents: boolean;
  readonly webhooks: boolean;
  /** Longest time that the feed lags behind the records; a poll looks back as far. */
  readonly lagMs: number;
  readonly form: "json" | "string";
  readonly trims: boolean;
  readonly lowersEmail: boolean;
  /** A refusal names the cells that it objects to. */
  readonly namesRefused: boolean;
};

const usual: Profile = {
  kind: "",
  conditionalWrite: false,
  revisions: true,
  feed: "poll",
  tells: "record",
  history: false,
  createKey: true,
  uniqueEmail: false,
  deleteEvents: true,
  mergeEvents: false,
  webhooks: false,
  lagMs: 0,
  form: "json",
  trims: false,
  lowersEmail: false,
  namesRefused: true,
};

export const profiles = {
  postgres: { ...usual, kind: "postgres", conditionalWrite: true, feed: "stream", tells: "image" },
  mysql: { ...usual, kind: "mysql", conditionalWrite: true, feed: "stream", tells: "changes", namesRefused: false },
  salesforce: {
    ...usual,
    kind: "salesforce",
    conditionalWrite: true,
    feed: "stream",
    tells: "changes",
    mergeEvents: true,
    lagMs: 100,
    trims: true,
  },
  hubspot: {
    ...usual,
    kind: "hubspot",
    tells: "record",
    history: true,
    uniqueEmail: true,
    mergeEvents: true,
    webhooks: true,
    lagMs: 2_000,
    form: "string",
    lowersEmail: true,
  },
  airtable: { ...usual, kind: "airtable", revisions: false, history: true, lagMs: 300, trims: true },
  activecampaign: {
    ...usual,
    kind: "activecampaign",
    tells: "hint",
    createKey: false,
    uniqueEmail: true,
    deleteEvents: false,
    webhooks: true,
    lagMs: 1_000,
    form: "string",
    trims: true,
    namesRefused: false,
  },
} satisfies Record<string, Profile>;

export type KindName = keyof typeof profiles;
export const kindNames = Object.keys(profiles) as readonly KindName[];

/** What becomes of a value that is stored in a system of this kind, with texts cut after `lengthMax` where it has one. */
export function keptValue(profile: Profile, cell: string, value: RawValue, lengthMax: number | null): RawValue {
  if (typeof value !== "string") return value;
  let kept = value;
  if (profile.trims) kept = kept.trim();
  if (profile.lowersEmail && cell === "email") kept = kept.toLowerCase();
  if (lengthMax !== null && cell === "note") kept = kept.slice(0, lengthMax);
  return kept === "" ? null : kept;
}
