import type { Deps } from "../engine/deps.ts";
import { StoreFailure } from "../engine/store-failure.ts";
import { SyncFailure } from "../model/sync-error.ts";
import { advanceCheckpoint, checkpointOf } from "./seal.ts";

/** How long what is over is kept, in ms; `null`: for ever. */
export type Keep = {
  readonly journalMs: number | null;
  readonly attemptsMs: number | null;
  /** Those that have ended. */
  readonly deadLettersMs: number | null;
};

const everyMs = 60 * 60_000;
/** Rows of each kind a transaction. */
const pieceMax = 1_000;
const pauseMs = 50;

/** Lets go of what is older than it is kept, each hour until `signal` aborts. */
export async function keepWithin(deps: Deps, keep: Keep, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await forgetOld(deps, keep, signal);
    } catch (error) {
      if (!(error instanceof SyncFailure) && !(error instanceof StoreFailure)) throw error;
    }
    await deps.clock.sleep(everyMs, signal);
  }
}

/**
 * Lets go of what is too old now. Of the journal only whole sealed blocks go, never the newest: the digest of the last of them stays as the checkpoint
 * from which the chain is verified. In small transactions; a stop in the midst is made up for the next time.
 */
export async function forgetOld(deps: Deps, keep: Keep, signal?: AbortSignal): Promise<void> {
  const { store, clock } = deps;
  const now = clock.now();
  const before = (ms: number | null) => (ms === null ? 0 : now - ms);
  if (keep.journalMs !== null) await advanceCheckpoint(deps, before(keep.journalMs));
  const what = {
    linesTo: (await checkpointOf(store, now))?.to ?? 0,
    attemptsBefore: before(keep.attemptsMs),
    lettersBefore: before(keep.deadLettersMs),
  };
  // What people and systems do now goes on in between.
  while (signal?.aborted !== true && (await store.forget(what, pieceMax)) > 0) await clock.sleep(pauseMs, signal);
}
