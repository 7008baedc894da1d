import {
  goldensIn,
  type Knowledge,
  learn,
  learnOutcome,
  linkThreshold,
  modelOf,
  nothingKnown,
} from "../core/match/knowledge.ts";
import { keptOf, knowledgeFrom } from "../core/match/knowledge-kept.ts";
import type { Asked, Scoring } from "../core/match/match.ts";
import type { Model } from "../core/match/scored/model.ts";
import type { MatchRecord } from "../core/match/scored/record.ts";
import type { EntityType } from "../model/golden.ts";
import type { EntityPolicy } from "../model/policy.ts";
import { type Calibrated, calibrationKind } from "./calibration.ts";
import type { Deps } from "./deps.ts";

/** How to score the records of one entity, as far as is known by now. */
export type EntityScoring = Pick<Scoring, "model" | "linkFrom"> & { readonly goldens: number };

/**
 * What this process knows about the records of each entity (how common names are, how alike strangers look), for scored matching. Learned batch by batch,
 * and kept in the store from time to time; what is lost with a process was a small part of it. Of several processes the last one's is kept: each has seen
 * a fair part.
 */
export type Matcher = {
  /** Takes a batch of records that share no key with any golden record into account, and says how to score them. */
  scoringFor(entity: EntityPolicy, records: readonly MatchRecord[]): Promise<EntityScoring>;
  /** What comparing each record with its candidates showed. */
  learnOutcomes(entity: EntityType, outcomes: readonly Asked[]): Promise<void>;
};

/** Records between two times at which what is known is stored. */
const storedEvery = 5_000;

export function createMatcher(deps: Pick<Deps, "store" | "random" | "clock">): Matcher {
  const known = new Map<EntityType, Promise<Known>>();
  const knownOf = (entity: EntityType) => {
    const found = known.get(entity) ?? load(deps, entity);
    known.set(entity, found);
    // A store that could not be reached is asked again.
    found.catch(() => known.delete(entity));
    return found;
  };
  return {
    async scoringFor({ name, matching }, records) {
      const one = await knownOf(name);
      await takeLessons(deps, one);
      const { knowledge } = one;
      learn(knowledge, records, () => deps.random.fraction());
      const model: Model = modelOf(knowledge);
      const linkFrom = matching?.autoLink == null ? null : linkThreshold(knowledge, matching.autoLink);
      return { model, linkFrom, goldens: goldensIn(knowledge) };
    },
    async learnOutcomes(entity, outcomes) {
      const one = await knownOf(entity);
      for (const outcome of outcomes) learnOutcome(one.knowledge, outcome);
      if (one.knowledge.asked < one.storedAt + storedEvery) return;
      one.storedAt = one.knowledge.asked;
      await save(deps, one.knowledge);
    },
  };
}

type Known = {
  readonly knowledge: Knowledge;
  /** How many records had been asked about when it was last stored. */
  storedAt: number;
  /** When lessons were last looked for. */
  lessonsAt: number;
};

/** Documents of the store: by entity what is known about its records. */
const knowledgeKind = "matching-knowledge";

/** What people's decisions taught takes effect so long after a lesson. */
const lessonsEveryMs = 10_000;

/** A lesson may have been learned by another process meanwhile. */
async function takeLessons({ store, clock }: Pick<Deps, "store" | "clock">, known: Known): Promise<void> {
  if (clock.now() < known.lessonsAt + lessonsEveryMs) return;
  known.lessonsAt = clock.now();
  const kept = await store.document(calibrationKind, known.knowledge.entity, clock.now());
  known.knowledge.calibration = (kept?.value as Calibrated | undefined)?.calibration ?? null;
}

async function load({ store, clock }: Pick<Deps, "store" | "clock">, entity: EntityType): Promise<Known> {
  const kept = await store.document(knowledgeKind, entity, clock.now());
  const knowledge = kept === null ? nothingKnown(entity) : knowledgeFrom(entity, kept.value);
  return { knowledge, storedAt: knowledge.asked, lessonsAt: 0 };
}

async function save({ store, clock }: Pick<Deps, "store" | "clock">, knowledge: Knowledge): Promise<void> {
  const value = keptOf(knowledge);
  await store.putDocuments([{ kind: knowledgeKind, key: knowledge.entity, value, expiresAt: null }], clock.now());
}
