import { byHeader, type Column, type EntityKind, plain } from "../core/match/scored/columns.ts";
import { type DedupeResult, deduplicate, defaultSettings } from "../core/match/scored/deduplicate.ts";
import { type MatchRecord, matchRecordOf } from "../core/match/scored/record.ts";
import { type Dialect, readTable, TableError } from "../tables/read-table.ts";
import { type ColumnMap, columnsOf, rawRecordOf } from "./columns-of.ts";
import { evidenceText } from "./evidence-text.ts";
import { type FoundPair, foundPairs } from "./found-pairs.ts";
import { writeReport } from "./report.ts";
import { writeTable } from "./write-table.ts";

export type DedupeOptions = {
  readonly file: string;
  /** What the records are; `null` leaves it to the columns. */
  readonly kind: EntityKind | null;
  /** The column whose values name the records; `null`: the one called record_id or id, else row numbers. */
  readonly idColumn: string | null;
  readonly map: ColumnMap;
  /** At most one record of each source in a cluster. */
  readonly oneToOne: boolean | "auto";
  /** Files to write; `null` for none. */
  readonly out: string | null;
  readonly pairs: string | null;
  readonly html: string | null;
};

export type DedupeProgress = {
  readonly stage: "read" | "estimate" | "compare" | "cluster" | "write";
  readonly done: number;
  readonly of: number;
};

/** What was found; `--json` prints it. */
export type DedupeSummary = {
  readonly records: number;
  readonly clusters: number;
  /** Records beyond the first of each cluster. */
  readonly duplicates: number;
  readonly links: number;
  readonly reviews: number;
  readonly compared: number;
  readonly oneToOne: boolean;
  readonly columns: readonly Column[];
  readonly dialect: Dialect;
  /** Log odds from which a pair is linked without a person. */
  readonly linkFrom: number;
  readonly weights: string;
};

/**
 * Finds the duplicates in a file and writes what was asked for: `record_id,cluster_id` for each record, the pairs with decision and
 * evidence, a report to read. Reads the file as a stream; holds the normalised records (about 2 KB each) and the likely pairs. Throws
 * TableError for what is wrong with the file or the options.
 */
export async function dedupeFile(
  options: DedupeOptions,
  onProgress: (progress: DedupeProgress) => void,
): Promise<DedupeSummary> {
  const { records, columns, dialect } = await readRecords(options, onProgress);
  const settings = { ...defaultSettings, oneToOne: options.oneToOne };
  const result = deduplicate(records, settings, onProgress);
  onProgress({ stage: "write", done: 0, of: 1 });
  if (options.out !== null) await writeClusters(options.out, records, result);
  const pairs = foundPairs(result);
  if (options.pairs !== null) await writePairs(options.pairs, records, result, pairs, columns);
  const summary = summaryOf(records, result, pairs, columns, dialect);
  if (options.html !== null)
    await writeReport(options.html, { file: options.file, summary, records, result, pairs, columns });
  onProgress({ stage: "write", done: 1, of: 1 });
  return summary;
}

const sampleRows = 500;

async function readRecords(options: DedupeOptions, onProgress: (progress: DedupeProgress) => void) {
  const table = await readTable(options.file, { onBytes: (done, of) => onProgress({ stage: "read", done, of }) });
  const { names, isData } = headerOf(table.columns);
  const sample: (readonly string[])[] = isData ? [table.columns] : [];
  const records: MatchRecord[] = [];
  const seen = new Set<string>();
  let columns: Column[] | null = null;
  let idsName = true;
  const take = (known: Column[], row: readonly string[]) => {
    const at = known.findIndex((column) => column.role === "id");
    const id = at < 0 ? String(records.length + 1) : (row[at] as string);
    if (id === "" || seen.has(id)) {
      // A column that only looks like ids, as where several files were put under one another.
      const isSaid = options.idColumn !== null || plain(known[at]?.name ?? "") === "recordid";
      if (isSaid)
        throw new TableError(id === "" ? `row ${records.length + 2} has no id` : `the id "${id}" stands in two rows`);
      idsName = false;
    }
    seen.add(id);
    records.push(matchRecordOf(id, rawRecordOf(known, row)));
  };
  const start = () => {
    const known = columnsOf(names, sample, options);
    for (const row of sample) take(known, row);
    return known;
  };
  for await (const row of table.rows) {
    if (columns !== null) take(columns, row);
    else if (sample.push(row) === sampleRows) columns = start();
  }
  columns ??= start();
  if (idsName) return { records, columns, dialect: table.dialect };
  const numbered = records.map((record, i) => ({ ...record, id: String(i + 1) }));
  const withoutIds = columns.map((one) => (one.role === "id" ? { ...one, role: "ignore" as const } : one));
  return { records: numbered, columns: withoutIds, dialect: table.dialect };
}

/** A first row in which no column has a name that is known, and something is plainly a value, is a record. */
function headerOf(first: readonly string[]): { readonly names: readonly string[]; readonly isData: boolean } {
  const isValue = (text: string) => /\S@\S+\.\S|^\d+ \p{L}/u.test(text.trim());
  const numbers = first.filter((text) => /^\+?[\d\s()./-]{5,}$/.test(text.trim()));
  const isData =
    (first.some(isValue) || numbers.length > 1) &&
    !first.some((name) => byHeader(name) !== undefined || plain(name) === "name");
  return { names: isData ? first.map((_, i) => `column ${i + 1}`) : first, isData };
}

async function writeClusters(file: string, records: readonly MatchRecord[], { clusters }: DedupeResult): Promise<void> {
  const writer = writeTable(file, ["record_id", "cluster_id"]);
  for (let i = 0; i < records.length; i++) await writer.write([records[i]!.id, records[clusters[i]!]!.id]);
  await writer.close();
}

async function writePairs(
  file: string,
  records: readonly MatchRecord[],
  result: DedupeResult,
  pairs: readonly FoundPair[],
  columns: readonly Column[],
): Promise<void> {
  const writer = writeTable(file, ["record_id_a", "record_id_b", "decision", "score", "evidence"]);
  for (const { a, b, decision } of pairs) {
    const { score, text } = evidenceText(records[a]!, records[b]!, result.model, columns);
    await writer.write([records[a]!.id, records[b]!.id, decision, score.toFixed(2), text]);
  }
  await writer.close();
}

function summaryOf(
  records: readonly MatchRecord[],
  result: DedupeResult,
  pairs: readonly FoundPair[],
  columns: readonly Column[],
  dialect: Dialect,
): DedupeSummary {
  const clusters = new Set(result.clusters).size;
  const links = pairs.filter((pair) => pair.decision === "link").length;
  return {
    records: records.length,
    clusters,
    duplicates: records.length - clusters,
    links,
    reviews: pairs.length - links,
    compared: result.compared,
    oneToOne: result.oneToOne,
    columns,
    dialect,
    linkFrom: result.thresholds.link,
    weights: result.model.weights.version,
  };
}
