import type { EntityType } from "../../model/golden.ts";
import { type Knowledge, nothingKnown } from "./knowledge.ts";
import { type Feature, featureIndex } from "./scored/feature.ts";

/** Raised with each change of what is kept: what an older one kept is then learned anew. */
const version = 1;

/** Values counted less often are not kept: what is common comes again. */
const timesMin = 3;
const keptMax = 500;

type Kept = {
  readonly version: number;
  readonly records: number;
  readonly people: number;
  readonly titled: number;
  readonly asked: number;
  readonly known: number;
  readonly best: readonly number[];
  readonly levels: Readonly<Record<string, readonly number[]>>;
  /** Absent in what was kept before it was learned. */
  readonly sameLevels?: Readonly<Record<string, readonly number[]>>;
  readonly counts: Readonly<
    Record<string, { readonly total: number; readonly values: Readonly<Record<string, number>> }>
  >;
  readonly words: Readonly<Record<string, number>>;
};

/** What is known, as JSON of at most some 100 KB to be stored. */
export function keptOf(knowledge: Knowledge): Kept {
  const { records, people, titled, asked, known, best, levels, sameLevels, counts, words } = knowledge;
  return {
    version,
    records,
    people,
    titled,
    asked,
    known,
    best,
    levels: byFeature(levels),
    sameLevels: byFeature(sameLevels.map((counts) => counts.map(Math.round))),
    counts: Object.fromEntries(
      [...counts].map(([feature, { total, values }]) => [feature, { total, values: commonest(values) }]),
    ),
    words: commonest(words),
  };
}

function byFeature(levels: readonly (readonly number[])[]): Record<string, readonly number[]> {
  return Object.fromEntries(Object.entries(featureIndex).map(([feature, i]) => [feature, levels[i] ?? []]));
}

function commonest(values: ReadonlyMap<string, number>): Record<string, number> {
  const common = [...values].filter(([, times]) => times >= timesMin).sort(([, x], [, y]) => y - x);
  return Object.fromEntries(common.slice(0, keptMax));
}

/** What was known then. What another version kept counts for nothing. */
export function knowledgeFrom(entity: EntityType, value: unknown): Knowledge {
  const kept = value as Kept;
  const knowledge = nothingKnown(entity);
  if (kept.version !== version) return knowledge;
  const { records, people, titled, asked, known } = kept;
  Object.assign(knowledge, { records, people, titled, asked, known });
  kept.best.forEach((times, step) => {
    knowledge.best[step] = times;
  });
  for (const [feature, i] of Object.entries(featureIndex)) {
    Object.assign(knowledge.levels[i] as number[], kept.levels[feature]);
    Object.assign(knowledge.sameLevels[i] as number[], kept.sameLevels?.[feature]);
  }
  for (const [feature, { total, values }] of Object.entries(kept.counts))
    knowledge.counts.set(feature as Feature, { total, values: new Map(Object.entries(values)) });
  for (const [word, times] of Object.entries(kept.words)) knowledge.words.set(word, times);
  return knowledge;
}
