import { erasedGolden, erasedHold, erasedLine, erasedText } from "../core/erase.ts";
import { emptyUnit, goldenUnit } from "../engine/commit.ts";
import type { Deps } from "../engine/deps.ts";
import type { GoldenId, GoldenRecord } from "../model/golden.ts";
import type { Hold } from "../model/hold.ts";
import { type RecordRef, recordKey } from "../model/record.ts";
import { type DeadLetter, laneDecision } from "../ports/store.ts";
import { lineDigest } from "./seal.ts";

/** What was erased of one person. */
export type ErasedReport = {
  readonly goldenId: GoldenId;
  readonly lines: number;
  readonly holds: number;
  readonly deadLetters: number;
  /** Its records in the systems, which hold their values still. */
  readonly records: readonly RecordRef[];
};

export type Erased =
  | { readonly kind: "done"; readonly report: ErasedReport }
  | { readonly kind: "unknown" }
  /** A write is under way; try again when it is done. */
  | { readonly kind: "busy"; readonly system: string };

const pageSize = 500;
const racesMax = 8;

/**
 * Erases a person's values from all that Truce keeps: golden record, journal, holds, dead letters. What is left says that there was a record, and
 * which records were its, so that a late redelivery comes to nothing; the journal's chain stays verifiable. May be repeated: what a stop left
 * undone is then done. The systems' own records are theirs.
 */
export async function erase(deps: Deps, goldenId: GoldenId, by: string): Promise<Erased> {
  const before = await eraseLines(deps, goldenId);
  for (let race = 0; race < racesMax; race++) {
    const { goldens } = await deps.store.load({ records: [], keys: [], ids: [goldenId] });
    const golden = goldens.get(goldenId);
    if (golden === undefined) return { kind: "unknown" };
    const busy = golden.links.find(({ inFlight }) => inFlight !== null);
    if (busy !== undefined) return { kind: "busy", system: busy.system };
    const records = golden.links.flatMap(({ system, object, id }) => (id === null ? [] : [{ system, object, id }]));
    const holds = await holdsOf(deps, golden, records);
    const letters = await lettersOf(deps, golden, records);
    const unit = eraseUnit(deps, golden, holds, letters, by);
    const [result] = await deps.store.commit([unit]);
    if (result?.kind !== "committed") continue;
    // Whatever was journaled between the first look and the commit.
    const lines = before + (await eraseLines(deps, goldenId));
    const report = { goldenId, lines, holds: holds.length, deadLetters: letters.length, records };
    return { kind: "done", report };
  }
  return { kind: "busy", system: "truce" };
}

/** All lines but the one that says that it was erased, which holds nothing. */
async function eraseLines({ store }: Deps, goldenId: GoldenId): Promise<number> {
  let erased = 0;
  for (let after = 0; ; ) {
    const lines = await store.journal({ goldenId, after, limit: pageSize });
    const whole = lines.filter((line) => line.erased === undefined && line.why !== erasedText);
    await store.replaceLines(whole.map((line) => erasedLine(line, lineDigest(line))));
    erased += whole.length;
    after = lines.at(-1)?.sequence ?? after;
    if (lines.length < pageSize) return erased;
  }
}

async function holdsOf({ store }: Deps, { id }: GoldenRecord, records: readonly RecordRef[]): Promise<Hold[]> {
  const keys = new Set(records.map(recordKey));
  const isMine = ({ goldenId, ref }: Hold) => goldenId === id || (ref !== null && keys.has(recordKey(ref)));
  const found: Hold[] = [];
  for (let after: string | undefined; ; ) {
    const page = await store.holds(after === undefined ? { limit: pageSize } : { after, limit: pageSize });
    found.push(...page.filter(isMine));
    after = page.at(-1)?.id;
    if (page.length < pageSize) return found;
  }
}

async function lettersOf({ store }: Deps, { id }: GoldenRecord, records: readonly RecordRef[]): Promise<DeadLetter[]> {
  const keys = new Set(records.map(recordKey));
  const isMine = ({ goldenId, ref }: DeadLetter) => goldenId === id || (ref !== null && keys.has(recordKey(ref)));
  const found: DeadLetter[] = [];
  for (let after: string | undefined; ; ) {
    const page = await store.deadLetters(after === undefined ? { limit: pageSize } : { after, limit: pageSize });
    found.push(...page.filter(isMine));
    after = page.at(-1)?.id;
    if (page.length < pageSize) return found;
  }
}

function eraseUnit(
  deps: Deps,
  golden: GoldenRecord,
  holds: readonly Hold[],
  letters: readonly DeadLetter[],
  by: string,
) {
  const now = deps.clock.now();
  const left = goldenUnit(deps, erasedGolden(golden, now), laneDecision, () => undefined);
  const closed = { how: "discarded", at: now, by, reason: erasedText } as const;
  const line = {
    ...{ goldenId: golden.id, entity: golden.entity, at: now, kind: "deleted" as const, field: null, version: 0 },
    ...{ from: null, to: null, other: null, base: null, why: erasedText, ref: null, cause: `erase/${golden.id}` },
    source: { kind: "person" as const, name: by },
  };
  return {
    ...emptyUnit,
    ...left,
    journal: [line],
    holds: holds.map((hold) => erasedHold(hold, by, now)),
    deadLetters: letters.map((letter) => ({
      ...letter,
      ...{ payload: null, reason: erasedText, closed: letter.closed ?? closed },
    })),
  };
}
