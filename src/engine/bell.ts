import type { Clock } from "../ports/clock.ts";
import type { Store } from "../ports/store.ts";

/** Wakes a loop. A ring while nobody waits for it is kept for who waits next. */
export type Bell = {
  ring(): void;
  sleep(ms: number): Promise<void>;
  /** Runs a step with a signal that the next ring aborts. */
  during<T>(step: (rung: AbortSignal) => Promise<T>): Promise<T>;
};

/** Given as the reason, since making one anew each time is dear; so is a signal, and one that was not used up serves the next sleep. */
const rungReason = "rung";

export function newBell(clock: Clock): Bell {
  let isRung = false;
  let waiter: AbortController | null = null;
  let spare: AbortController | null = null;
  return {
    ring() {
      if (waiter === null) isRung = true;
      else waiter.abort(rungReason);
    },
    async sleep(ms) {
      if (isRung) {
        isRung = false;
        return;
      }
      const own = spare ?? new AbortController();
      spare = null;
      waiter = own;
      try {
        await clock.sleep(ms, own.signal);
      } finally {
        waiter = null;
        if (!own.signal.aborted) spare = own;
      }
    },
    async during(step) {
      const own = new AbortController();
      waiter = own;
      if (isRung) own.abort(rungReason);
      isRung = false;
      try {
        return await step(own.signal);
      } finally {
        waiter = null;
      }
    },
  };
}

const listeners = new WeakMap<Store, Set<() => void>>();

/** Calls back whenever someone in this process has put work into the store from outside the engine's loops. Returns how to end that. */
export function onWork(store: Store, listener: () => void): () => void {
  const all = listeners.get(store) ?? new Set();
  listeners.set(store, all.add(listener));
  return () => void all.delete(listener);
}

/** Work was put into the store: the loops that sleep over it look now. */
export function ringWork(store: Store): void {
  for (const listener of listeners.get(store) ?? []) listener();
}
