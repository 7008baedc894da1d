import { distance } from "fastest-levenshtein";
import { z } from "zod";
import { erase } from "../../control/erase.ts";
import { undo } from "../../control/undo.ts";
import type { Deps } from "../../engine/deps.ts";
import { splitRecords } from "../../engine/split.ts";
import type { GoldenRecord } from "../../model/golden.ts";
import type { Store } from "../../ports/store.ts";
import { searchTextsOf } from "../../ports/store-index.ts";
import { labelOf } from "../label.ts";
import { type Veil, veilFor } from "../mask.ts";
import { Problem } from "../problem.ts";
import type { Handlers, Routes } from "../route.ts";
import { journalLine, shownLine } from "./journal.ts";
import { fieldValue, fieldValues, instant, interval, pageFrom, pageOf, paging, recordRef, source } from "./shapes.ts";

const tag = "Records";

const summary = z.object({
  id: z.string(),
  entity: z.string(),
  label: z.string(),
  fields: fieldValues,
  systems: z.array(recordRef),
  holds: z.number().int().describe("Open holds on it."),
  isDeleted: z.boolean(),
});

const record = z.object({
  id: z.string(),
  entity: z.string(),
  label: z.string(),
  version: z.number().int(),
  deletedAt: instant.nullable(),
  asOf: instant.nullable().describe("null: as it is now."),
  fields: z.array(
    z.object({
      name: z.string(),
      type: z.string(),
      value: fieldValue,
      version: z.number().int(),
      changedAt: interval,
      source,
      hold: z.string().nullable().describe("The open hold that freezes it."),
    }),
  ),
  systems: z.array(
    z.object({
      system: z.string(),
      object: z.string(),
      id: z.string().nullable().describe("null: to be created."),
      url: z
        .string()
        .nullable()
        .describe("Where people look at it in the system itself; null: nowhere, or not known yet."),
      aliases: z.array(z.string()),
      status: z.enum(["wanted", "linked", "deleted"]),
      behindSince: instant.nullable(),
      dead: z.string().nullable().describe("Why writing to it was given up."),
      fields: z.array(
        z.object({
          name: z.string(),
          value: fieldValue.describe("What the system is known to hold."),
          isCurrent: z.boolean(),
          refused: z.string().nullable(),
        }),
      ),
    }),
  ),
  holds: z.array(z.object({ id: z.string(), kind: z.string(), fields: z.array(z.string()), reason: z.string() })),
});

export const recordRoutes = {
  searchRecords: {
    tag,
    summary:
      "Golden records by anything: e-mail, phone, name, id; small typing errors are forgiven. Without a query, all of them",
    access: "read",
    input: z.object({ ...paging, query: z.string().max(200).optional(), entity: z.string().optional() }),
    answer: pageOf(summary),
  },
  getRecord: {
    tag,
    summary:
      "A golden record with where each value came from and what each system holds; now, or its fields as of a moment",
    access: "read",
    input: z.object({ record: z.string(), asOf: z.coerce.number<number>().optional() }),
    answer: record,
  },
  listRecordJournal: {
    tag,
    summary: "A golden record's journal, newest first",
    access: "read",
    input: z.object({ record: z.string(), ...paging }),
    answer: pageOf(journalLine),
  },
  eraseRecord: {
    tag,
    summary: "Erase a person's values from all that Truce keeps; the systems' own records are theirs",
    access: "admin",
    input: z.object({ record: z.string() }),
    answer: z.object({
      lines: z.number().int(),
      holds: z.number().int(),
      deadLetters: z.number().int(),
      records: z.array(recordRef).describe("Its records in the systems, which hold their values still."),
    }),
  },
  splitRecord: {
    tag,
    summary:
      "Take records that are something else out of a golden record, into a new one; merging them again is a matter of a hold",
    access: "review",
    input: z.object({ record: z.string(), refs: z.array(recordRef).min(1).max(100) }),
    answer: z.object({ parted: z.string().describe("The new golden record's id.") }),
  },
  restoreField: {
    tag,
    summary: "Give a field the value back that it had before a moment; it travels to every system",
    access: "review",
    input: z.object({ record: z.string(), field: z.string(), before: z.number().describe("In ms.") }),
    answer: z.object({ from: fieldValue, to: fieldValue }),
  },
} as const satisfies Routes;

