import { identitiesOf } from "../core/match/identity.ts";
import type { Scoring } from "../core/match/match.ts";
import { nominate } from "../core/match/nominate.ts";
import { blocksOfRecord, profileOf } from "../core/match/profile.ts";
import type { MatchRecord } from "../core/match/scored/record.ts";
import type { EntityType, GoldenId, GoldenRecord } from "../model/golden.ts";
import type { Observation, Upsert } from "../model/observation.ts";
import { type EntityPolicy, mappingOf } from "../model/policy.ts";
import { type RecordKey, type RecordRef, recordKey } from "../model/record.ts";
import type { BlocksFound, Loaded } from "../ports/store.ts";
import type { Deps } from "./deps.ts";
import type { EntityScoring, Matcher } from "./matcher.ts";

/** Of a key that more golden records share, none is a candidate by it: whom it is worth comparing shares rarer ones. */
const blockSizeMax = 50;

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
 * Looks up whom to compare the batch's unknown records with: one look at the blocking keys of all, one for the golden records. Nothing is asked where no
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
  const keys = [...unknown.values()].flatMap(({ blocks }) => blocks);
  const found = keys.length === 0 ? nothingFound : await deps.store.blocks(keys, blockSizeMax);
  const ids = new Set(
    [...unknown.values()].flatMap(({ entity, blocks }) =>
      nominate(blocks, found.members, scorings.get(entity.name)?.goldens ?? 1),
    ),
  );
  const missing = [...ids].filter((id) => !loaded.goldens.has(id));
  const { goldens } = missing.length === 0 ? loaded : await deps.store.load({ records: [], keys: [], ids: missing });
  return {
    goldens: missing.length === 0 ? new Map() : goldens,
    keys: new Set(keys.filter((key) => !found.oversized.has(key))),
    mark: found.mark,
    scoringOf(ref, filed, goldenById) {
      const entity = mappingOf(deps.policy, ref.system, ref.object)?.entity;
      const scoring = scorings.get(entity?.name ?? "");
      if (scoring === undefined) return null;
      const { model, linkFrom } = scoring;
      const blocks = unknown.get(recordKey(ref))?.blocks ?? [];
      const members = new Map(
        blocks.map((key) => [key, new Set([...(found.members.get(key) ?? []), ...(filed.get(key) ?? [])])]),
      );
      const candidates = nominate(blocks, members, scoring.goldens).flatMap((id) => goldenById(id) ?? []);
      return { model, linkFrom, candidates };
    },
  };
}

const nothingFound: BlocksFound = { members: new Map(), oversized: new Set(), mark: 0 };

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
