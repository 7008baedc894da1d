import { writeFile } from "node:fs/promises";
import type { Column } from "../core/match/scored/columns.ts";
import type { DedupeResult } from "../core/match/scored/deduplicate.ts";
import type { Evidence, Explanation } from "../core/match/scored/model.ts";
import type { MatchRecord } from "../core/match/scored/record.ts";
import { explain } from "../core/match/scored/score.ts";
import { readTable } from "../tables/read-table.ts";
import type { DedupeSummary } from "./dedupe-file.ts";
import { labelOf } from "./evidence-text.ts";
import type { FoundPair } from "./found-pairs.ts";
import { escapeHtml, reportStyle } from "./report-style.ts";

export type ReportInput = {
  readonly file: string;
  readonly summary: DedupeSummary;
  readonly records: readonly MatchRecord[];
  readonly result: DedupeResult;
  readonly pairs: readonly FoundPair[];
  readonly columns: readonly Column[];
};

type ShownPair = FoundPair & { readonly explanation: Explanation };

const reviewsShown = 100;
const linksShown = 50;

/**
 * Writes one self-contained HTML page (no script, nothing loaded; light and dark): what was found, and for the pairs that a person should see, the two
 * records side by side and what each field said. Reviews come nearest to a link first, links least sure first.
 */
export async function writeReport(target: string, input: ReportInput): Promise<void> {
  const explained = (pair: FoundPair): ShownPair => ({
    ...pair,
    explanation: explain(input.records[pair.a]!, input.records[pair.b]!, input.result.model),
  });
  const odds = oddsOf(input.result);
  const by = (decision: FoundPair["decision"]) => input.pairs.filter((pair) => pair.decision === decision);
  const reviews = top(by("review"), (pair) => -odds(pair), reviewsShown).map(explained);
  const links = top(by("link"), odds, linksShown).map(explained);
  const rows = await rowsAt(input.file, new Set([...reviews, ...links].flatMap((pair) => [pair.a, pair.b])));
  await writeFile(target, page(input, reviews, links, rows));
}

/** The odds of a pair as far as they were kept; pairs that only their cluster joined count as the least sure. */
function oddsOf({ edges }: DedupeResult): (pair: FoundPair) => number {
  const known = new Map(edges.map(({ a, b, logOdds }) => [`${Math.min(a, b)} ${Math.max(a, b)}`, logOdds]));
  return ({ a, b }) => known.get(`${Math.min(a, b)} ${Math.max(a, b)}`) ?? -10;
}

function top(pairs: readonly FoundPair[], order: (pair: FoundPair) => number, count: number): FoundPair[] {
  return pairs
    .map((pair) => ({ pair, order: order(pair) }))
    .sort((x, y) => x.order - y.order)
    .slice(0, count)
    .map(({ pair }) => pair);
}

/** The rows as they stand in the file: the records keep only what is compared. */
async function rowsAt(file: string, wanted: ReadonlySet<number>): Promise<Map<number, readonly string[]>> {
  const rows = new Map<number, readonly string[]>();
  let index = 0;
  for await (const row of (await readTable(file)).rows) {
    if (wanted.has(index)) rows.set(index, row);
    index++;
  }
  return rows;
}

type Rows = ReadonlyMap<number, readonly string[]>;

