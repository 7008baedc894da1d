/** Who waits longer when calls queue: a scan's next page lets everything else pass. */
export type Urgency = "live" | "scan";

/** Lets a few calls go at once; the others wait for one of them to end. */
export type Pace = {
  /** Resolves when this call may be sent, with what to call once it has been answered. */
  turn(urgency: Urgency): Promise<() => void>;
};

/** Salesforce allows five slow calls at once in the smallest org. */
const parallelMax = 5;

export function createPace(): Pace {
  const waiting: Record<Urgency, ((ended: () => void) => void)[]> = { live: [], scan: [] };
  let underWay = 0;
  const pump = (): void => {
    while (underWay < parallelMax) {
      const next = waiting.live.shift() ?? waiting.scan.shift();
      if (next === undefined) return;
      underWay++;
      next(end);
    }
  };
  const end = (): void => {
    underWay--;
    pump();
  };
  return {
    turn: (urgency) =>
      new Promise((resolve) => {
        waiting[urgency].push(resolve);
        pump();
      }),
  };
}
