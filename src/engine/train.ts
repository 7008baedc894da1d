import { type Lesson, learnFromHolds } from "../core/match/train.ts";
import type { EntityType } from "../model/golden.ts";
import type { Hold } from "../model/hold.ts";
import { type Calibrated, calibrationKind } from "./calibration.ts";
import type { Deps } from "./deps.ts";

export type Trained = { readonly entity: EntityType; readonly version: number; readonly lesson: Lesson };

const pageHolds = 500;

/**
 * Learns from all decisions that people made on scored duplicates of an entity, and has scoring use it from now on. Learns anew each time, so that it can be
 * repeated at will; each lesson is the next version. `null`: nobody has decided anything yet that it could learn from.
 */
export async function trainMatching({ store, clock }: Deps, entity: EntityType): Promise<Trained | null> {
  const holds: Hold[] = [];
  for (let after: string | undefined; ; ) {
    const from = after === undefined ? {} : { after };
    const page = await store.holds({ kind: "duplicate", entity, status: "closed", limit: pageHolds, ...from });
    holds.push(...page.filter(({ scores }) => scores !== undefined));
    after = page.at(-1)?.id;
    if (after === undefined || page.length < pageHolds) break;
  }
  const lesson = learnFromHolds(holds);
  if (lesson === null) return null;
  const now = clock.now();
  const before = await store.document(calibrationKind, entity, now);
  const version = ((before?.value as Calibrated | undefined)?.version ?? 0) + 1;
  const value: Calibrated = { version, at: now, decisions: lesson.same + lesson.different, ...lesson };
  await store.putDocuments([{ kind: calibrationKind, key: entity, value, expiresAt: null }], now);
  return { entity, version, lesson };
}
