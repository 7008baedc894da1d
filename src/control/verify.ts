import type { Deps } from "../engine/deps.ts";
import type { FieldName, FieldVersion, GoldenId, GoldenRecord } from "../model/golden.ts";
import { type FieldValue, sameValue } from "../model/value.ts";
import { type ChainReport, type Checkpoint, checkpointOf, verifyChain } from "./seal.ts";

/** Whether the journal is whole, and tells how everything came to be as it is (I12). */
export type VerifyReport = {
  readonly isSound: boolean;
  readonly goldens: number;
  readonly erased: number;
  /** Fields that were set by lines which are no longer kept. */
  readonly older: number;
  /** Golden records' fields that the journal's lines don't lead to. */
  readonly unexplained: readonly { readonly goldenId: GoldenId; readonly field: FieldName; readonly reason: string }[];
  readonly chain: ChainReport;
};

const pageSize = 500;
const linesPage = 1_000;
const examplesMax = 100;

/** Folds each golden record's lines and compares; recomputes the seals. Bounded memory; some minutes for a million records. */
export async function verify(deps: Deps): Promise<VerifyReport> {
  const { store, clock } = deps;
  const unexplained: { goldenId: GoldenId; field: FieldName; reason: string }[] = [];
  let goldens = 0;
  let erased = 0;
  let older = 0;
  const checkpoint = await checkpointOf(store, clock.now());
  for (let after: GoldenId | null = null; ; ) {
    const page: readonly GoldenRecord[] = await store.goldens(null, after, pageSize);
    const last = page.at(-1);
    if (last === undefined) break;
    after = last.id;
    for (const golden of page) {
      goldens++;
      const folded = await fold(deps, golden.id);
      if (folded === null) {
        erased++;
        continue;
      }
      const different = differences(golden, folded);
      const found = different.filter(({ field }) => !isOlder(golden.fields[field], folded.has(field), checkpoint));
      older += different.length - found.length;
      unexplained.push(...found.slice(0, Math.max(0, examplesMax - unexplained.length)));
    }
  }
  const chain = await verifyChain(store, clock.now());
  const isSound = unexplained.length === 0 && chain.broken.length === 0;
  return { isSound, goldens, erased, older, unexplained, chain };
}

type Folded = ReadonlyMap<FieldName, { readonly version: number; readonly value: FieldValue }>;

/** `null`: its lines are erased. */
async function fold({ store }: Deps, goldenId: GoldenId): Promise<Folded | null> {
  const folded = new Map<FieldName, { version: number; value: FieldValue }>();
  for (let after = 0; ; ) {
    const lines = await store.journal({ goldenId, kind: "set", after, limit: linesPage });
    for (const { field, version, to, erased } of lines) {
      if (erased !== undefined) return null;
      if (field !== null) folded.set(field, { version, value: to });
    }
    after = lines.at(-1)?.sequence ?? after;
    if (lines.length < linesPage) return folded;
  }
}

/** Systems' clocks, by which fields are dated, may be off. */
const slackMs = 2 * 24 * 60 * 60_000;

/** Nothing is left that tells of it, and nothing need be. */
function isOlder(version: FieldVersion | undefined, isTold: boolean, checkpoint: Checkpoint | null): boolean {
  return !isTold && version !== undefined && checkpoint !== null && version.changedAt.from <= checkpoint.at + slackMs;
}

function differences(golden: GoldenRecord, folded: Folded) {
  const fields = new Set([...Object.keys(golden.fields), ...folded.keys()]);
  return [...fields].flatMap((field) => {
    const [now, told] = [golden.fields[field], folded.get(field)];
    if (now?.version === told?.version && sameValue(now?.value, told?.value)) return [];
    const reason =
      told === undefined
        ? "no line tells of it"
        : now?.version === told.version
          ? `the journal has another value for version ${told.version}`
          : `it is at version ${now?.version ?? 0}, the journal at ${told.version}`;
    return [{ goldenId: golden.id, field, reason }];
  });
}
