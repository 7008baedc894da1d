import { hashText } from "./chance.ts";

/** The course of a run: a running hash always, and the words when someone wants to read them. */
export type Trace = {
  /** `words` are only made when they are kept; `key` goes into the hash, with the time. */
  note(at: number, key: string, words: () => string): void;
  hash(): string;
  readonly lines: readonly string[];
};

export function newTrace(keepsWords: boolean, start: number): Trace {
  const lines: string[] = [];
  let hash = 0x811c9dc5;
  return {
    note(at, key, words) {
      hash = hashText(key, Math.imul(hash ^ (at - start), 0x01000193));
      if (keepsWords) lines.push(`${((at - start) / 1000).toFixed(3).padStart(8)}  ${words()}`);
    },
    hash: () => hash.toString(16).padStart(8, "0"),
    lines,
  };
}
