import { type Presence, presenceOf, type Standing, standingsOf } from "../core/convergence.ts";
import type { Deps } from "../engine/deps.ts";
import type { EntityType, FieldName, GoldenId, GoldenRecord } from "../model/golden.ts";
import type { EntityPolicy, ObjectMapping } from "../model/policy.ts";
import { type RecordRef, recordKey, type SystemId } from "../model/record.ts";
import type { Instant } from "../model/time.ts";

/** Which mapped fields agree in which systems, and why each of the others doesn't, by what Truce knows at `at`. */
export type ConvergenceReport = {
  readonly at: Instant;
  /** True when everything agrees but what a person is asked about. */
  readonly isConverged: boolean;
  readonly objects: readonly ObjectConvergence[];
  /** Systems hold what they are known to as of then: the oldest reading of any record. */
  readonly unread: { readonly inbox: number; readonly oldestAt: Instant | null };
};

export type ObjectConvergence = {
  readonly entity: EntityType;
  readonly system: SystemId;
  readonly object: string;
  readonly records: Readonly<Partial<Record<Presence, number>>>;
  readonly fields: Readonly<Record<FieldName, Readonly<Partial<Record<Standing, number>>>>>;
  /** When the record of it that was last heard of longest ago was known to be so. */
  readonly knownSince: Instant | null;
  /** Some of what does not agree. */
  readonly samples: readonly { readonly ref: RecordRef; readonly field: FieldName; readonly standing: Standing }[];
};

const pageSize = 500;
const samplesMax = 5;

/** Compares every golden record with its links. Reads all of them, page by page, in bounded memory; asks no system. */
export async function convergenceReport(deps: Deps): Promise<ConvergenceReport> {
  const { store, policy, clock } = deps;
  const tallies = new Map<string, Tally>();
  for (const entity of Object.values(policy.entities))
    for (const mapping of entity.mappings)
      tallies.set(`${entity.name}/${recordKey({ ...mapping, id: "" })}`, newTally());
  for (let after: GoldenId | null = null; ; ) {
    const page: readonly GoldenRecord[] = await store.goldens(null, after, pageSize);
    const last = page.at(-1);
    if (last === undefined) break;
    after = last.id;
    for (const golden of page) {
      const entity = policy.entities[golden.entity];
      if (entity === undefined || golden.deletedAt !== null) continue;
      for (const mapping of entity.mappings) {
        const tally = tallies.get(`${entity.name}/${recordKey({ ...mapping, id: "" })}`);
        if (tally !== undefined) count(tally, golden, entity, mapping);
      }
    }
  }
  const counts = await store.counts(clock.now());
  const objects = Object.values(policy.entities).flatMap((entity) =>
    entity.mappings.map((mapping): ObjectConvergence => {
      const { system, object } = mapping;
      const tally = tallies.get(`${entity.name}/${recordKey({ ...mapping, id: "" })}`) ?? newTally();
      return { entity: entity.name, system, object, ...tally };
    }),
  );
  return {
    at: clock.now(),
    isConverged: counts.inbox === 0 && objects.every(isConverged),
    objects,
    unread: { inbox: counts.inbox, oldestAt: counts.inboxOldestAt },
  };
}

type Tally = {
  readonly records: Partial<Record<Presence, number>>;
  readonly fields: Record<FieldName, Partial<Record<Standing, number>>>;
  knownSince: Instant | null;
  readonly samples: ObjectConvergence["samples"][number][];
};

function newTally(): Tally {
  return { records: {}, fields: {}, knownSince: null, samples: [] };
}

function count(tally: Tally, golden: GoldenRecord, entity: EntityPolicy, mapping: ObjectMapping): void {
  const presence = presenceOf(golden, mapping);
  tally.records[presence] = (tally.records[presence] ?? 0) + 1;
  for (const link of golden.links) {
    if (link.system !== mapping.system || link.object !== mapping.object || link.status !== "linked") continue;
    tally.knownSince = Math.min(tally.knownSince ?? link.knownAt, link.knownAt);
    for (const [field, standing] of Object.entries(standingsOf(golden, link, entity, mapping))) {
      const ofField = tally.fields[field] ?? {};
      ofField[standing] = (ofField[standing] ?? 0) + 1;
      tally.fields[field] = ofField;
      if (standing === "agrees" || link.id === null || tally.samples.length >= samplesMax) continue;
      tally.samples.push({ ref: { system: link.system, object: link.object, id: link.id }, field, standing });
    }
  }
}

function isConverged({ records, fields }: ObjectConvergence): boolean {
  const open = (records.waiting ?? 0) + (records.stuck ?? 0);
  const isDone = (standings: Partial<Record<Standing, number>>) =>
    Object.keys(standings).every((one) => one === "agrees" || one === "held" || one === "read-only");
  return open === 0 && Object.values(fields).every(isDone);
}
