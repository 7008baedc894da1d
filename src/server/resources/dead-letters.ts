import { z } from "zod";
import { adviceOn } from "../../control/dead-letter-advice.ts";
import { type DeadReport, discardDead, editDead, replayDead } from "../../control/dead-letters.ts";
import type { Deps } from "../../engine/deps.ts";
import type { RawValue } from "../../model/value.ts";
import type { DeadLetter } from "../../ports/store.ts";
import { type Veil, veilFor } from "../mask.ts";
import { Problem } from "../problem.ts";
import type { Handlers, Routes } from "../route.ts";
import { instant, pageFrom, pageOf, paging, recordRef } from "./shapes.ts";

const tag = "Dead letters";
const kind = z.enum(["observation", "write"]);

const deadLetter = z.object({
  id: z.string(),
  kind,
  ref: recordRef.nullable(),
  goldenId: z.string().nullable(),
  payload: z.unknown().describe("null for those who may not see personal data."),
  code: z.string(),
  reason: z.string(),
  tries: z.number().int(),
  at: instant,
  closed: z
    .object({ how: z.enum(["replayed", "discarded", "cured"]), at: instant, by: z.string(), reason: z.string() })
    .nullable(),
  advice: z.array(z.string()).describe("What can be done about it, the most likely remedy first."),
});

const report = z.object({
  done: z.number().int(),
  failed: z.array(z.object({ id: z.string(), reason: z.string() })).describe("Those that stay open."),
});

const selection = {
  ids: z.array(z.string()).max(1_000).optional().describe("These; left out: all open ones of kind and system."),
  kind: kind.optional(),
  system: z.string().optional(),
};

export const deadLetterRoutes = {
  listDeadLetters: {
    tag,
    summary: "What failed for good and waits, whole, in order of the first failure",
    access: "read",
    input: z.object({
      ...paging,
      status: z.enum(["open", "closed"]).default("open"),
      kind: kind.optional(),
      system: z.string().optional(),
    }),
    answer: pageOf(deadLetter),
  },
  getDeadLetter: {
    tag,
    summary: "A dead letter, whole, with what can be done about it",
    access: "read",
    input: z.object({ letter: z.string() }),
    answer: deadLetter,
  },
  editDeadLetter: {
    tag,
    summary: "Correct a dead letter and try it again: an observation's cells, or for a write the record's fields",
    access: "operate",
    input: z.object({ letter: z.string(), values: z.record(z.string(), z.json()) }),
    answer: report,
  },
  replayDeadLetters: {
    tag,
    summary: "Try dead letters again, on today's state: no old value comes back",
    access: "operate",
    input: z.object(selection),
    answer: report,
  },
  discardDeadLetters: {
    tag,
    summary: "Give dead letters up, for a reason that is kept",
    access: "operate",
    input: z.object({ ...selection, reason: z.string().trim().min(1).max(500) }),
    answer: report,
  },
} as const satisfies Routes;

export function deadLetterHandlers(deps: Deps): Handlers<typeof deadLetterRoutes> {
  const { store } = deps;
  return {
    async listDeadLetters({ input, who }) {
      const { after, limit, status, kind: of, system } = input;
      const found = await store.deadLetters({
        status,
        limit: limit + 1,
        ...(of === undefined ? {} : { kind: of }),
        ...(system === undefined ? {} : { system }),
        ...(after === undefined ? {} : { after }),
      });
      const { items, next } = pageFrom(found, limit, ({ id }) => id);
      return { items: items.map((letter) => shown(letter, veilFor(who))), next };
    },
    async getDeadLetter({ input, who }) {
      const letter = await store.deadLetter(input.letter);
      if (letter === null) throw new Problem(404, "There is no such dead letter.");
      return shown(letter, veilFor(who));
    },
    async editDeadLetter({ input, who }) {
      const values = input.values as Readonly<Record<string, RawValue>>;
      return told(await editDead(deps, input.letter, values, who.name ?? ""));
    },
    replayDeadLetters: ({ input, who }) => replayDead(deps, selectionOf(input), who.name ?? ""),
    discardDeadLetters: ({ input, who }) => discardDead(deps, selectionOf(input), who.name ?? "", input.reason),
  };
}

/** What can't be as it was asked for, when only one thing was asked for. */
function told(made: DeadReport): DeadReport {
  const [failed] = made.failed;
  if (failed !== undefined) throw new Problem(422, failed.reason);
  return made;
}

type Selection = z.output<typeof deadLetterRoutes.replayDeadLetters.input>;

function selectionOf({ ids, kind: of, system }: Selection) {
  if (ids !== undefined) return { ids };
  return { ...(of === undefined ? {} : { kind: of }), ...(system === undefined ? {} : { system }) };
}

function shown(letter: DeadLetter, veil: Veil) {
  return {
    ...letter,
    payload: veil.isLifted ? letter.payload : null,
    reason: veil.words(letter.reason),
    advice: adviceOn(letter),
  };
}
