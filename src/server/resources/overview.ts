import { z } from "zod";
import { openAlerts } from "../../control/alerts/alerts.ts";
import { type Deps, mappedObjects } from "../../engine/deps.ts";
import { type StoppedFlow, stoppedFlows } from "../../engine/mass-guard.ts";
import type { Running } from "../../engine/run.ts";
import type { Alert } from "../../model/alert.ts";
import type { SystemId } from "../../model/record.ts";
import type { StoreCounts } from "../../ports/store.ts";
import { bucketMs, type Live, type News } from "../live.ts";
import type { Handlers, Routes } from "../route.ts";
import { instant } from "./shapes.ts";

const tag = "Overview";

const system = z.object({
  name: z.string(),
  label: z.string().describe("HubSpot, PostgreSQL ..."),
  feed: z.enum(["stream", "poll", "none"]),
  objects: z.array(
    z.object({ object: z.string(), entity: z.string(), fields: z.number().int(), creates: z.boolean() }),
  ),
  guarantees: z.object({
    conditionalWrite: z.boolean(),
    uniqueCreate: z.boolean(),
    history: z.boolean(),
    deleteEvents: z.boolean(),
  }),
  linked: z.number().int(),
  behind: z.number().int(),
  behindSince: instant.nullable(),
  received: z.number().int().describe("In the last minute, by this process."),
  written: z.number().int().describe("In the last minute, by this process."),
  lastReceivedAt: instant.nullable(),
  lastWrittenAt: instant.nullable(),
  limits: z
    .array(
      z.object({
        name: z.string(),
        inUse: z.number().describe("Part of the limit that is used at present: 0 to 1."),
        waiting: z.number().int().describe("Calls that wait for room."),
        silentForMs: z.number().describe("How long the system asked to be left alone; 0: not at all."),
        day: z.object({ max: z.number(), left: z.number() }).nullable().describe("Calls of the day, where it tells."),
      }),
    )
    .describe("How much of what the system takes is used."),
  trouble: z.object({ doing: z.string(), message: z.string(), since: instant }).nullable(),
});

const bucket = z.object({
  at: instant,
  received: z.number().int(),
  decided: z.number().int(),
  linked: z.number().int(),
  resolved: z.number().int(),
  held: z.number().int(),
  written: z.number().int(),
  failed: z.number().int(),
  logged: z.number().int(),
  latencyMs: z
    .object({ p50: z.number(), p95: z.number() })
    .nullable()
    .describe("From a record's falling behind to its write; null: nothing was written."),
});

const overview = z.object({
  at: instant,
  startedAt: instant,
  isLoaded: z.boolean().describe("False: the systems are still being read for the first time; nothing is written yet."),
  waitsForApproval: z
    .boolean()
    .describe("True: all is read, and nothing is written before somebody lets it be: approveWrites."),
  records: z.record(z.string(), z.number().int()).describe("Golden records by entity type."),
  inbox: z.number().int(),
  inboxOldestAt: instant.nullable(),
  outcomes: z.record(z.string(), z.number().int()),
  holds: z.record(z.string(), z.number().int()).describe("Open holds by kind."),
  deadLetters: z.number().int(),
  alerts: z
    .array(z.object({ severity: z.enum(["info", "warning", "critical"]), title: z.string() }))
    .describe("Open ones."),
  stoppedFlows: z.number().int().describe("Masses of changes that wait for a person."),
  systems: z.array(system),
  demo: z
    .object({ moved: z.string() })
    .nullable()
    .describe("Only of truce demo: its story's first contact's new address."),
  bucketMs: z.number().int(),
  buckets: z
    .array(bucket)
    .describe("What this process did, in steps of `bucketMs`, up to an hour; steps without work are left out."),
});

export const overviewRoutes = {
  getOverview: {
    tag,
    summary: "All that tells whether all is well: systems, stages, what waits, rates",
    access: "read",
    input: z.object({}),
    answer: overview,
  },
  streamEvents: {
    tag,
    summary: "Server-sent events: `changed` with the holds and records that have changed, `overview` every two seconds",
    access: "read",
    input: z.object({}),
    answer: z.string(),
    content: "text/event-stream",
  },
} as const satisfies Routes;

