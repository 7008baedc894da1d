import type { Deps } from "../engine/deps.ts";
import { StoreFailure } from "../engine/store-failure.ts";
import { SyncFailure } from "../model/sync-error.ts";

const everyMs = 20_000;
/** A process that has not been heard of for so long is gone. */
const goneMs = 60_000;

/**
 * Divides the limits of every account by the number of processes at work on the store, so that together they keep within them. Until `signal`
 * aborts. A process that starts takes its part within 20 s.
 */
export async function shareLimits(deps: Deps, signal: AbortSignal): Promise<void> {
  if (deps.store.exclusive) return;
  const key = deps.random.id();
  while (!signal.aborted) {
    await count(deps, key).catch(passOver);
    await deps.clock.sleep(everyMs, signal);
  }
  // The others take its part at once.
  await deps.store.putDocuments([{ kind, key, value: null, expiresAt: null }], deps.clock.now()).catch(passOver);
}

const kind = "worker";
const workersMax = 1_000;

async function count({ store, clock, startedAt, connectors }: Deps, key: string): Promise<void> {
  const now = clock.now();
  await store.putDocuments([{ kind, key, value: { startedAt }, expiresAt: now + goneMs }], now);
  const workers = (await store.documents({ kind, limit: workersMax }, now)).length;
  for (const { limiters = [] } of connectors.values()) for (const one of limiters) one.share(1 / Math.max(1, workers));
}

/** The store is away: the parts stay as they are. */
function passOver(error: unknown): void {
  if (!(error instanceof SyncFailure) && !(error instanceof StoreFailure)) throw error;
}
