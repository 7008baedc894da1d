import { identitiesOf } from "../core/match/identity.ts";
import type { Scoring } from "../core/match/match.ts";
import { blockSizeMax, type Looking, likeliest, type Nominee, nominate } from "../core/match/nominate.ts";
import { blocksOfRecord, membersIn, profileOf } from "../core/match/profile.ts";
import type { MatchRecord } from "../core/match/scored/record.ts";
import { isWorthDeciding } from "../core/match/weigh-candidates.ts";
import type { EntityType, GoldenId, GoldenRecord } from "../model/golden.ts";
import type { Observation, Upsert } from "../model/observation.ts";
import { type EntityPolicy, mappingOf } from "../model/policy.ts";
import { type RecordKey, type RecordRef, recordKey } from "../model/record.ts";
import type { Loaded, Nominations } from "../ports/store.ts";
import type { Deps } from "./deps.ts";
import type { EntityScoring, Matcher } from "./matcher.ts";

/** What a batch's records that share no key with any golden record may be compared with. */
export type Candidates = {
  /** The golden records among the candidates. */
  readonly goldens: ReadonlyMap<GoldenId, GoldenRecord>;
  /** Blocking keys that were looked up, and are not of too many. */
  readonly keys: ReadonlySet<number>;
  /** What was filed after the look has a greater one. */
  readonly mark: number;
  /** What scored matching needs for a record; `null` where the config doesn't ask for it. `filed`: golden records of the batch itself, by blocking key. */
  scoringOf(
    ref: RecordRef,
    filed: ReadonlyMap<number, ReadonlySet<GoldenId>>,
    goldenById: (id: GoldenId) => GoldenRecord | undefined,
  ): Scoring | null;
};

/** A record that no exact key leads anywhere, ready to be compared. */
type Unknown = { readonly entity: EntityPolicy; readonly record: MatchRecord; readonly blocks: readonly number[] };

/**
 * Looks up whom to compare the batch's unknown records with: one look at the blocking keys of all, one for the golden records that are not plainly somebody else. Nothing is asked where no
 * entity is matched so, or every record is known. `isFirst`: these records were not learned from yet.
 */
export async function findCandidates(
  deps: Deps,
  matcher: Matcher,
  observations: readonly Observation[],
  loaded: Loaded,
  isFirst: boolean,
): Promise<Candidates> {
  const upserts = observations.filter((seen) => seen.kind === "upsert");
  const unknown = unknownRecords(deps, upserts, loaded);
  const scorings = await scoringsFor(deps, matcher, upserts, unknown, loaded, isFirst);
  const looking = [...unknown].map(([key, { entity, blocks }]) => {
    return { key, keys: blocks, among: scorings.get(entity.name)?.goldens ?? 1 };
  });
  const found = looking.length === 0 ? nothingFound : await deps.store.nominate(looking);
  const nominees = new Map(
    looking.map(({ key }, i) => [key, worthDeciding(unknown.get(key), found.nominees[i] ?? [], found.says, scorings)]),
  );
  const ids = new Set([...nominees.values()].flat().map(({ id }) => id));
  const missing = [...ids].filter((id) => !loaded.goldens.has(id));
  const isTelling = (key: number) => (found.sizes.get(key) ?? 0) <= blockSizeMax;
  return {
    goldens:
      missing.length === 0 ? new Map() : (await deps.store.load({ records: [], keys: [], ids: missing })).goldens,
    keys: new Set(looking.flatMap(({ keys }) => keys.filter(isTelling))),
    mark: found.mark,
    scoringOf(ref, filed, goldenById) {
      const entity = mappingOf(deps.policy, ref.system, ref.object)?.entity;
      const scoring = scorings.get(entity?.name ?? "");
      if (scoring === undefined) return null;
      const { model, linkFrom, goldens } = scoring;
      const key = recordKey(ref);
      const keys = (unknown.get(key)?.blocks ?? []).filter((block) => filed.has(block));
      const stored = nominees.get(key) ?? [];
      const all = keys.length === 0 ? stored : withFiled(stored, { keys, among: goldens }, filed, found.sizes);
      return { model, linkFrom, candidates: all.flatMap(({ id }) => goldenById(id) ?? []) };
    },
  };
}

