import pc from "picocolors";
import { print, table } from "../src/cli/output.ts";
import type { DemoResult } from "./run-demo.ts";

const rows = [
  ["edits lost without a trace", "lostEdits"],
  ["fields blanked", "blankedFields"],
  ["duplicates made", "duplicates"],
  ["newer values overwritten by older", "staleOverwrites"],
  ["writes of what was there already", "echoWrites"],
  ["fields that differ between systems", "diverged"],
  ["held for a person", "held"],
] as const;

/** The two syncs side by side, as the independent check found them. */
export function showResult(result: DemoResult): void {
  print();
  print(
    pc.bold(
      `${result.records} records, ${result.edits} edits, ${result.faults} troubles${result.kills === 0 ? "" : `, ${result.kills} kills`}: what became of them`,
    ),
  );
  print();
  print(
    table([
      ["", "last write wins", "Truce"],
      ...rows.map(([text, key]) => [text, result.lastWriteWins[key], result.truce[key]]),
    ]),
  );
  print();
  const last = result.systems.length - 1;
  const systems = `${result.systems.slice(0, last).join(", ")} and ${result.systems[last]}`;
  print(`The check reads ${systems} and their own audits; it does not ask Truce.`);
  if (result.leftOut !== null) print(pc.yellow(`${result.leftOut}.`));
  if (result.truce.held > 0)
    print(
      "Held are people who are twice in one system, and notes that two people wrote at the same time; a held field differs until someone decides.",
    );
  print(`"The email and the rep": ${result.scenarioHolds ? "both edits survived." : pc.red("an edit was lost!")}`);
  print(`A second run made ${result.secondRunWrites} writes. All of it took ${result.seconds} s.`);
}
