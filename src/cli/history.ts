import type { GoldenRecord } from "../model/golden.ts";
import type { JournalEntry } from "../model/journal.ts";
import type { Desk } from "./desk.ts";
import { CliError } from "./exit.ts";
import { findGoldens } from "./find-goldens.ts";
import { atDesk } from "./open-desk.ts";
import { color, print, printJson, safeText, table, timeText, valueText } from "./output.ts";
import type { CommonOptions } from "./session.ts";
import { sourceText } from "./source-text.ts";

export type HistoryOptions = CommonOptions & { readonly field?: string };

const pageLines = 500;

/** `truce history TEXT`: of the record with this id, e-mail or other value: who set which field when and why. */
export function historyCommand(text: string, options: HistoryOptions): Promise<void> {
  return atDesk(options, async (desk) => {
    const found = await findGoldens(desk, text);
    if (found.length === 0) {
      throw new CliError(
        `Nothing has the id or value "${safeText(text)}". Values are found whole, upper and lower case alike.`,
      );
    }
    const histories = [];
    for (const golden of found) histories.push({ golden, journal: await journalOf(desk, golden, options.field) });
    if (options.json === true) return printJson(histories);
    histories.forEach(({ golden, journal }, i) => {
      if (i > 0) print();
      show(golden, journal);
    });
  });
}

async function journalOf(desk: Desk, golden: GoldenRecord, field: string | undefined): Promise<JournalEntry[]> {
  const lines: JournalEntry[] = [];
  for (let after = 0; ; ) {
    const page = await desk.journal({
      goldenId: golden.id,
      after,
      limit: pageLines,
      ...(field === undefined ? {} : { field }),
    });
    lines.push(...page);
    const last = page.at(-1);
    if (last === undefined || page.length < pageLines) return lines;
    after = last.sequence;
  }
}

function show(golden: GoldenRecord, journal: readonly JournalEntry[]): void {
  print(
    `${color.bold(golden.entity)} ${golden.id}${golden.deletedAt === null ? "" : color.red(` deleted ${timeText(golden.deletedAt)}`)}`,
  );
  for (const { system, object, id, status, dead } of golden.links) {
    const state = status === "deleted" ? ", deleted there" : id === null ? ", to be created" : "";
    print(
      `  in ${system} ${object} ${id === null ? "" : safeText(id)}${state}${dead === null ? "" : `; given up: ${safeText(dead)}`}`,
    );
  }
  for (const hold of golden.holds) print(`  held: ${hold.kind} ${hold.fields.join(", ")} ${color.dim(hold.id)}`);
  print();
  const fields = Object.entries(golden.fields).map(([field, { value, version, source }]) => [
    field,
    valueText(value),
    version,
    sourceText(source),
  ]);
  print(table([["field", "value", "version", "from"], ...fields]));
  print();
  print(table([["when", "what", "field", "values", "why", "from"], ...journal.map(lineOf)]));
}

function lineOf(line: JournalEntry): string[] {
  return [timeText(line.at), line.kind, line.field ?? "", valuesOf(line), safeText(line.why), sourceText(line.source)];
}

function valuesOf({ kind, from, to, other }: JournalEntry): string {
  switch (kind) {
    case "set":
      return `${valueText(from)} → ${valueText(to)}${other === null ? "" : `, not ${valueText(other)}`}`;
    case "kept":
    case "put-back":
    case "held":
    case "superseded":
    case "refused":
    case "lossy":
      return `${valueText(to)}, not ${valueText(other)}`;
    default:
      return "";
  }
}
