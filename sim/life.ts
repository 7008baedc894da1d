import type { Clock } from "../src/ports/clock.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** A process that can be stopped for a while, or die at any moment: whatever it awaits then never comes. */
export type Life = {
  readonly name: string;
  dead: boolean;
  pausedUntil: number;
  /** Ends the process, now. */
  die(): void;
  /** Dead, or stopped for a while: nothing of it goes on. */
  isStopped(): boolean;
  /** What the process itself passes after each wait: it stays here while it is stopped, for ever when it is dead. */
  gate(): Promise<void>;
  /** Time as the process sees it. */
  readonly clock: Clock;
};

export function newLife(name: string, clock: VirtualClock, onDeath: () => void): Life {
  const life: Life = {
    name,
    dead: false,
    pausedUntil: 0,
    die() {
      if (life.dead) return;
      life.dead = true;
      onDeath();
    },
    isStopped: () => life.dead || life.pausedUntil > clock.now(),
    async gate() {
      while (life.pausedUntil > clock.now() && !life.dead) await clock.sleep(life.pausedUntil - clock.now());
      // A promise of its own: one for all would keep everything that ever waited on it.
      if (life.dead) await new Promise<never>(() => undefined);
    },
    clock: {
      now: clock.now,
      async sleep(ms, signal) {
        await clock.sleep(ms, signal);
        if (life.isStopped()) await life.gate();
      },
    },
  };
  return life;
}
