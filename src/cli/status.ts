import type { Status } from "./desk.ts";
import { atDesk } from "./open-desk.ts";
import { color, counted, print, printJson, safeText, spanText, table, timeText } from "./output.ts";
import type { CommonOptions } from "./session.ts";

/** `truce status`: what is stored, what waits, who is behind. */
export function statusCommand(options: CommonOptions): Promise<void> {
  return atDesk(options, async (desk) => {
    const status = await desk.status();
    if (options.json === true) printJson(status);
    else show(status, Date.now());
  });
}

function show({ runningSince, loaded, counts, deadLetters }: Status, now: number): void {
  const { goldens, links, behind, inbox, inboxOldestAt, holds, outcomes } = counts;
  print(
    runningSince === null ? "truce is not running." : `truce has been running for ${spanText(now - runningSince)}.`,
  );
  if (!loaded) print("The systems have not been read in full yet; nothing is written before that.");
  if (Object.keys(goldens).length > 0) {
    print();
    print(table([["entity", "golden records"], ...Object.entries(goldens)]));
  }
  const systems = [...new Set([...Object.keys(links), ...Object.keys(behind)])].sort();
  if (systems.length > 0) {
    print();
    const rows = systems.map((system) => {
      const oldestAt = behind[system]?.oldestAt ?? null;
      const since = oldestAt === null ? "" : spanText(now - oldestAt);
      return [system, links[system] ?? 0, behind[system]?.count ?? 0, since];
    });
    print(table([["system", "linked records", "behind", "for"], ...rows]));
  }
  print();
  const oldest = inboxOldestAt === null ? "" : `, the oldest for ${spanText(now - inboxOldestAt)}`;
  print(`To decide     ${counted(inbox, "observation")}${oldest}`);
  print(`Decided       ${listed(outcomes) || "nothing yet"}`);
  const held = listed(holds);
  print(`Held          ${held === "" ? "nothing" : `${color.yellow(held)}   truce holds`}`);
  print(`Dead letters  ${counts.deadLetters === 0 ? "none" : color.red(String(counts.deadLetters))}`);
  for (const { ref, reason, at } of deadLetters) {
    const where = ref === null ? "" : `${ref.system} ${ref.object} ${safeText(ref.id)}: `;
    print(`              ${color.dim(timeText(at))}  ${where}${safeText(reason)}`);
  }
}

function listed(numbers: Readonly<Record<string, number | undefined>>): string {
  return Object.entries(numbers)
    .filter(([, count]) => (count ?? 0) > 0)
    .map(([name, count]) => `${(count ?? 0).toLocaleString("en-US")} ${name}`)
    .join(", ");
}
