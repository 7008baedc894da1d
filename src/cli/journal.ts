import { originOf, scanJournal } from "../control/scan-journal.ts";
import type { JournalKind } from "../model/journal.ts";
import { recordKey } from "../model/record.ts";
import { csvLine } from "../server/csv.ts";
import { type ChosenLines, journalQuery } from "./journal-options.ts";
import { wholeNumber } from "./number-option.ts";
import { atDesk } from "./open-desk.ts";
import { color, print, printJson, safeText, table, timeText, valueText } from "./output.ts";
import type { CommonOptions } from "./session.ts";
import { sourceText } from "./source-text.ts";

export type JournalOptions = CommonOptions &
  ChosenLines & { readonly kind?: JournalKind; readonly csv?: boolean; readonly limit?: string };

const shownDefault = "100";
const columns = ["number", "at", "kind", "golden", "entity", "field", "version"];
const more = ["from", "to", "other", "base", "why", "origin", "author", "record", "cause"];

/** `truce journal`: lines of the journal, the first that fit; with `--csv` or `--json` all of them, as a line each. */
export function journalCommand(options: JournalOptions): Promise<void> {
  const isExport = options.csv === true || options.json === true;
  const limit = wholeNumber("--limit", options.limit ?? (isExport ? "999999999" : shownDefault));
  return atDesk(options, async (desk) => {
    const { kind } = options;
    const query = { ...journalQuery(options, Date.now()), ...(kind === undefined ? {} : { kind }) };
    const rows: string[][] = [];
    let left = limit;
    if (options.csv === true) process.stdout.write(csvLine([...columns, ...more]));
    for await (const lines of scanJournal(desk, query)) {
      for (const line of lines.slice(0, left)) {
        if (options.csv === true) process.stdout.write(csvLine(cellsOf(line)));
        else if (options.json === true) printJson(line);
        else rows.push(rowOf(line));
      }
      left -= lines.length;
      if (left <= 0) break;
    }
    if (isExport) return;
    if (rows.length === 0) return print("The journal has nothing like that.");
    print(table([["number", "when", "what", "field", "from", "to", "by", "why"], ...rows]));
    if (left <= 0) print(color.dim("\nThere may be more: --limit, or --csv for all."));
  });
}

type Line = Parameters<typeof originOf>[0] & { readonly sequence: number };

function rowOf(line: Line): string[] {
  const { sequence, at, kind, field, from, to, other, source, why } = line;
  const values = kind === "set" ? [valueText(from), valueText(to)] : ["", field === null ? "" : valueText(other)];
  return [String(sequence), timeText(at), kind, field ?? "", ...values, sourceText(source), safeText(why)];
}

function cellsOf(line: Line): string[] {
  const { sequence, at, kind, goldenId, entity, field, version, from, to, other, base, why, source, ref, cause } = line;
  const author = source.kind === "record" ? (source.author ?? "") : "";
  return [
    ...[String(sequence), new Date(at).toISOString(), kind, goldenId, entity, field ?? "", String(version)],
    ...[from, to, other, base].map((value) => (typeof value === "string" ? value : JSON.stringify(value ?? ""))),
    ...[why, originOf(line), author, ref === null ? "" : recordKey(ref), cause],
  ].map((cell) => (cell === '""' ? "" : cell));
}
