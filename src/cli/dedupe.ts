import type { EntityKind } from "../core/match/scored/columns.ts";
import { dedupeFile } from "../dedupe/dedupe-file.ts";
import { CliError, exitUsage } from "./exit.ts";
import { numberText, print, printJson, table } from "./output.ts";
import { createProgress } from "./progress.ts";

/** What `dedupe` and the `match` commands share. */
export type TableOptions = {
  readonly type?: EntityKind;
  readonly map?: readonly string[];
  readonly out?: string;
  readonly json?: boolean;
};

export type DedupeOptions = TableOptions & {
  readonly id?: string;
  readonly oneToOne?: boolean;
  readonly pairs?: string;
  readonly html?: string;
};

/** `truce dedupe FILE`: which rows of an export are the same thing. */
export async function dedupeCommand(file: string, options: DedupeOptions): Promise<void> {
  const progress = createProgress();
  const summary = await dedupeFile(
    {
      file,
      kind: options.type ?? null,
      idColumn: options.id ?? null,
      map: columnMap(options.map),
      oneToOne: options.oneToOne ?? "auto",
      out: options.out ?? null,
      pairs: options.pairs ?? null,
      html: options.html ?? null,
    },
    ({ stage, done, of }) => progress.set(stage, done, of),
  );
  progress.end();
  if (options.json === true) return printJson(summary);
  print(
    `${numberText(summary.records)} records, ${numberText(summary.clusters)} different things: ${numberText(summary.duplicates)} are duplicates.`,
  );
  print(
    `${numberText(summary.links)} pairs are linked without a person, ${numberText(summary.reviews)} are for review.`,
  );
  print(
    `\n${table([["column", "taken for"], ...summary.columns.map((column) => [column.name, column.role ?? "not used"])])}`,
  );
  const written = [options.out, options.pairs, options.html].filter((name) => name !== undefined);
  print(
    written.length === 0
      ? "\nNothing was written; --out, --pairs and --html name files for clusters, pairs and a report."
      : `\nWritten: ${written.join(", ")}`,
  );
}

/** `role=column` options as a map. */
export function columnMap(pairs: readonly string[] = []): Record<string, string> {
  return Object.fromEntries(
    pairs.map((text) => {
      const at = text.indexOf("=");
      if (at <= 0) throw new CliError(`--map takes ROLE=COLUMN, not "${text}".`, exitUsage);
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}
