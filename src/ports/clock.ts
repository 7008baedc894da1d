import type { Instant } from "../model/time.ts";

/** Time, as an argument: the machine's clock in service, a virtual one in the simulation. */
export type Clock = {
  now(): Instant;
  /** Resolves after `ms`, or at once when `signal` aborts. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
};

/** Randomness, as an argument. */
export type Random = {
  /** A new sortable, unique id. */
  id(): string;
  /** A number in [0, 1). */
  fraction(): number;
};