export function recordHandlers(deps: Deps): Handlers<typeof recordRoutes> {
  const { store, policy } = deps;
  async function found(id: string): Promise<GoldenRecord> {
    const { goldens } = await store.load({ records: [], keys: [], ids: [id] });
    const golden = goldens.get(id);
    if (golden === undefined) throw new Problem(404, "There is no such record.");
    return golden;
  }

  function summaryOf(golden: GoldenRecord, veil: Veil) {
    const entity = policy.entities[golden.entity];
    const values = Object.fromEntries(Object.entries(golden.fields).map(([field, { value }]) => [field, value]));
    return {
      id: golden.id,
      entity: golden.entity,
      label: labelOf(entity, values, golden.id, veil),
      fields: veil.values(entity, values),
      systems: golden.links.flatMap(({ system, object, id }) => (id === null ? [] : [{ system, object, id }])),
      holds: golden.holds.length,
      isDeleted: golden.deletedAt !== null,
    };
  }

  return {
    async searchRecords({ input, who }) {
      const { query = "", entity, after, limit } = input;
      const veil = veilFor(who);
      if (query.trim() === "") {
        const page = await store.goldens(entity ?? null, after ?? null, limit + 1);
        const { items, next } = pageFrom(page, limit, ({ id }) => id);
        return { items: items.map((golden) => summaryOf(golden, veil)), next };
      }
      // Beginnings would let those who may not see a value find it out letter by letter.
      const hits = veil.isLifted ? await searchAny(store, query, limit) : await store.search(query, limit);
      const wanted = hits.filter((golden) => entity === undefined || golden.entity === entity);
      return { items: wanted.slice(0, limit).map((golden) => summaryOf(golden, veil)), next: null };
    },
    async getRecord({ input, who }) {
      const golden = await found(input.record);
      const entity = policy.entities[golden.entity];
      const veil = veilFor(who);
      const fields = input.asOf === undefined ? golden.fields : await fieldsAsOf(store, golden, input.asOf);
      const values = Object.fromEntries(Object.entries(fields).map(([field, { value }]) => [field, value]));
      return {
        ...golden,
        label: labelOf(entity, values, golden.id, veil),
        asOf: input.asOf ?? null,
        fields: Object.keys(entity?.fields ?? fields).flatMap((name) => {
          const version = fields[name];
          const type = entity?.fields[name]?.type;
          if (version === undefined) return [];
          const hold = golden.holds.find((one) => one.fields.includes(name))?.id ?? null;
          return [{ name, type: type?.kind ?? "text", ...version, value: veil.value(type, version.value), hold }];
        }),
        systems: golden.links.map((link) => ({
          ...link,
          url: urlOf(deps, link),
          fields: Object.entries(link.shadow).map(([name, value]) => ({
            name,
            value: veil.value(entity?.fields[name]?.type, value),
            isCurrent: (link.seen[name] ?? 0) >= (golden.fields[name]?.version ?? 0),
            refused: link.refused[name] === undefined ? null : veil.words(link.refused[name].reason),
          })),
        })),
      };
    },
    async listRecordJournal({ input, who }) {
      const { record: goldenId, after, limit } = input;
      const lines = await store.journal({
        goldenId,
        newestFirst: true,
        limit: limit + 1,
        ...(after === undefined ? {} : { before: Number(after) }),
      });
      const { items, next } = pageFrom(lines, limit, ({ sequence }) => String(sequence));
      const veil = veilFor(who);
      return { items: items.map((line) => shownLine(line, policy, veil)), next };
    },
    async eraseRecord({ input, who }) {
      const erased = await erase(deps, input.record, who.name ?? "");
      if (erased.kind === "unknown") throw new Problem(404, "There is no such record.");
      if (erased.kind === "busy")
        throw new Problem(409, `A write to ${erased.system} is under way. Try again in a moment.`);
      return erased.report;
    },
    async splitRecord({ input, who }) {
      const done = await splitRecords(deps, input.record, input.refs, who.name ?? "");
      if (done.kind === "invalid") throw new Problem(422, done.reason);
      return { parted: done.parted };
    },
    async restoreField({ input, who }) {
      const { record: goldenId, field, before: since } = input;
      await found(goldenId);
      const report = await undo(deps, { goldenId, field, since }, who.name ?? "");
      const [done] = report.samples;
      if (done === undefined) throw new Problem(409, report.skipped[0]?.reason ?? "It has not changed since.");
      return { from: done.from, to: done.to };
    },
  };
}

