import { closeSync, openSync, writeSync } from "node:fs";
import { type FieldTallies, type ReplayReport, replayRules } from "../control/replay.ts";
import { atDesk } from "./open-desk.ts";
import { color, numberText, print, printJson, safeText, table, valueText } from "./output.ts";
import { type CommonOptions, readConfig } from "./session.ts";
import { moment } from "./time-option.ts";

export type ReplayOptions = CommonOptions & {
  readonly rules: string;
  readonly since: string;
  readonly out?: string;
};

/** `truce replay --rules FILE`: past conflicts under another config's rules: what would differ, and which decisions of people it contradicts. */
export async function replayCommand(options: ReplayOptions): Promise<void> {
  const since = moment("--since", options.since, Date.now());
  const { policy } = await readConfig({ ...options, config: options.rules }, false);
  await atDesk(options, async (desk) => {
    const out = options.out === undefined ? null : openSync(options.out, "w");
    try {
      const report = await replayRules(desk, policy, since, (one) => {
        if (out !== null) writeSync(out, `${JSON.stringify(one)}\n`);
      });
      if (options.json === true) printJson(report);
      else show(report, options.out);
    } finally {
      if (out !== null) closeSync(out);
    }
  });
}

function show({ byRule, byPerson, open, samples, lines }: ReplayReport, out: string | undefined): void {
  showTallies("Conflicts that rules decided", byRule, ["as then", "other value", "held instead", "can't be said"]);
  showTallies("Conflicts that people decided", byPerson, ["agree", "contradict", "still held", "can't be said"]);
  showTallies("Conflicts that are open now", open, ["", "settled", "still held", "can't be said"]);
  if (samples.length > 0) {
    const rows = samples.map(({ entity, field, by, decided, value, place }) => [
      `${entity} ${field}`,
      by,
      valueText(decided),
      valueText(value),
      safeText(place),
    ]);
    print(`${table([["field", "decided by", "as", "would be", "journal line or hold"], ...rows])}\n`);
  }
  if (out !== undefined) print(`Every value that would be another one is in ${out}, a line of JSON each.`);
  print(color.dim(`${numberText(lines)} journal lines were read. Nothing was changed.`));
}

function showTallies(title: string, tallies: FieldTallies, [same, other, undecided, blind]: readonly string[]): void {
  const rows = Object.entries(tallies).map(([field, one]) => [field, one.same, one.other, one.undecided, one.blind]);
  print(color.bold(`${title}:${rows.length === 0 ? " none" : ""}`));
  if (rows.length > 0) print(table([["field", same ?? "", other ?? "", undecided ?? "", blind ?? ""], ...rows]));
  print();
}
