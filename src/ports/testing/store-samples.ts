import type { FieldName, FieldVersion, GoldenRecord, Link, Source } from "../../model/golden.ts";
import type { Hold } from "../../model/hold.ts";
import type { JournalEntry } from "../../model/journal.ts";
import type { RecordRef } from "../../model/record.ts";
import type { FieldValue } from "../../model/value.ts";
import { type CommitUnit, type DueLink, type InboxItem, laneLive } from "../store.ts";

/** Times in samples count from here. */
export const t0 = 1_700_000_000_000;

export function sampleRef(id: string, system = "crm", object = "contacts"): RecordRef {
  return { system, object, id };
}

export function sampleItem(id: string, record: string, also: Partial<InboxItem> = {}): InboxItem {
  return {
    id,
    dedupeKey: null,
    observation: {
      kind: "upsert",
      ref: sampleRef(record),
      revision: "7",
      observedAt: t0,
      cells: { email: `${record}@example.org`, age: 41, tags: ["a", { deep: null }] },
      complete: true,
      changedAt: { from: t0 - 5, until: t0 },
      author: null,
    },
    lane: laneLive,
    receivedAt: t0,
    dueAt: t0,
    tries: 0,
    ...also,
  };
}

export function sampleLink(id: string | null, also: Partial<Link> = {}): Link {
  return {
    system: "crm",
    object: "contacts",
    id,
    aliases: [],
    generation: 0,
    status: id === null ? "wanted" : "linked",
    shadow: {},
    cells: {},
    seen: {},
    revision: null,
    observedAt: t0,
    inFlight: null,
    createUnknown: false,
    waitsFor: null,
    outside: false,
    parked: {},
    waiting: {},
    unsure: {},
    knownAt: 0,
    refused: {},
    failures: 0,
    retryAt: 0,
    dead: null,
    behindSince: null,
    ...also,
  };
}

const someone: Source = { kind: "record", ref: sampleRef("1"), author: "ann" };

export function sampleGolden(id: string, also: Partial<GoldenRecord> = {}): GoldenRecord {
  return { id, entity: "contact", version: 1, fields: {}, links: [], holds: [], deletedAt: null, ...also };
}

export function sampleFields(values: Readonly<Record<FieldName, FieldValue>>): Record<FieldName, FieldVersion> {
  return Object.fromEntries(
    Object.entries(values).map(([field, value]) => [
      field,
      { value, version: 1, changedAt: { from: t0, until: t0 }, source: someone },
    ]),
  );
}

export function sampleHold(id: string, also: Partial<Hold> = {}): Hold {
  return {
    id,
    kind: "conflict",
    entity: "contact",
    goldenId: null,
    ref: null,
    fields: ["phone"],
    base: { phone: "1" },
    candidates: [{ values: { phone: "2" }, source: someone, at: { from: t0, until: t0 }, cause: "o1" }],
    matches: [],
    reason: "no rule decides",
    openedAt: t0,
    updatedAt: t0,
    revision: 1,
    status: "open",
    closed: null,
    ...also,
  };
}

export function sampleLine(goldenId: string, also: Partial<JournalEntry> = {}): JournalEntry {
  return {
    goldenId,
    entity: "contact",
    at: t0,
    kind: "set",
    field: "phone",
    version: 1,
    from: null,
    to: "2",
    other: null,
    base: null,
    why: "fast-forward",
    source: someone,
    ref: sampleRef("1"),
    cause: "o1",
    ...also,
  };
}

export function sampleDue(system: string, also: Partial<DueLink> = {}): DueLink {
  return { system, object: "contacts", dueAt: t0, lane: laneLive, ...also };
}

/** A unit that does nothing but what is given. */
export function sampleUnit(also: Partial<CommitUnit> = {}): CommitUnit {
  return {
    golden: null,
    keys: null,
    sharedKeys: [],
    filing: null,
    guard: null,
    due: [],
    journal: [],
    holds: [],
    pins: [],
    attempts: [],
    done: [],
    postponed: [],
    deadLetters: [],
    closedLetters: [],
    inbox: [],
    wake: [],
    fresh: [],
    ...also,
  };
}
