import { z } from "zod";
import { type ConvergenceReport, convergenceReport } from "../../control/convergence.ts";
import type { Deps } from "../../engine/deps.ts";
import { Problem } from "../problem.ts";
import type { Handlers, Routes } from "../route.ts";
import { instant, recordRef } from "./shapes.ts";

const tag = "Sweeps";
const counts = z.record(z.string(), z.number().int());

const report = z.object({
  at: instant,
  isConverged: z.boolean().describe("Everything agrees but what a person is asked about."),
  objects: z.array(
    z.object({
      entity: z.string(),
      system: z.string(),
      object: z.string(),
      records: counts.describe("How many records, by whether they are there."),
      fields: z.record(z.string(), counts).describe("By field, how many agree, and why the others do not."),
      knownSince: instant.nullable().describe("Since when what is known of any record here is surely so."),
      samples: z.array(z.object({ ref: recordRef, field: z.string(), standing: z.string() })),
    }),
  ),
  unread: z.object({ inbox: z.number().int(), oldestAt: instant.nullable() }),
});

const convergence = z.object({
  state: z.enum(["none", "running", "done", "failed"]),
  error: z.string().nullable(),
  report: report.nullable(),
});

export const convergenceRoutes = {
  getConvergence: {
    tag,
    summary: "The latest report on which fields agree in which systems, by what is known of them",
    access: "read",
    input: z.object({}),
    answer: convergence,
  },
  startConvergence: {
    tag,
    summary: "Compare all golden records with what is known of their copies; answers at once",
    access: "operate",
    input: z.object({}),
    answer: convergence,
  },
} as const satisfies Routes;

type State = {
  readonly state: z.output<typeof convergence>["state"];
  readonly error: string | null;
  readonly report: ConvergenceReport | null;
};

export function convergenceHandlers(deps: Deps): Handlers<typeof convergenceRoutes> {
  let latest: State = { state: "none", error: null, report: null };
  return {
    getConvergence: () => shown(latest),
    startConvergence() {
      if (latest.state === "running") throw new Problem(409, "A comparison is under way.");
      latest = { ...latest, state: "running", error: null };
      convergenceReport(deps).then(
        (made) => {
          latest = { state: "done", error: null, report: made };
        },
        (error: unknown) => {
          latest = { ...latest, state: "failed", error: error instanceof Error ? error.message : String(error) };
        },
      );
      return shown(latest);
    },
  };
}

function shown({ report: made, ...state }: State) {
  if (made === null) return { ...state, report: null };
  const objects = made.objects.map(({ records, fields, ...object }) => ({
    ...object,
    records: numbersOf(records),
    fields: Object.fromEntries(Object.entries(fields).map(([field, standings]) => [field, numbersOf(standings)])),
  }));
  return { ...state, report: { ...made, objects } };
}

function numbersOf(partial: Readonly<Record<string, number | undefined>>): Record<string, number> {
  return Object.fromEntries(Object.entries(partial).map(([name, count]) => [name, count ?? 0]));
}
