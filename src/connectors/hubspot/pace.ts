import type { Clock } from "../../ports/clock.ts";

/** Who waits longer when calls queue: a scan's next page lets everything else pass. */
export type Urgency = "live" | "scan";

/** Keeps calls within a rolling limit: at once while there is room, else as soon as there is. */
export type Pace = {
  /** Resolves when this call may be sent, with what to call once it has been answered. */
  turn(urgency: Urgency): Promise<() => void>;
  /** The limit turned out to be another. */
  adjust(max: number, windowMs: number): void;
};

/** Calls under way at once. More gain nothing, and all of them would wait for the slowest. */
const parallelMax = 8;

/**
 * At most `max` calls within any `windowMs`, by the receiver's count: it counts a call at some moment between sending and answer, so a call takes
 * up room until a window after its answer.
 */
export function createPace(clock: Clock, max: number, windowMs: number): Pace {
  const waiting: Record<Urgency, ((ended: () => void) => void)[]> = { live: [], scan: [] };
  let limit = { max, windowMs };
  let underWay = 0;
  /** When calls were answered, oldest first. */
  let answered: number[] = [];
  let isAsleep = false;

  const end = (): void => {
    underWay--;
    answered.push(clock.now());
    pump();
  };
  const pump = (): void => {
    const now = clock.now();
    // A clock that was set back must not hold calls for longer than a window.
    answered = answered.filter((at) => at > now - limit.windowMs && at <= now);
    while (underWay < parallelMax && underWay + answered.length < limit.max) {
      const next = waiting.live.shift() ?? waiting.scan.shift();
      if (next === undefined) return;
      underWay++;
      next(end);
    }
    const [oldest] = answered;
    const isFull = underWay + answered.length >= limit.max;
    if (isAsleep || !isFull || oldest === undefined || waiting.live.length + waiting.scan.length === 0) return;
    isAsleep = true;
    void clock.sleep(oldest + limit.windowMs - now).then(() => {
      isAsleep = false;
      pump();
    });
  };

  return {
    turn: (urgency) =>
      new Promise((resolve) => {
        waiting[urgency].push(resolve);
        pump();
      }),
    adjust: (newMax, newWindowMs) => {
      limit = { max: Math.max(1, newMax), windowMs: newWindowMs };
    },
  };
}