const nothingFound: Nominations = { nominees: [], says: new Map(), sizes: new Map(), mark: 0 };

/** Most of those who share keys are plainly somebody else: that is seen without their documents. */
function worthDeciding(
  unknown: Unknown | undefined,
  nominees: readonly Nominee<GoldenId>[],
  says: Nominations["says"],
  scorings: ReadonlyMap<EntityType, EntityScoring>,
): readonly Nominee<GoldenId>[] {
  const matching = unknown?.entity.matching ?? null;
  const scoring = scorings.get(unknown?.entity.name ?? "");
  if (unknown === undefined || matching === null || scoring === undefined) return [];
  return nominees.filter(({ id }) =>
    isWorthDeciding(unknown.record, membersIn(says.get(id) ?? ""), matching, scoring.model),
  );
}

/** With those of the batch itself, some of which may be stored as well, under fewer keys. */
function withFiled(
  stored: readonly Nominee<GoldenId>[],
  looking: Looking,
  filed: ReadonlyMap<number, ReadonlySet<GoldenId>>,
  sizes: Nominations["sizes"],
): readonly Nominee<GoldenId>[] {
  const ofBatch = nominate(
    looking,
    (key) => [...(filed.get(key) ?? [])],
    (key) => sizes.get(key) ?? 0,
  );
  const weights = new Map(stored.map(({ id, weight }) => [id, weight]));
  for (const { id, weight } of ofBatch) weights.set(id, Math.max(weight, weights.get(id) ?? 0));
  return likeliest([...weights].map(([id, weight]) => ({ id, weight })));
}

function unknownRecords(deps: Deps, upserts: readonly Upsert[], loaded: Loaded): ReadonlyMap<RecordKey, Unknown> {
  const unknown = new Map<RecordKey, Unknown>();
  for (const seen of upserts) {
    const entity = mappingOf(deps.policy, seen.ref.system, seen.ref.object)?.entity;
    const key = recordKey(seen.ref);
    if (entity === undefined || entity.matching === null || !seen.complete || loaded.byRecord.has(key)) continue;
    if (hasOwner(seen, entity, loaded)) continue;
    const record = profileOf(seen.fields, seen.ref.system, entity.matching);
    unknown.set(key, { entity, record, blocks: blocksOfRecord(entity.name, record) });
  }
  return unknown;
}

/** Somebody living has one of its identity keys. */
function hasOwner({ fields }: Upsert, entity: EntityPolicy, { byKey, goldens }: Loaded): boolean {
  return identitiesOf(entity, (field) => fields[field]).some(({ text }) => {
    const owner = goldens.get(byKey.get(text) ?? "");
    return owner !== undefined && owner.deletedAt === null;
  });
}

/** By entity, where one of its records is unlinked: those with a known key are compared with its owner. */
async function scoringsFor(
  deps: Deps,
  matcher: Matcher,
  upserts: readonly Upsert[],
  unknown: ReadonlyMap<RecordKey, Unknown>,
  loaded: Loaded,
  isFirst: boolean,
): Promise<ReadonlyMap<EntityType, EntityScoring>> {
  const scorings = new Map<EntityType, EntityScoring>();
  for (const entity of Object.values(deps.policy.entities)) {
    const isConcerned = ({ system, object }: RecordRef) =>
      entity.mappings.some((mapping) => mapping.system === system && mapping.object === object);
    if (
      entity.matching === null ||
      !upserts.some(({ ref }) => isConcerned(ref) && !loaded.byRecord.has(recordKey(ref)))
    )
      continue;
    const records = [...unknown.values()].filter((one) => one.entity === entity).map(({ record }) => record);
    scorings.set(entity.name, await matcher.scoringFor(entity, isFirst ? records : []));
  }
  return scorings;
}
