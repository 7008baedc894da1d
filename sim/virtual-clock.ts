import type { Clock } from "../src/ports/clock.ts";

/**
 * Time that moves only when everything that could run has run. Whoever sleeps is woken in order of time, then of falling asleep, so that a run
 * depends on nothing but its seed.
 */
export type VirtualClock = Clock & {
  /** Calls `action` after `ms`, unless it is cancelled before. */
  after(ms: number, action: () => void): Timer;
  /** Wakes sleepers one by one until `isDone`, or nobody sleeps, or `stepsMax` wakings are spent. Returns the steps taken. */
  run(isDone: () => boolean, stepsMax: number): Promise<number>;
};

export type Timer = { cancel(): void };

type Sleeper = { readonly at: number; readonly order: number; action: (() => void) | null };

export function virtualClock(start: number): VirtualClock {
  let now = start;
  let order = 0;
  const heap: Sleeper[] = [];
  const push = (ms: number, action: () => void): Sleeper => {
    const sleeper: Sleeper = { at: now + Math.max(0, Math.round(ms)), order: order++, action };
    add(heap, sleeper);
    return sleeper;
  };
  return {
    now: () => now,
    after: (ms, action) => {
      const sleeper = push(ms, action);
      return {
        cancel: () => {
          sleeper.action = null;
        },
      };
    },
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal === undefined) return void push(ms, resolve);
        if (signal.aborted) return resolve();
        const sleeper = push(ms, () => {
          signal.removeEventListener("abort", wake);
          resolve();
        });
        const wake = () => {
          sleeper.action = null;
          resolve();
        };
        signal.addEventListener("abort", wake, { once: true });
      }),
    async run(isDone, stepsMax) {
      let steps = 0;
      await settled();
      while (!isDone() && steps < stepsMax) {
        const next = take(heap);
        if (next === undefined) return steps;
        if (next.action === null) continue;
        now = Math.max(now, next.at);
        next.action();
        steps++;
        await settled();
      }
      return steps;
    },
  };
}

/** Resolves once every promise that can go on has done so: Node runs a tick only when no microtask is left. */
function settled(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}

function isBefore(a: Sleeper, b: Sleeper): boolean {
  return a.at !== b.at ? a.at < b.at : a.order < b.order;
}

function add(heap: Sleeper[], sleeper: Sleeper): void {
  let i = heap.push(sleeper) - 1;
  while (i > 0) {
    const parent = (i - 1) >> 1;
    if (!isBefore(heap[i]!, heap[parent]!)) return;
    [heap[i], heap[parent]] = [heap[parent]!, heap[i]!];
    i = parent;
  }
}

function take(heap: Sleeper[]): Sleeper | undefined {
  const top = heap[0];
  const last = heap.pop();
  if (top === undefined || last === undefined || top === last) return top;
  heap[0] = last;
  for (let i = 0; ; ) {
    let least = i;
    for (const child of [2 * i + 1, 2 * i + 2])
      if (child < heap.length && isBefore(heap[child]!, heap[least]!)) least = child;
    if (least === i) return top;
    [heap[i], heap[least]] = [heap[least]!, heap[i]!];
    i = least;
  }
}
