import { diffIndices } from "node-diff3";

const contextLines = 3;

/** One text's changes to another as `patch` and `git apply` take them; "" where nothing differs. */
export function unifiedDiff(name: string, before: string, after: string): string {
  const [old, fresh] = [linesOf(before), linesOf(after)];
  const hunks = hunksOf(diffIndices(old, fresh).map(({ buffer1, buffer2 }) => ({ old: buffer1, fresh: buffer2 })));
  if (hunks.length === 0) return "";
  return [`--- a/${name}\n+++ b/${name}\n`, ...hunks.map((hunk) => hunkText(hunk, old, fresh))].join("");
}

type Change = {
  readonly old: readonly [at: number, count: number];
  readonly fresh: readonly [at: number, count: number];
};

/** Changes whose surroundings touch are shown together. */
function hunksOf(changes: readonly Change[]): Change[][] {
  const hunks: Change[][] = [];
  for (const change of changes) {
    const last = hunks.at(-1)?.at(-1);
    if (last !== undefined && change.old[0] - (last.old[0] + last.old[1]) <= 2 * contextLines)
      hunks.at(-1)?.push(change);
    else hunks.push([change]);
  }
  return hunks;
}

function hunkText(changes: readonly Change[], old: readonly string[], fresh: readonly string[]): string {
  const [first, last] = [changes[0], changes.at(-1)];
  if (first === undefined || last === undefined) return "";
  const start = Math.max(0, first.old[0] - contextLines);
  const end = Math.min(old.length, last.old[0] + last.old[1] + contextLines);
  const rows: string[] = [];
  let place = start;
  for (const { old: gone, fresh: come } of changes) {
    rows.push(...old.slice(place, gone[0]).map((line) => ` ${line}`));
    rows.push(...old.slice(gone[0], gone[0] + gone[1]).map((line) => `-${line}`));
    rows.push(...fresh.slice(come[0], come[0] + come[1]).map((line) => `+${line}`));
    place = gone[0] + gone[1];
  }
  rows.push(...old.slice(place, end).map((line) => ` ${line}`));
  const added = changes.reduce((sum, change) => sum + change.fresh[1] - change.old[1], 0);
  const freshStart = start + first.fresh[0] - first.old[0];
  const head = `@@ -${rangeText(start, end - start)} +${rangeText(freshStart, end - start + added)} @@\n`;
  return head + rows.map((row) => (row.endsWith("\n") ? row : `${row}\n\\ No newline at end of file\n`)).join("");
}

/** Of no lines, the number of the line before them. */
function rangeText(start: number, count: number): string {
  return `${count === 0 ? start : start + 1},${count}`;
}

/** Each with its line feed, if it has one. */
function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/gu) ?? [];
}
