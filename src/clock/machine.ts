import { uuidv7 } from "uuidv7";
import type { Clock, Random } from "../ports/clock.ts";

/** The machine's own clock. */
export const machineClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted === true) return resolve();
      // Whatever has come in meanwhile goes first, and no timer's millisecond is lost.
      if (ms <= 0) return void setImmediate(resolve);
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal?.addEventListener("abort", done, { once: true });
    }),
};

/** Time-ordered ids, and the machine's own randomness. */
export const machineRandom: Random = { id: () => uuidv7(), fraction: () => Math.random() };
