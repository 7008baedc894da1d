import { z } from "zod";
import { planUndo, type UndoReport, type UndoSelection, undo } from "../../control/undo.ts";
import type { Deps } from "../../engine/deps.ts";
import { labelsOf } from "../label.ts";
import { type Veil, veilFor } from "../mask.ts";
import { Problem } from "../problem.ts";
import type { Handlers, Routes } from "../route.ts";
import { fieldValue } from "./shapes.ts";

const tag = "Undo";
const count = z.number().int();

const selection = {
  sequences: z.array(count).min(1).max(10_000).optional().describe("Changes by their numbers in the journal."),
  record: z.string().optional().describe("Or all that fit: of this golden record,"),
  field: z.string().optional(),
  system: z.string().optional().describe("whose value came from this system,"),
  by: z.string().optional().describe("or from this person or author,"),
  rule: z.string().optional().describe("by this rule or for this reason,"),
  cause: z.string().optional().describe("caused by this observation, decision or undo,"),
  since: z.number().optional().describe("from this time on, in ms,"),
  until: z.number().optional().describe("and before this one."),
};

const report = z.object({
  cause: z.string().nullable().describe("Undoing this does it again; null: nothing was changed."),
  changes: count,
  restored: z.record(z.string(), count).describe("Values that go back, or went, by field."),
  staying: count,
  skipped: z
    .array(z.object({ goldenId: z.string(), field: z.string(), reason: z.string() }))
    .describe("The first of those that stay, each with the reason."),
  samples: z.array(
    z.object({ goldenId: z.string(), label: z.string(), field: z.string(), from: fieldValue, to: fieldValue }),
  ),
});

export const undoRoutes = {
  planUndo: {
    tag,
    summary: "What taking changes back would do; nothing is changed",
    access: "operate",
    onlyLooks: true,
    input: z.object(selection),
    answer: report,
  },
  undoChanges: {
    tag,
    summary: "Give fields their earlier values back, where nobody has changed them since; that travels to every system",
    access: "operate",
    input: z.object(selection),
    answer: report,
  },
} as const satisfies Routes;

const skippedShown = 100;

export function undoHandlers(deps: Deps): Handlers<typeof undoRoutes> {
  return {
    planUndo: async ({ input, who }) => shown(deps, await planUndo(deps, selectionOf(input)), veilFor(who)),
    undoChanges: async ({ input, who }) =>
      shown(deps, await undo(deps, selectionOf(input), who.name ?? ""), veilFor(who)),
  };
}

type Input = z.output<typeof undoRoutes.planUndo.input>;

function selectionOf({ sequences, record, ...rest }: Input): UndoSelection {
  const query = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  if (sequences !== undefined) return { sequences };
  if (record === undefined && Object.keys(query).length === 0)
    throw new Problem(422, "Name changes by their numbers, or say which: everything there ever was is not taken back.");
  return { ...query, ...(record === undefined ? {} : { goldenId: record }) };
}

async function shown(deps: Deps, { skipped, samples, ...made }: UndoReport, veil: Veil) {
  const labels = await labelsOf(
    deps,
    samples.map(({ goldenId }) => goldenId),
    veil,
  );
  return {
    ...made,
    staying: skipped.length,
    skipped: skipped.slice(0, skippedShown),
    samples: samples.map(({ goldenId, field, from, to }) => ({
      goldenId,
      label: labels.get(goldenId) ?? goldenId,
      field,
      from: veil.value(undefined, from),
      to: veil.value(undefined, to),
    })),
  };
}
