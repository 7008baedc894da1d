import type { JournalEntry } from "../model/journal.ts";
import { rulelessReasons } from "./replay.ts";

/** Who decided the conflict that a line of the journal tells of: a rule, or a person who will be asked. `null`: it tells of none. */
export function conflictDecider({ kind, other, why, source }: JournalEntry): "rule" | "person" | null {
  if (kind === "held") return "person";
  if (kind !== "kept" && kind !== "set") return null;
  return other === null || source.kind === "person" || rulelessReasons.has(why) ? null : "rule";
}
