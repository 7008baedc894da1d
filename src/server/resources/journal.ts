import { z } from "zod";
import type { Deps } from "../../engine/deps.ts";
import type { Source } from "../../model/golden.ts";
import type { JournalEntry, JournalKind } from "../../model/journal.ts";
import type { Policy } from "../../model/policy.ts";
import type { FieldValue } from "../../model/value.ts";
import type { JournalFilter, Store } from "../../ports/store.ts";
import { csvLine } from "../csv.ts";
import { type Veil, veilFor } from "../mask.ts";
import type { Handlers, Routes } from "../route.ts";
import { fieldValue, instant, pageOf, paging, recordRef, source } from "./shapes.ts";

const tag = "Journal";
/** One that the model adds must be told here, or it does not compile. */
const kind = z.enum({
  set: "set",
  kept: "kept",
  "put-back": "put-back",
  held: "held",
  superseded: "superseded",
  refused: "refused",
  lossy: "lossy",
  written: "written",
  paused: "paused",
  resumed: "resumed",
  created: "created",
  linked: "linked",
  unlinked: "unlinked",
  merged: "merged",
  deleted: "deleted",
} satisfies { readonly [Kind in JournalKind]: Kind });

export const journalLine = z.object({
  sequence: z.number().int(),
  goldenId: z.string(),
  entity: z.string(),
  at: instant,
  kind,
  field: z.string().nullable(),
  version: z.number().int(),
  from: fieldValue,
  to: fieldValue,
  other: fieldValue.describe("The value that lost, waits or was refused."),
  base: fieldValue,
  why: z.string(),
  source,
  ref: recordRef.nullable(),
  cause: z.string(),
});

const filter = {
  record: z.string().optional().describe("A golden record's id."),
  field: z.string().optional(),
  kind: kind.optional(),
  since: z.coerce.number<number>().optional().describe("From this time on, in ms."),
  until: z.coerce.number<number>().optional().describe("Before this time, in ms."),
};

export const journalRoutes = {
  listJournal: {
    tag,
    summary: "The journal, newest first. A page may hold fewer lines than asked for, even none, before the last one",
    access: "read",
    input: z.object({ ...paging, ...filter }),
    answer: pageOf(journalLine),
  },
  exportJournal: {
    tag,
    summary: "The journal as CSV, oldest first",
    access: "personal",
    input: z.object(filter),
    answer: z.string(),
    content: "text/csv",
  },
  exportJournalLines: {
    tag,
    summary: "The journal as JSON, a line each, oldest first",
    access: "personal",
    input: z.object(filter),
    answer: z.string(),
    content: "application/jsonl",
  },
} as const satisfies Routes;

type Line = JournalEntry & { readonly sequence: number };

/** However rare what a filter wants is, a request looks at no more lines than these. */
const window = 20_000;
const exportPage = 1_000;

export function journalHandlers({ store, policy }: Pick<Deps, "store" | "policy">): Handlers<typeof journalRoutes> {
  return {
    async listJournal({ input, who }) {
      const { after, limit } = input;
      const veil = veilFor(who);
      const wanted = filterOf(input);
      const newest = after === undefined ? await lastSequence(store) : Number(after);
      const before = after === undefined ? newest + 1 : newest;
      const isNarrow = wanted.goldenId !== undefined;
      const floor = isNarrow ? 0 : Math.max(0, before - window - 1);
      const lines = await store.journal({ ...wanted, before, after: floor, newestFirst: true, limit });
      const last = lines.at(-1);
      const isFull = lines.length === limit && last !== undefined;
      const next = isFull ? last.sequence : floor + 1;
      return {
        items: lines.map((line) => shownLine(line, policy, veil)),
        next: next > 1 && (isFull || floor > 0) ? String(next) : null,
      };
    },
    exportJournal: ({ input }) => csvOf(store, filterOf(input)),
    exportJournalLines: ({ input }) => jsonLinesOf(store, filterOf(input)),
  };
}

async function lastSequence(store: Store): Promise<number> {
  const [line] = await store.journal({ newestFirst: true, limit: 1 });
  return line?.sequence ?? 0;
}

type Wanted = z.output<typeof journalRoutes.exportJournal.input>;

function filterOf({ record, field, kind: of, since, until }: Wanted): Omit<JournalFilter, "limit"> {
  return {
    ...(record === undefined ? {} : { goldenId: record }),
    ...(field === undefined ? {} : { field }),
    ...(of === undefined ? {} : { kind: of }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
  };
}

export function shownLine(line: Line, policy: Policy, veil: Veil): Line {
  const type = policy.entities[line.entity]?.fields[line.field ?? ""]?.type;
  const isRefusal = line.kind === "refused" || line.kind === "lossy";
  const value = (given: FieldValue) => veil.value(type, given);
  return {
    ...line,
    from: value(line.from),
    to: value(line.to),
    other: value(line.other),
    base: value(line.base),
    why: isRefusal ? veil.words(line.why) : line.why,
  };
}

const columns = [
  "sequence",
  "time",
  "record",
  "entity",
  "what",
  "field",
  "from",
  "to",
  "other",
  "why",
  "source",
  "cause",
];

async function* csvOf(store: Store, wanted: Omit<JournalFilter, "limit">): AsyncGenerator<string> {
  yield csvLine(columns);
  for await (const lines of pagesOf(store, wanted)) yield lines.map((line) => csvLine(cellsOf(line))).join("");
}

async function* jsonLinesOf(store: Store, wanted: Omit<JournalFilter, "limit">): AsyncGenerator<string> {
  for await (const lines of pagesOf(store, wanted))
    yield lines.map((line) => `${JSON.stringify(journalLine.parse(line))}\n`).join("");
}

async function* pagesOf(store: Store, wanted: Omit<JournalFilter, "limit">): AsyncGenerator<readonly Line[]> {
  for (let after = 0; ; ) {
    const lines = await store.journal({ ...wanted, after, limit: exportPage });
    if (lines.length > 0) yield lines;
    const last = lines.at(-1);
    if (last === undefined || lines.length < exportPage) return;
    after = last.sequence;
  }
}

function cellsOf({ sequence, at, goldenId, entity, kind: what, field, from, to, other, why, source: by, cause }: Line) {
  const values = [from, to, other].map(valueText);
  const time = new Date(at).toISOString();
  return [String(sequence), time, goldenId, entity, what, field ?? "", ...values, why, sourceText(by), cause];
}

function valueText(value: FieldValue): string {
  if (value === null) return "";
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return String(value);
  return "amount" in value ? `${value.amount} ${value.currency}` : value.join(", ");
}

function sourceText(by: Source): string {
  if (by.kind === "person") return by.name;
  return by.kind === "rule" ? `rule ${by.rule}` : `${by.ref.system}/${by.ref.object}/${by.ref.id}`;
}
