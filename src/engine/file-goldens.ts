import type { GoldenId, GoldenRecord } from "../model/golden.ts";
import type { EntityPolicy } from "../model/policy.ts";
import { type CommitUnit, laneBackfill } from "../ports/store.ts";
import { goldenUnit } from "./commit.ts";
import type { Deps } from "./deps.ts";

/** Documents of the store: by entity, what its golden records were last filed by. */
const filedKind = "matching-filed";
const pageSize = 500;

/**
 * Files every golden record of an entity under its blocking keys, where that has not been done for the fields that are compared now: scored matching was
 * switched on, or asked to compare other fields. Goes on where a stopped process left off.
 */
export async function fileGoldens(deps: Deps, signal: AbortSignal): Promise<void> {
  for (const entity of Object.values(deps.policy.entities)) {
    if (entity.matching === null) await forgetFiling(deps, entity);
    else await fileEntity(deps, entity, JSON.stringify([filingVersion, entity.matching.roles]), signal);
  }
}

/** Raised when golden records are to be filed anew, as their profiles or blocking keys are others than before. */
const filingVersion = 2;

/** Golden records that change while matching is off are filed no more: switched on again, all are. */
async function forgetFiling({ store, clock }: Deps, { name }: EntityPolicy): Promise<void> {
  if ((await store.document(filedKind, name, clock.now())) === null) return;
  await store.putDocuments([{ kind: filedKind, key: name, value: null, expiresAt: null }], clock.now());
}

type Filed = {
  readonly by: string;
  /** The last one that was filed. */
  readonly after: GoldenId | null;
  readonly done: boolean;
};

async function fileEntity(deps: Deps, { name }: EntityPolicy, by: string, signal: AbortSignal): Promise<void> {
  const { store, clock } = deps;
  const stored = (await store.document(filedKind, name, clock.now()))?.value as Filed | undefined;
  if (stored?.by === by && stored.done) return;
  const note = (filed: Filed) =>
    store.putDocuments([{ kind: filedKind, key: name, value: filed, expiresAt: null }], clock.now());
  let after = stored?.by === by ? stored.after : null;
  while (!signal.aborted) {
    const page = await store.goldens(name, after, pageSize);
    const last = page.at(-1);
    if (last === undefined) {
      await note({ by, after: null, done: true });
      return;
    }
    await filePage(deps, page);
    after = last.id;
    await note({ by, after, done: false });
  }
}

/** Those that were changed meanwhile are filed as they are then. */
async function filePage(deps: Deps, page: readonly GoldenRecord[]): Promise<void> {
  for (let waiting = page; waiting.length > 0; ) {
    const results = await deps.store.commit(waiting.map((golden) => unitOf(deps, golden)));
    const stale = waiting.filter((_, i) => results[i]?.kind === "stale").map(({ id }) => id);
    if (stale.length === 0) return;
    waiting = [...(await deps.store.load({ records: [], keys: [], ids: stale })).goldens.values()];
  }
}

/** The golden record as it is; nothing but where it is filed changes. */
function unitOf(deps: Deps, golden: GoldenRecord): CommitUnit {
  return { ...goldenUnit(deps, golden, laneBackfill, () => undefined), keys: null };
}
