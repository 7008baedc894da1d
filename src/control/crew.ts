import { type Crew, type Deps, landedMs } from "../engine/deps.ts";
import { StoreFailure } from "../engine/store-failure.ts";
import { SyncFailure } from "../model/sync-error.ts";
import type { Instant } from "../model/time.ts";
import { isSurelyGone, type Place, placeOfProcess } from "./place.ts";

const everyMs = 2_000;
/** How often a process says that it is there; it has a part of the limits for three times as long. */
const saidEveryMs = 20_000;
const heardMs = 3 * saidEveryMs;
/** How long it is remembered where a process was. Longer than any of its writes counts as under way. */
const keptMs = 10 * 60_000;

const kind = "worker";
const workersMax = 1_000;

type Word = { readonly startedAt: Instant; readonly saidAt: Instant; readonly place: Place | null };

/** The crew that a process joins; `keepCrew` keeps it. */
export function newCrew(self: string): Crew & { readonly gone: Map<string, Instant> } {
  return { self, gone: new Map() };
}

/**
 * Keeps the processes at work on one store together, until `signal` aborts: the limits of every account are divided by their number (a process that
 * starts takes its part within seconds), and what one that is certainly gone had under way is taken over as soon as it must have landed.
 */
export async function keepCrew(deps: Deps, crew: ReturnType<typeof newCrew>, signal: AbortSignal): Promise<void> {
  if (deps.store.exclusive) return;
  const place = placeOfProcess();
  let saidAt = Number.NEGATIVE_INFINITY;
  while (!signal.aborted) {
    try {
      if (deps.clock.now() >= saidAt + saidEveryMs) saidAt = await say(deps, crew, place);
      await look(deps, crew, place);
    } catch (error) {
      passOver(error);
    }
    await deps.clock.sleep(everyMs, signal);
  }
  // The others take its part at once.
  await deps.store
    .putDocuments([{ kind, key: crew.self, value: null, expiresAt: null }], deps.clock.now())
    .catch(passOver);
}

async function say({ store, clock, startedAt }: Deps, { self }: Crew, place: Place | null): Promise<Instant> {
  const now = clock.now();
  const value: Word = { startedAt, saidAt: now, place };
  await store.putDocuments([{ kind, key: self, value, expiresAt: now + keptMs }], now);
  return now;
}

async function look(deps: Deps, crew: ReturnType<typeof newCrew>, ours: Place | null): Promise<void> {
  const { store, clock, connectors } = deps;
  const now = clock.now();
  const workers = (await store.documents({ kind, limit: workersMax }, now)).map(({ key, value }) => ({
    ...(value as Word),
    key,
  }));
  const lost = workers.filter(
    ({ key, place }) => !crew.gone.has(key) && place !== null && ours !== null && isSurelyGone(place, ours),
  );
  for (const { key } of lost) crew.gone.set(key, now);
  if (lost.length > 0) await store.recover(now + landedMs);
  const present = workers.filter(({ key, saidAt }) => saidAt > now - heardMs && !crew.gone.has(key)).length;
  for (const { limiters = [] } of connectors.values()) for (const one of limiters) one.share(1 / Math.max(1, present));
}

/** The store is away: all stays as it is. */
function passOver(error: unknown): void {
  if (!(error instanceof SyncFailure) && !(error instanceof StoreFailure)) throw error;
}
