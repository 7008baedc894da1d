import { z } from "zod";
import type { Plan } from "../../engine/plan.ts";
import type { EntityPolicy, Policy } from "../../model/policy.ts";
import type { Clock } from "../../ports/clock.ts";
import { type Veil, veilFor } from "../mask.ts";
import { Problem } from "../problem.ts";
import type { Handlers, Routes } from "../route.ts";
import { fieldValue, fieldValues, instant, recordRef, source } from "./shapes.ts";

const tag = "Plan";

const sample = z.object({
  goldenId: z.string(),
  recordId: z.string().nullable(),
  changes: z.array(z.object({ field: z.string(), from: fieldValue, to: fieldValue, why: z.string() })),
});

const plan = z.object({
  state: z.enum(["none", "running", "done", "failed"]),
  startedAt: instant.nullable(),
  endedAt: instant.nullable(),
  error: z.string().nullable(),
  goldens: z.record(z.string(), z.number().int()),
  objects: z.array(
    z.object({
      system: z.string(),
      object: z.string(),
      read: z.number().int(),
      linked: z.number().int(),
      create: z.number().int(),
      update: z.number().int(),
      fields: z.record(z.string(), z.number().int()),
      creates: z.array(sample),
      updates: z.array(sample),
    }),
  ),
  holds: z.array(
    z.object({
      kind: z.string(),
      entity: z.string(),
      fields: z.array(z.string()),
      reason: z.string(),
      count: z.number().int(),
      samples: z.array(
        z.object({
          ref: recordRef.nullable(),
          candidates: z.array(z.object({ values: fieldValues, source })),
        }),
      ),
    }),
  ),
});

export const planRoutes = {
  getPlan: {
    tag,
    summary: "The latest dry run: what a first run would create, update and hold",
    access: "read",
    input: z.object({}),
    answer: plan,
  },
  startPlan: {
    tag,
    summary: "Start a dry run: reads everything, writes nothing; answers at once",
    access: "operate",
    input: z.object({}),
    answer: plan,
  },
} as const satisfies Routes;

type State = {
  readonly state: z.output<typeof plan>["state"];
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly error: string | null;
  readonly plan: Plan;
};

const nothing: Plan = { objects: [], goldens: {}, holds: [], refused: [] };

/** `dryRun` makes a plan on a store of its own. */
export function planHandlers(
  policy: Policy,
  clock: Clock,
  dryRun: (() => Promise<Plan>) | null,
): Handlers<typeof planRoutes> {
  let latest: State = { state: "none", startedAt: null, endedAt: null, error: null, plan: nothing };
  return {
    getPlan: ({ who }) => shown(latest, policy, veilFor(who)),
    startPlan({ who }) {
      if (dryRun === null) throw new Problem(404, "This Truce makes no plans.");
      if (latest.state === "running") throw new Problem(409, "A dry run is under way.");
      const startedAt = clock.now();
      latest = { state: "running", startedAt, endedAt: null, error: null, plan: nothing };
      dryRun().then(
        (made) => {
          latest = { state: "done", startedAt, endedAt: clock.now(), error: null, plan: made };
        },
        (error: unknown) => {
          const message = error instanceof Error ? error.message : String(error);
          latest = { state: "failed", startedAt, endedAt: clock.now(), error: message, plan: nothing };
        },
      );
      return shown(latest, policy, veilFor(who));
    },
  };
}

function shown({ plan: made, ...state }: State, policy: Policy, veil: Veil) {
  const entityOf = (system: string, object: string) =>
    Object.values(policy.entities).find(({ mappings }) =>
      mappings.some((one) => one.system === system && one.object === object),
    );
  return {
    ...state,
    goldens: made.goldens,
    objects: made.objects.map((object) => {
      const entity = entityOf(object.system, object.object);
      const veiled = samplesFor(entity, veil);
      return { ...object, creates: object.creates.map(veiled), updates: object.updates.map(veiled) };
    }),
    holds: made.holds.map((group) => ({
      ...group,
      samples: group.samples.map(({ ref, candidates }) => ({
        ref,
        candidates: candidates.map(({ values, source: from }) => ({
          values: veil.values(policy.entities[group.entity], values),
          source: from,
        })),
      })),
    })),
  };
}

function samplesFor(entity: EntityPolicy | undefined, veil: Veil) {
  return (one: Plan["objects"][number]["creates"][number]) => ({
    ...one,
    changes: one.changes.map(({ field, from, to, why }) => {
      const type = entity?.fields[field]?.type;
      return { field, from: veil.value(type, from), to: veil.value(type, to), why };
    }),
  });
}