const lookKeptMs = 1_000;
const overviewEveryMs = 2_000;

export function overviewHandlers(
  deps: Deps,
  running: Pick<Running, "isLoaded" | "waitsForApproval">,
  live: Live,
  demo: { readonly moved: string } | null,
): Handlers<typeof overviewRoutes> {
  const { clock, policy } = deps;
  let looked: { readonly at: number; readonly look: Promise<Look> } | null = null;

  /** However many people watch, the store is asked once a second. */
  function look(): Promise<Look> {
    const now = clock.now();
    if (looked === null || now - looked.at >= lookKeptMs) {
      const asked = lookNow(deps, now);
      looked = { at: now, look: asked };
      asked.catch(() => {
        looked = null;
      });
    }
    return looked.look;
  }

  function systemOf(name: SystemId, of: StoreCounts) {
    const connector = deps.connectors.get(name);
    const entities = Object.values(policy.entities);
    return {
      name,
      label: connector?.label ?? name,
      feed: connector?.feed?.kind ?? ("none" as const),
      objects: mappedObjects(policy, name).map(({ object, cells, create }) => ({
        object,
        entity: entities.find((one) => one.mappings.some((m) => m.system === name && m.object === object))?.name ?? "",
        fields: cells.length,
        creates: create,
      })),
      guarantees: connector?.guarantees ?? noGuarantees,
      limits: (connector?.limiters ?? []).map((limiter) => ({ name: limiter.name, ...limiter.usage() })),
      linked: of.links[name] ?? 0,
      behind: of.behind[name]?.count ?? 0,
      behindSince: of.behind[name]?.oldestAt ?? null,
      ...live.health(name),
    };
  }

  async function getOverview() {
    const { counts: of, alerts, flows } = await look();
    const { goldens, inbox, inboxOldestAt, outcomes, deadLetters } = of;
    return {
      at: clock.now(),
      startedAt: deps.startedAt,
      isLoaded: running.isLoaded(),
      waitsForApproval: running.waitsForApproval(),
      records: goldens,
      inbox,
      inboxOldestAt,
      outcomes,
      holds: Object.fromEntries(Object.entries(of.holds).map(([kind, count]) => [kind, count ?? 0])),
      deadLetters,
      alerts: alerts.map(({ severity, title }) => ({ severity, title })),
      stoppedFlows: flows.filter(({ decision }) => decision === null).length,
      systems: [...deps.connectors.keys()].map((name) => systemOf(name, of)),
      demo,
      bucketMs,
      buckets: live.buckets(),
    };
  }

  return {
    getOverview,
    streamEvents: () =>
      events(live, async () => JSON.stringify({ ...(await getOverview()), buckets: live.buckets().slice(-2) })),
  };
}

type Look = {
  readonly counts: StoreCounts;
  readonly alerts: readonly Alert[];
  readonly flows: readonly StoppedFlow[];
};

async function lookNow(deps: Deps, now: number): Promise<Look> {
  const [counts, alerts, flows] = await Promise.all([deps.store.counts(now), openAlerts(deps), stoppedFlows(deps)]);
  return { counts, alerts, flows };
}

const noGuarantees = { conditionalWrite: false, uniqueCreate: false, history: false, deleteEvents: false };

/** Ends when its reader goes away. */
async function* events(live: Live, overviewNow: () => Promise<string>): AsyncGenerator<string> {
  const waiting: News[] = [];
  let wake = () => {};
  const end = live.onNews((news) => {
    // A reader that can't keep up is told that much has changed.
    if (waiting.length < 20) waiting.push(news);
    else waiting.splice(0, waiting.length, { holds: null, records: null });
    wake();
  });
  try {
    yield "retry: 2000\n\n";
    for (;;) {
      yield `event: overview\ndata: ${await overviewNow()}\n\n`;
      const until = Date.now() + overviewEveryMs;
      for (let leftMs = overviewEveryMs; leftMs > 0; leftMs = until - Date.now()) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, leftMs);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
        for (const news of waiting.splice(0)) yield `event: changed\ndata: ${JSON.stringify(news)}\n\n`;
      }
    }
  } finally {
    end();
  }
}
