import { type Column, type EntityKind, recogniseColumns } from "../core/match/scored/columns.ts";
import { defaultModel } from "../core/match/scored/default-model.ts";
import { type Judgement, judgePair, type Outcome, pairThresholds } from "../core/match/scored/judge.ts";
import { isLegalForm } from "../core/match/scored/legal-forms.ts";
import { judgeNames } from "../core/match/scored/names.ts";
import { learnFromPairs } from "../core/match/scored/pair-model.ts";
import { type MatchRecord, matchRecordOf } from "../core/match/scored/record.ts";
import { comparable, wordsOf } from "../core/match/scored/text.ts";
import type { Role } from "../model/match-role.ts";
import { readTable } from "../tables/read-table.ts";
import { type ColumnMap, columnsOf, rawRecordOf } from "./columns-of.ts";
import { evidenceText } from "./evidence-text.ts";
import { type PairColumns, pairColumns } from "./pair-columns.ts";
import { writeTable } from "./write-table.ts";

export type MatchPairsOptions = {
  readonly file: string;
  readonly kind: EntityKind | null;
  /** Role to field, the field without its side: { email: "mail" } for a_mail and b_mail. */
  readonly map: ColumnMap;
  /** File to write `id,decision,score,evidence` to; `null` for none. */
  readonly out: string | null;
};

export type PairAnswer = {
  readonly id: string;
  readonly decision: Outcome;
  /** Log odds; null where only names were compared. */
  readonly score: number | null;
  readonly evidence: string;
  /** What the file says is right, where it does. */
  readonly answer: string | null;
};

export type MatchPairsSummary = {
  readonly pairs: number;
  readonly same: number;
  readonly review: number;
  readonly different: number;
  readonly columns: readonly Column[];
};

/** Answers each pair of a file: same, different or review. Returns the answers in the file's order with their counts. Throws TableError. */
export async function matchPairsFile(
  options: MatchPairsOptions,
  onProgress: (progress: { readonly stage: "read" | "judge"; readonly done: number; readonly of: number }) => void,
): Promise<{ readonly summary: MatchPairsSummary; readonly answers: readonly PairAnswer[] }> {
  const table = await readTable(options.file, { onBytes: (done, of) => onProgress({ stage: "read", done, of }) });
  const sides = pairColumns(table.columns);
  const rows: (readonly string[])[] = [];
  for await (const row of table.rows) rows.push(row);
  const columns = recognised(sides, rows, options);
  const answers = onlyNames(columns) ? nameAnswers(rows, sides, options.kind) : recordAnswers(rows, sides, columns);
  onProgress({ stage: "judge", done: rows.length, of: rows.length });
  if (options.out !== null) await writeAnswers(options.out, answers);
  const count = (outcome: Outcome) => answers.filter((answer) => answer.decision === outcome).length;
  return {
    summary: {
      pairs: answers.length,
      same: count("same"),
      review: count("review"),
      different: count("different"),
      columns,
    },
    answers,
  };
}

function recognised(
  sides: PairColumns,
  rows: readonly (readonly string[])[],
  { kind, map }: MatchPairsOptions,
): Column[] {
  const names = sides.fields.map((field) => field.name);
  const sample = rows.slice(0, 300).flatMap((row) => [sideOf(sides, row, "a"), sideOf(sides, row, "b")]);
  if (names.length === 1 && Object.keys(map).length === 0) {
    const [only] = recogniseColumns(names, () => sample.map((row) => row[0] ?? ""), kind, new Map());
    if (only !== undefined && !nameRoles.has(only.role) && only.role !== "title")
      return [{ name: only.name, role: "full-name" }];
  }
  // Pairs may be of both kinds: beside a company a name is a person's.
  const about =
    kind ??
    (names.includes("name") && names.some((name) => /company|organi[sz]ation|account/.test(name)) ? "contact" : null);
  const columns = columnsOf(names, sample, { kind: about, idColumn: null, map });
  return columns.map((column) => (column.role === "id" ? { ...column, role: "ignore" as const } : column));
}

const sideOf = (sides: PairColumns, row: readonly string[], side: "a" | "b") =>
  sides.fields.map((field) => row[field[side]] ?? "");
const nameRoles: ReadonlySet<Role> = new Set(["full-name", "organisation"]);
const onlyNames = (columns: readonly Column[]) => {
  const used = columns.filter((column) => column.role !== "ignore" && column.role !== "source");
  return used.length === 1 && nameRoles.has(used[0]!.role);
};

const idOf = (sides: PairColumns, row: readonly string[], index: number) =>
  sides.id < 0 ? String(index + 1) : (row[sides.id] as string);
const answerOf = (sides: PairColumns, row: readonly string[]) =>
  sides.answer < 0 ? null : (row[sides.answer] as string);

function nameAnswers(rows: readonly (readonly string[])[], sides: PairColumns, kind: EntityKind | null): PairAnswer[] {
  const [field] = sides.fields;
  return rows.map((row, index) => {
    const [a, b] = [row[field!.a] as string, row[field!.b] as string];
    const { outcome, because } = judgeNames(
      a,
      b,
      aboutOf(kind, sides.kind < 0 ? "" : (row[sides.kind] as string), a, b),
    );
    return {
      id: idOf(sides, row, index),
      decision: outcome,
      score: null,
      evidence: because,
      answer: answerOf(sides, row),
    };
  });
}

function aboutOf(kind: EntityKind | null, said: string, a: string, b: string): "person" | "company" {
  if (kind !== null) return kind === "contact" ? "person" : "company";
  if (/person|contact|people|individual/i.test(said)) return "person";
  if (said !== "") return "company";
  return [a, b].some((name) => wordsOf(comparable(name)).some(isLegalForm)) ? "company" : "person";
}

/** So many pairs tell more of themselves than the shipped weights do. */
const learnFrom = 300;

function recordAnswers(
  rows: readonly (readonly string[])[],
  sides: PairColumns,
  columns: readonly Column[],
): PairAnswer[] {
  const pairs = rows.map((row, index): readonly [MatchRecord, MatchRecord] => [
    matchRecordOf(`${index} a`, rawRecordOf(columns, sideOf(sides, row, "a"))),
    matchRecordOf(`${index} b`, rawRecordOf(columns, sideOf(sides, row, "b"))),
  ]);
  const people = defaultModel("people");
  const things = defaultModel("things");
  const learned = pairs.length >= learnFrom ? learnFromPairs(pairs) : null;
  return rows.map((row, index) => {
    const [a, b] = pairs[index]!;
    const model = learned?.model ?? (a.name === null && b.name === null ? things : people);
    const judgement = judgePair(a, b, model, learned?.thresholds ?? pairThresholds);
    const evidence = `${judgement.because}; ${evidenceText(a, b, model, columns).text}`;
    return {
      id: idOf(sides, row, index),
      decision: judgement.outcome,
      score: oddsOf(judgement),
      evidence,
      answer: answerOf(sides, row),
    };
  });
}

const oddsOf = (judgement: Judgement) => judgement.score.logOdds;

async function writeAnswers(file: string, answers: readonly PairAnswer[]): Promise<void> {
  const writer = writeTable(file, ["id", "decision", "score", "evidence"]);
  for (const { id, decision, score, evidence } of answers)
    await writer.write([id, decision, score === null ? "" : score.toFixed(2), evidence]);
  await writer.close();
}
