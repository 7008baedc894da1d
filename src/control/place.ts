import { readFileSync, readlinkSync } from "node:fs";

/** Where a process runs, so that another one on the same machine can tell whether it still does. */
export type Place = {
  /** The machine's present boot: no two machines or boots have the same. */
  readonly boot: string;
  /** The processes that see each other's numbers: those of one container, or those of none. */
  readonly space: string;
  readonly pid: number;
  /** When it began, by the machine's ticks: numbers are given again. */
  readonly began: string;
};

/** `null` where the operating system does not tell (only Linux does). */
export function placeOfProcess(): Place | null {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const began = beganAt(process.pid);
    return began === null ? null : { boot, space: readlinkSync("/proc/self/ns/pid"), pid: process.pid, began };
  } catch {
    return null;
  }
}

/** True when a process is certainly no more. One on another machine or in another container may always be alive. */
export function isSurelyGone(theirs: Place, ours: Place): boolean {
  return theirs.boot === ours.boot && theirs.space === ours.space && beganAt(theirs.pid) !== theirs.began;
}

/** `null`: there is no such process. Fields are counted from the end of its name, which may hold anything. */
function beganAt(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // A zombie has ended; only its parent has not asked how.
    return fields[0] === "Z" || fields[0] === "X" ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}
