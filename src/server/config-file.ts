import type { LoadResult } from "../config/load-config.ts";

/** The config as it lies on disk, which stays its source: here it is read, never written. */
export type ConfigFile = {
  /** As it was named. */
  readonly name: string;
  /** Its text as it is now. Throws, for people, when it can't be read. */
  readonly read: () => string;
  /** What is wrong with a text that it may come to hold, and what it would mean. `null`: it is a program, which nothing but itself can change. */
  readonly check: ((text: string) => LoadResult) | null;
};
