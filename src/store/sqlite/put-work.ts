import type { CommitUnit } from "../../ports/store.ts";
import { workOf } from "../../ports/store-index.ts";
import type { Database } from "./database.ts";

/** A row of the table `due`, less the golden record. */
export type Work = readonly [
  system: string,
  lane: number,
  dueAt: number,
  /** How many links are behind, and since when. */
  links: number,
  since: number | null,
];

/** Stands after the lanes: behind, but not due. */
export const laneNotDue = 3;

/** JSON of the work that a golden record's links are. */
export function workText(unit: CommitUnit): string {
  const rows = workOf(unit).map(
    ({ system, due, behind, behindSince }): Work => [
      system,
      due?.lane ?? laneNotDue,
      due?.at ?? 0,
      behind,
      behindSince,
    ],
  );
  return JSON.stringify(rows);
}

export function parseWork(text: string): readonly Work[] {
  return JSON.parse(text);
}

/** Replaces what is due and behind for a golden record. */
export function putWork(db: Database, golden: number, work: string, before: string | undefined): void {
  if (work === before) return;
  for (const [system, lane, dueAt] of before === undefined ? [] : parseWork(before)) {
    db.run("delete from due where system = ? and lane = ? and due_at = ? and golden = ?", system, lane, dueAt, golden);
  }
  for (const [system, lane, dueAt, links, since] of parseWork(work)) {
    db.run("insert into due values (?, ?, ?, ?, ?, ?)", system, lane, dueAt, golden, links, since);
  }
}