function page(input: ReportInput, reviews: readonly ShownPair[], links: readonly ShownPair[], rows: Rows): string {
  const { summary } = input;
  const name = escapeHtml(input.file.split(/[\\/]/).at(-1) ?? input.file);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Duplicates in ${name}</title>
<style>${reportStyle}</style>
</head>
<body>
<main>
<h1>Duplicates in ${name}</h1>
<dl class="figures">
${figure("records", summary.records)}${figure("different things", summary.clusters)}${figure("duplicates", summary.duplicates)}
${figure("sure pairs", summary.links)}${figure("pairs to review", summary.reviews)}
</dl>
<p>${escapeHtml(howRead(summary))}</p>
<details><summary>What the columns were taken for</summary>${columnTable(input.columns)}</details>
<details><summary>How to read the evidence</summary><p>Each field adds to the score or takes away from it, in natural log odds: +2.3 makes it ten times likelier
that the two records are one thing, −2.3 ten times less likely. Two records picked at random start far below zero. What a
household or a company shares anyway (surname, address, switchboard) is taken off again. From ${summary.linkFrom.toFixed(1)} on, and when the whole group agrees, a
pair counts as sure.</p></details>
${section("To review", "Highest score first. A high score stands here when the pair agrees but others of its group do not, or when something forbids to link it.", reviews, summary.reviews, input, rows)}
${section("Sure", "Least sure first; pairs that only their group holds together come at the top.", links, summary.links, input, rows)}
</main>
</body>
</html>
`;
}

const figure = (label: string, value: number) => `<div><dt>${label}</dt><dd>${value.toLocaleString("en")}</dd></div>`;

function howRead({ dialect, compared, oneToOne, weights }: DedupeSummary): string {
  const delimiter =
    { ",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars" }[dialect.delimiter] ?? dialect.delimiter;
  const sets = oneToOne ? " Each source was taken to list a thing once." : "";
  return `Read as ${dialect.encoding} with ${delimiter}. ${compared.toLocaleString("en")} pairs compared; weights ${weights}, adjusted to this table.${sets}`;
}

function columnTable(columns: readonly Column[]): string {
  const rows = columns.map(({ name, role }) => `<tr><td>${escapeHtml(name)}</td><td>${role}</td></tr>`).join("");
  return `<table><thead><tr><th>column</th><th>taken for</th></tr></thead><tbody>${rows}</tbody></table>`;
}

function section(
  title: string,
  order: string,
  pairs: readonly ShownPair[],
  total: number,
  input: ReportInput,
  rows: Rows,
): string {
  if (total === 0) return `<h2>${title}</h2><p>None.</p>`;
  const shown = pairs.length < total ? `${pairs.length} of ${total.toLocaleString("en")} shown. ` : "";
  return `<h2>${title}</h2><p>${shown}${order}</p>${pairs.map((pair) => card(pair, input, rows)).join("\n")}`;
}

function card({ a, b, explanation }: ShownPair, { records, columns }: ReportInput, rows: Rows): string {
  const [left, right] = [rows.get(a) ?? [], rows.get(b) ?? []];
  const values = columns
    .map(({ name, role }, i) => ({ name, role, x: left[i] ?? "", y: right[i] ?? "" }))
    .filter(({ role, x, y }) => role !== "id" && (x !== "" || y !== ""))
    .map(
      ({ name, x, y }) =>
        `<tr${x === y || x === "" || y === "" ? "" : ' class="differs"'}><th>${escapeHtml(name)}</th><td>${escapeHtml(x)}</td><td>${escapeHtml(y)}</td></tr>`,
    )
    .join("");
  const veto = explanation.veto === null ? "" : ` <strong>not to be linked: another ${explanation.veto}</strong>`;
  return `<article>
<h3>${escapeHtml(records[a]!.id)} · ${escapeHtml(records[b]!.id)} <span>score ${explanation.logOdds.toFixed(1)}${veto}</span></h3>
<div class="pair"><table><tbody>${values}</tbody></table>
<ul>${explanation.evidence.map((item) => bar(item, columns)).join("")}</ul></div>
</article>`;
}

function bar(item: Evidence, columns: readonly Column[]): string {
  const { finding, weight } = item;
  const width = Math.min(100, Math.abs(weight) * 8).toFixed(0);
  const sign = weight < 0 ? "−" : "+";
  return `<li><span>${escapeHtml(labelOf(item, columns))}: ${escapeHtml(finding)}</span><i class="${weight < 0 ? "against" : "for"}" style="width:${width}px"></i><b>${sign}${Math.abs(weight).toFixed(1)}</b></li>`;
}
