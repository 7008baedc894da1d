/** One thing at a time for each key, in the order asked. */
export type Turns = { take<Result>(key: string, run: () => Promise<Result>): Promise<Result> };

/**
 * Writes to a table take turns: two upserts of one key at once would both create, and a guard's look must not be overtaken by a write of
 * our own.
 */
export function createTurns(): Turns {
  const last = new Map<string, Promise<unknown>>();
  return {
    take(key, run) {
      const turn = (last.get(key) ?? Promise.resolve()).then(run, run);
      last.set(key, turn);
      return turn;
    },
  };
}
