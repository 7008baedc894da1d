import { z } from "zod";
import type { Deps } from "../../engine/deps.ts";
import type { Plan } from "../../engine/plan.ts";
import type { Running } from "../../engine/run.ts";
import type { EntityPolicy, Policy } from "../../model/policy.ts";
import type { ConfigFile } from "../config-file.ts";
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
  isOfChange: z.boolean().describe("Made by a config that was tried, not by the one that runs."),
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
  refused: z
    .array(
      z.object({
        system: z.string(),
        object: z.string(),
        field: z.string(),
        reason: z.string(),
        count: z.number().int(),
        samples: z.array(z.object({ recordId: z.string(), value: z.string() })),
      }),
    )
    .describe("Values that can't be read, and would be filled from other systems like blanks."),
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
    input: z.object({
      text: z.string().max(500_000).optional().describe("The config file as it might be; left out: as it runs."),
    }),
    answer: plan,
  },
  approveWrites: {
    tag,
    summary: "Let a run that asks first (truce run --ask-first) begin to write; for good",
    access: "operate",
    input: z.object({}),
    answer: null,
  },
} as const satisfies Routes;

type State = {
  readonly state: z.output<typeof plan>["state"];
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly error: string | null;
  readonly isOfChange: boolean;
  /** The rules and mapping it was made by. */
  readonly policy: Policy;
  readonly plan: Plan;
};

const nothing: Plan = { objects: [], goldens: {}, holds: [], refused: [] };

/** Makes a plan by these rules and mapping, on a store of its own. */
export type DryRun = (policy: Policy) => Promise<Plan>;

export function planHandlers(
  { policy, clock, connectors }: Pick<Deps, "policy" | "clock" | "connectors">,
  running: Pick<Running, "waitsForApproval" | "approve">,
  file: ConfigFile | null,
  dryRun: DryRun | null,
): Handlers<typeof planRoutes> {
  const none = { startedAt: null, endedAt: null, error: null, isOfChange: false, policy, plan: nothing };
  let latest: State = { ...none, state: "none" };

  function policyIn(text: string): Policy {
    const checked = file?.check?.(text);
    if (checked === undefined) throw new Problem(422, "There is no config file of which a change could be tried.");
    const [first] = checked.problems.filter(({ severity }) => severity === "error");
    if (checked.config === null)
      throw new Problem(422, `Line ${first?.line ?? 1}: ${first?.message ?? "the config has errors"}.`);
    const strangers = Object.keys(checked.config.systems).filter((system) => !connectors.has(system));
    if (strangers.length > 0)
      throw new Problem(422, `${strangers.join(", ")} is not connected here; try it with truce plan.`);
    return checked.config.policy;
  }

  return {
    async approveWrites({ who }) {
      if (!running.waitsForApproval())
        throw new Problem(409, "Nothing waits to be let: it is still reading, or writes already.");
      await running.approve(who.name ?? "");
      return null;
    },
    getPlan: ({ who }) => shown(latest, veilFor(who)),
    startPlan({ who, input }) {
      if (dryRun === null) throw new Problem(404, "This Truce makes no plans.");
      if (latest.state === "running") throw new Problem(409, "A dry run is under way.");
      const tried = input.text === undefined ? policy : policyIn(input.text);
      const begun = { ...none, startedAt: clock.now(), isOfChange: tried !== policy, policy: tried };
      latest = { ...begun, state: "running" };
      dryRun(tried).then(
        (plan) => {
          latest = { ...begun, state: "done", endedAt: clock.now(), plan };
        },
        (error: unknown) => {
          const message = error instanceof Error ? error.message : String(error);
          latest = { ...begun, state: "failed", endedAt: clock.now(), error: message };
        },
      );
      return shown(latest, veilFor(who));
    },
  };
}

function shown({ plan: made, policy, ...state }: State, veil: Veil) {
  const entityOf = (system: string, object: string) =>
    Object.values(policy.entities).find(({ mappings }) =>
      mappings.some((one) => one.system === system && one.object === object),
    );
  return {
    ...state,
    goldens: made.goldens,
    refused: made.refused.map(({ reason, samples, ...group }) => ({
      ...group,
      reason: veil.words(reason),
      samples: samples.map(({ recordId, value }) => ({ recordId, value: veil.words(value) })),
    })),
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
