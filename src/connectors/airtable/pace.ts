import type { Clock } from "../../ports/clock.ts";

/** Who waits longer when requests queue: a scan's next page lets everything else pass. */
export type Urgency = "live" | "scan";

/** Spaces requests evenly. Even spacing, not bursts, as Airtable counts by a window of its own. */
export type Pace = {
  /** Resolves when it is this request's turn. */
  turn(urgency: Urgency): Promise<void>;
};

/** @param perSecond turns a second, at most. */
export function createPace(clock: Clock, perSecond: number): Pace {
  const gapMs = 1_000 / perSecond;
  const waiting: Record<Urgency, (() => void)[]> = { live: [], scan: [] };
  let freeAt = 0;
  let isRunning = false;

  const run = async (): Promise<void> => {
    isRunning = true;
    while (waiting.live.length + waiting.scan.length > 0) {
      const waitMs = freeAt - clock.now();
      if (waitMs > 0) await clock.sleep(waitMs);
      freeAt = Math.max(freeAt, clock.now()) + gapMs;
      (waiting.live.shift() ?? waiting.scan.shift())?.();
    }
    isRunning = false;
  };

  return {
    turn: (urgency) =>
      new Promise((resolve) => {
        waiting[urgency].push(resolve);
        if (!isRunning) void run();
      }),
  };
}
