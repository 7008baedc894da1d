import type { DeadLetter } from "../ports/store.ts";

/** What a person can do about a dead letter, in sentences; the most likely remedy first. */
export function adviceOn({ kind, code, ref, closed }: Pick<DeadLetter, "kind" | "code" | "ref" | "closed">): string[] {
  const system = ref?.system ?? "the system";
  if (closed !== null) return [];
  if (code === "BUG") {
    return [
      "Truce itself failed on this: please report the reason. After an upgrade, replay it.",
      `It holds up nothing else: only ${kind === "write" ? "this record's writes" : "this one statement"} waits.`,
    ];
  }
  if (kind === "observation")
    return [`${system} would not say what the record holds. Mend that there, then replay it.`];
  if (code === "REJECTED") {
    return [
      `${system} refuses a value. Make ${system} accept it and replay, or edit: a corrected value travels everywhere.`,
      "A newer value of the field is tried by itself; if it is taken, this letter ends.",
      `Discarded, ${system} keeps what it has.`,
    ];
  }
  return [
    `Again and again it stayed unknown whether ${system} took the write. See whether ${system} is well, then replay:`,
    "what is there is looked at before anything is written.",
  ];
}
