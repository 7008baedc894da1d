import type { UndoReport, UndoSelection } from "../control/undo.ts";
import { CliError, exitUsage } from "./exit.ts";
import { type ChosenLines, journalQuery } from "./journal-options.ts";
import { wholeNumber } from "./number-option.ts";
import { atDesk } from "./open-desk.ts";
import { color, counted, numberText, print, printJson, safeText, table, valueText } from "./output.ts";
import type { CommonOptions } from "./session.ts";
import { quoted } from "./short-id.ts";
import { userName } from "./user-name.ts";

export type UndoOptions = CommonOptions & ChosenLines & { readonly yes?: boolean; readonly by?: string };

/** `truce undo`: shows what would go back to its earlier value; with `--yes` does it. */
export function undoCommand(numbers: readonly string[], options: UndoOptions): Promise<void> {
  const selection = selectionOf(numbers, options);
  return atDesk(options, async (desk) => {
    const report = await (options.yes === true
      ? desk.undo(selection, options.by ?? userName())
      : desk.planUndo(selection));
    if (options.json === true) return printJson(report);
    show(report);
    if (report.cause === null) return print(color.dim("\nNothing was changed. --yes carries it out."));
    if ((await desk.status()).runningSince === null) print("The next run writes it to the systems.");
    print(color.dim(`truce undo --cause ${quoted(report.cause)} does it again.`));
  });
}

function selectionOf(numbers: readonly string[], options: UndoOptions): UndoSelection {
  const query = journalQuery(options, Date.now());
  const isQuery = Object.keys(query).length > 0;
  if (isQuery === numbers.length > 0) {
    throw new CliError(
      "Name changes by their numbers in the journal, or choose them by --cause, --record, --system, --rule, --author and --since.",
      exitUsage,
    );
  }
  if (isQuery) return query;
  return { sequences: numbers.map((text) => wholeNumber("NUMBER", text)) };
}

const skippedShown = 10;

function show({ cause, changes, restored, skipped, samples }: UndoReport): void {
  const count = Object.values(restored).reduce((sum, one) => sum + one, 0);
  const verb = cause === null ? "would go back" : "went back";
  print(`${counted(changes, "change")}: ${counted(count, "value")} ${verb}, ${numberText(skipped.length)} stay.`);
  if (count > 0) print(`\n${table([["field", "values"], ...Object.entries(restored)])}`);
  if (samples.length > 0) {
    const rows = samples.map(({ goldenId, field, from, to }) => [goldenId, field, valueText(from), valueText(to)]);
    print(`\n${table([["golden record", "field", "now", "before"], ...rows])}`);
  }
  if (skipped.length === 0) return;
  const rows = skipped.slice(0, skippedShown).map(({ goldenId, field, reason }) => [goldenId, field, safeText(reason)]);
  print(`\n${table([["stays", "field", "because"], ...rows])}`);
  if (skipped.length > skippedShown)
    print(color.dim(`and ${numberText(skipped.length - skippedShown)} more; --json has all.`));
}
