import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";

/** What was saved in `file`, or `null` when there is none. */
export function loadState<State>(file: string): State | null {
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as State) : null;
}

/** Writes `state` so that a crash leaves either the old file or the new one. */
export function saveState(file: string, state: unknown): void {
  writeFileSync(`${file}.new`, JSON.stringify(state));
  renameSync(`${file}.new`, file);
}
