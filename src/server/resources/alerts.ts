import { z } from "zod";
import { acknowledgeAlert, openAlerts, pastAlerts } from "../../control/alerts/alerts.ts";
import { flowCount } from "../../core/mass-change.ts";
import type { Deps } from "../../engine/deps.ts";
import { decideFlow, stoppedFlows } from "../../engine/mass-guard.ts";
import { Problem } from "../problem.ts";
import type { Handlers, Routes } from "../route.ts";
import { instant, recordRef } from "./shapes.ts";

const tag = "Alerts";

const alert = z.object({
  key: z.string(),
  severity: z.enum(["info", "warning", "critical"]),
  title: z.string(),
  happened: z.string(),
  records: z.array(recordRef),
  did: z.string(),
  todo: z.string(),
  system: z.string().nullable(),
  openedAt: instant,
  metAt: instant.describe("When the condition was last met."),
  resolvedAt: instant.nullable(),
  acknowledged: z.object({ by: z.string(), at: instant }).nullable(),
});

const flow = z.object({
  key: z.string(),
  system: z.string(),
  object: z.string(),
  what: z.enum(["deletes", "blanks"]),
  count: z.number().int().describe("How many came within a day."),
  limit: z.number().int().describe("More than this a day are not believed."),
  stoppedAt: instant,
  samples: z.array(recordRef),
  decision: z
    .object({ kind: z.enum(["approve", "hold"]), by: z.string(), at: instant, left: z.number().int().nullable() })
    .nullable(),
});

const pastMax = 100;

export const alertRoutes = {
  listAlerts: {
    tag,
    summary: "What a person should know: open alerts, or past ones, newest first",
    access: "read",
    input: z.object({ status: z.enum(["open", "past"]).default("open") }),
    answer: z.object({ items: z.array(alert) }),
  },
  acknowledgeAlert: {
    tag,
    summary: "Take an alert on: it is not repeated or escalated any more",
    access: "review",
    input: z.object({ alert: z.string() }),
    answer: null,
  },
  listStoppedFlows: {
    tag,
    summary: "Masses of deletes or emptied values that wait for a person, and those decided within a day",
    access: "read",
    input: z.object({}),
    answer: z.object({ items: z.array(flow) }),
  },
  decideFlow: {
    tag,
    summary: "Let a mass of changes go on (`left`: so many, null: all), or have each asked about on its own",
    access: "operate",
    input: z.object({
      flow: z.string(),
      kind: z.enum(["approve", "hold"]),
      left: z.number().int().min(1).nullable().default(null),
    }),
    answer: null,
  },
} as const satisfies Routes;

export function alertHandlers(deps: Deps): Handlers<typeof alertRoutes> {
  return {
    async listAlerts({ input }) {
      return { items: input.status === "open" ? await openAlerts(deps) : await pastAlerts(deps, pastMax) };
    },
    async acknowledgeAlert({ input, who }) {
      if (!(await acknowledgeAlert(deps, input.alert, who.name ?? "")))
        throw new Problem(404, "No such alert is open.");
      return null;
    },
    async listStoppedFlows() {
      const flows = await stoppedFlows(deps);
      return {
        items: flows.map(({ key, stoppedAt, ...one }) => {
          const [system = "", object = "", what = ""] = splitKey(key);
          const kind = what === "deletes" ? ("deletes" as const) : ("blanks" as const);
          const count = flowCount({ ...one, stoppedAt });
          return { ...one, key, system, object, what: kind, count, stoppedAt: stoppedAt ?? 0 };
        }),
      };
    },
    async decideFlow({ input, who }) {
      const { flow: key, kind, left } = input;
      if (!(await decideFlow(deps, key, { kind, left, by: who.name ?? "" })))
        throw new Problem(404, "No such flow is stopped.");
      return null;
    },
  };
}

/** `crm/contacts/deletes`; what an object is called may hold slashes. */
function splitKey(key: string): readonly string[] {
  const [first, last] = [key.indexOf("/"), key.lastIndexOf("/")];
  return [key.slice(0, first), key.slice(first + 1, last), key.slice(last + 1)];
}
