import type { Instant } from "../model/time.ts";
import type { Deps } from "./deps.ts";
import { StoreFailure } from "./store-failure.ts";

/** Between tries of a step that the store failed. */
export const storePauseMs = 500;

/** Repeats a step while the store fails it, up to `until`: for what hangs on a call that has been made, and only so long as anything does. */
export async function insist<T>({ clock }: Pick<Deps, "clock">, until: Instant, step: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await step();
    } catch (error) {
      if (!(error instanceof StoreFailure) || clock.now() + storePauseMs > until) throw error;
      await clock.sleep(storePauseMs);
    }
  }
}
