import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../../src/ports/clock.ts";

/** The machine's clock, run so many times faster. */
export function fastClock(speed: number): Clock {
  const startedAt = Date.now();
  return {
    now: () => Math.floor(startedAt + (Date.now() - startedAt) * speed),
    sleep: async (ms, signal) => {
      await sleep(ms / speed, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
    },
  };
}
