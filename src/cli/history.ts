import type { GoldenRecord } from "../model/golden.ts";
import type { JournalEntry } from "../model/journal.ts";
import type { Store } from "../ports/store.ts";
import { CliError } from "./exit.ts";
import { print, printJson, timeText, valueText } from "./output.ts";
import { type CommonOptions, openConfiguredStore, readConfig } from "./session.ts";

export type HistoryOptions = CommonOptions & { readonly field?: string };

/** `truce history TEXT`: of the record with this id, e-mail or other value: who set which field when and why. */
export async function historyCommand(text: string, options: HistoryOptions): Promise<void> {
  const store = await openConfiguredStore(await readConfig(options, false));
  try {
    const found = await store.search(text, 10);
    if (found.length === 0)
      throw new CliError(`Nothing has the id or value "${text}". Values are found whole, upper and lower case alike.`);
    const histories = [];
    for (const golden of found) histories.push({ golden, journal: await journalOf(store, golden, options.field) });
    if (options.json === true) return printJson(histories);
    for (const { golden, journal } of histories) show(golden, journal);
  } finally {
    await store.close();
  }
}

async function journalOf(store: Store, golden: GoldenRecord, field: string | undefined): Promise<JournalEntry[]> {
  const lines: JournalEntry[] = [];
  for (let after = 0; ; ) {
    const page = await store.journal({
      goldenId: golden.id,
      after,
      limit: 500,
      ...(field === undefined ? {} : { field }),
    });
    const last = page.at(-1);
    if (last === undefined) return lines;
    lines.push(...page);
    after = last.sequence;
  }
}

function show(golden: GoldenRecord, journal: readonly JournalEntry[]): void {
  print(`${golden.entity} ${golden.id}`);
  for (const [field, version] of Object.entries(golden.fields))
    print(`  ${field}: ${valueText(version.value)}   (version ${version.version}, ${sourceText(version.source)})`);
  for (const link of golden.links)
    print(
      `  in ${link.system}: ${link.id ?? "to be created"}${link.status === "deleted" ? ", deleted there" : ""}${link.dead === null ? "" : `, given up: ${link.dead}`}`,
    );
  for (const hold of golden.holds) print(`  held: ${hold.kind} ${hold.fields.join(", ")}: ${hold.reason}`);
  print();
  for (const line of journal) print(`  ${timeText(line.at)}  ${line.kind.padEnd(10)} ${lineText(line)}`);
  print();
}

function lineText(line: JournalEntry): string {
  const why = `${line.why}; ${sourceText(line.source)}`;
  switch (line.kind) {
    case "set":
      return `${line.field}: ${valueText(line.from)} -> ${valueText(line.to)}   (${why}${line.other === null ? "" : `; instead of ${valueText(line.other)}`})`;
    case "kept":
    case "put-back":
    case "held":
    case "superseded":
    case "refused":
    case "lossy":
      return `${line.field ?? ""}: ${valueText(line.to)}, not ${valueText(line.other)}   (${why})`;
    default:
      return why;
  }
}

function sourceText(source: JournalEntry["source"]): string {
  if (source.kind === "person") return source.name;
  if (source.kind === "rule") return `made by ${source.rule}`;
  return `${source.ref.system} ${source.ref.id}${source.author === null ? "" : `, ${source.author}`}`;
}