function urlOf({ connectors }: Deps, { system, object, id, status }: GoldenRecord["links"][number]): string | null {
  return id === null || status !== "linked" ? null : (connectors.get(system)?.recordUrl?.(object, id) ?? null);
}

const pageLines = 1_000;

/** Folds the `set` lines of the journal up to that moment. */
async function fieldsAsOf(store: Store, { id }: GoldenRecord, asOf: number): Promise<GoldenRecord["fields"]> {
  const fields: Record<string, GoldenRecord["fields"][string]> = {};
  for (let after = 0; ; ) {
    const lines = await store.journal({ goldenId: id, kind: "set", until: asOf + 1, after, limit: pageLines });
    for (const { field, to, version, at, source: from } of lines) {
      if (field !== null) fields[field] = { value: to, version, changedAt: { from: at, until: at }, source: from };
    }
    const last = lines.at(-1);
    if (last === undefined || lines.length < pageLines) return fields;
    after = last.sequence;
  }
}

const perWord = 300;
/** How many letters of a word must be right for a slip in the rest to be forgiven. */
const sureLetters = 3;

/** Whole values first, then those in which every word begins something, then those in which every word is nearly there. */
async function searchAny(store: Store, query: string, limit: number): Promise<readonly GoldenRecord[]> {
  const exact = await store.search(query, limit);
  if (exact.length > 0) return exact;
  const started = await store.search(query, limit, "start");
  if (started.length > 0) return started;
  const words = query.toLowerCase().split(/\s+/u).filter(Boolean).slice(0, 5);
  if (words.length > 1) {
    const all = await everyWord(store, words);
    if (all.length > 0) return all.slice(0, limit);
  }
  return nearly(store, words, limit);
}

async function everyWord(store: Store, words: readonly string[]): Promise<GoldenRecord[]> {
  const lists = await Promise.all(words.map((word) => store.search(word, perWord, "start")));
  const [shortest = []] = lists.toSorted((a, b) => a.length - b.length);
  return shortest.filter((golden) => {
    const texts = wordsOf(golden);
    return words.every((word) => texts.some((text) => text.startsWith(word)));
  });
}

async function nearly(store: Store, words: readonly string[], limit: number): Promise<GoldenRecord[]> {
  const starts = words.filter((word) => word.length > sureLetters).map((word) => word.slice(0, sureLetters));
  const lists = await Promise.all(starts.map((start) => store.search(start, perWord, "start")));
  const candidates = new Map(lists.flat().map((golden) => [golden.id, golden]));
  const scored = [...candidates.values()].map((golden) => ({ golden, slips: slipsOf(words, wordsOf(golden)) }));
  const close = scored.filter(({ slips }) => slips <= words.length * 2).sort((a, b) => a.slips - b.slips);
  return close.slice(0, limit).map(({ golden }) => golden);
}

function slipsOf(words: readonly string[], texts: readonly string[]): number {
  return words.reduce((sum, word) => {
    const best = Math.min(...texts.map((text) => distance(word, text)));
    return sum + (best > Math.max(1, Math.floor(word.length / 4)) ? Number.POSITIVE_INFINITY : best);
  }, 0);
}

function wordsOf(golden: GoldenRecord): readonly string[] {
  return searchTextsOf(golden).flatMap((text) => [text, ...text.split(/\s+/u)]);
}
