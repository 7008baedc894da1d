import type { Clock } from "../../ports/clock.ts";

/** Who waits longer when requests queue: a scan's next page lets everything else pass. */
export type Urgency = "live" | "scan";

export type Pace = {
  /** Runs it when it is its turn. */
  run<Result>(urgency: Urgency, send: () => Promise<Result>): Promise<Result>;
};

/** At most `parallel` requests under way, and their starts spaced evenly by `gapMs`. */
export function createPace(clock: Clock, parallel: number, gapMs: number): Pace {
  const waiting: Record<Urgency, (() => void)[]> = { live: [], scan: [] };
  let underWay = 0;
  let freeAt = 0;
  let isAsleep = false;

  const pump = (): void => {
    while (underWay < parallel && waiting.live.length + waiting.scan.length > 0) {
      // Not longer than one gap, should the clock have been set back.
      freeAt = Math.min(freeAt, clock.now() + gapMs);
      const waitMs = freeAt - clock.now();
      if (waitMs > 0) return void wakeIn(waitMs);
      freeAt = clock.now() + gapMs;
      underWay++;
      (waiting.live.shift() ?? waiting.scan.shift())?.();
    }
  };
  const wakeIn = async (ms: number): Promise<void> => {
    if (isAsleep) return;
    isAsleep = true;
    await clock.sleep(ms);
    isAsleep = false;
    pump();
  };

  return {
    async run(urgency, send) {
      await new Promise<void>((resolve) => {
        waiting[urgency].push(resolve);
        pump();
      });
      try {
        return await send();
      } finally {
        underWay--;
        pump();
      }
    },
  };
}
