import { exitInterrupted } from "./exit.ts";

/** Aborts at the first Ctrl-C or termination, so that what is under way can be finished; the second ends the process at once. */
export function stopSignal(): AbortSignal {
  const stopping = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (stopping.signal.aborted) process.exit(exitInterrupted);
      stopping.abort();
    });
  }
  return stopping.signal;
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
