import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAirtableSandbox } from "../../sandbox/airtable/sandbox.ts";
import type { TableInput } from "../../sandbox/airtable/schema.ts";
import { createHubSpotSandbox } from "../../sandbox/hubspot/sandbox.ts";
import { machineRandom } from "../../src/clock/machine.ts";
import { createAirtableConnector } from "../../src/connectors/airtable/connector.ts";
import { createHubSpotConnector } from "../../src/connectors/hubspot/connector.ts";
import { type AlertSettings, lookOnce } from "../../src/control/alerts/alerts.ts";
import { createReadings } from "../../src/control/alerts/readings.ts";
import { createFightWatch } from "../../src/control/fights.ts";
import { governed } from "../../src/control/govern.ts";
import { testPolicy } from "../../src/core/testing/policy.ts";
import { type Deps, type EngineEvent, mappedObjects } from "../../src/engine/deps.ts";
import { run } from "../../src/engine/run.ts";
import type { Policy } from "../../src/model/policy.ts";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { fastClock } from "./fast-clock.ts";

const minute = 60_000;
export const people = 200;

const tables: readonly TableInput[] = [
  {
    name: "People",
    fields: [
      { name: "Email", type: "email" },
      { name: "Title", type: "singleLineText" },
      { name: "City", type: "singleLineText" },
      { name: "Phone", type: "singleLineText" },
      {
        name: "Stage",
        type: "singleSelect",
        options: { choices: [{ name: "lead" }, { name: "customer" }, { name: "vip" }] },
      },
      { name: "Truce ID", type: "singleLineText" },
    ],
  },
];

/** crm is a HubSpot, on which everything is inflicted; marketing and desk are Airtables. */
const policy: Policy = (() => {
  const base = testPolicy(
    {
      email: { type: { kind: "email" } },
      title: { rule: { kind: "newest", tie: { kind: "keep" } } },
      phone: { rule: { kind: "newest", tie: { kind: "keep" } } },
      stage: { type: { kind: "choice" }, rule: { kind: "newest", tie: { kind: "keep" } } },
      city: { rule: { kind: "custom", name: "city", decide: poisonable } },
    },
    { systems: ["crm", "marketing", "desk"], deletes: "propagate" },
  );
  const contact = base.entities["contact"]!;
  const cells: Record<string, Record<string, string>> = {
    crm: { email: "email", title: "jobtitle", phone: "phone", stage: "lifecyclestage", city: "city" },
    marketing: { email: "Email", title: "Title", phone: "Phone", stage: "Stage", city: "City" },
    desk: { email: "Email", title: "Title", phone: "Phone", stage: "Stage", city: "City" },
  };
  const mappings = contact.mappings.map((mapping) => ({
    ...mapping,
    object: mapping.system === "crm" ? "contacts" : "People",
    fields: Object.fromEntries(
      Object.entries(cells[mapping.system]!).map(([field, cell]) => [field, { cell, direction: "both" as const }]),
    ),
  }));
  return {
    ...base,
    entities: { contact: { ...contact, mappings } },
    clockSkewMs: { crm: 2_000, marketing: 2_000, desk: 2_000 },
  };
})();

/** A rule with a bug: poison to some records. */
function poisonable({ golden, other }: { readonly golden: unknown; readonly other: unknown }): undefined {
  if ([golden, other].includes("poison")) throw new Error("the rule for city fails on this value");
  return undefined;
}

const settings: AlertSettings = {
  routes: {},
  send: { info: [], warning: [], critical: [] },
  policy: { repeatMs: null, escalateMs: null, quiet: null, maintenance: [] },
  thresholds: {
    undecidedMs: 10 * minute,
    behindMs: 2 * minute,
    latencyMs: 60 * minute,
    deadLetters: 1,
    holds: 1_000,
    heldForMs: 1_000 * minute,
    duplicatesPercent: 50,
    driftPercent: 50,
    failuresPercent: 100,
    downMs: minute,
    targets: [],
  },
};

export type Company = Awaited<ReturnType<typeof openCompany>>;

/** Three systems that agree on two hundred people, and a Truce that keeps them so, all on a clock that runs fast. */
export async function openCompany(speed: number) {
  const clock = fastClock(speed);
  const skew = { ms: 0 };
  const crm = await createHubSpotSandbox({ clock: () => clock.now() + skew.ms, indexLagMsMax: 1_000 });
  // On this clock a hiccup of the machine is ten times as long: calls that were spaced out arrive together, which no real Airtable would see.
  const airtable = { clock: clock.now, schema: tables, speed: 2 };
  const marketing = await createAirtableSandbox({ ...airtable, seed: 2 });
  const desk = await createAirtableSandbox({ ...airtable, seed: 3 });
  const emails = Array.from({ length: people }, (_, n) => `p${n}@example.org`);
  crm.admin.seed(
    "contacts",
    emails.map((email, n) => ({ properties: { email, jobtitle: `title ${n}`, phone: "1", lifecyclestage: "lead" } })),
  );
  for (const base of [marketing, desk])
    base.admin.seed(
      "People",
      emails.map((email, n) => ({ Email: email, Title: `title ${n}`, Phone: "1", Stage: "lead" })),
    );
  const latencies: { readonly system: string; readonly at: number; readonly ms: number }[] = [];
  const readings = createReadings(clock.now);
  const tell = (event: EngineEvent): void => {
    readings.note(event);
    if (event.kind !== "written") return;
    for (const { ms } of event.arrivals) latencies.push({ system: event.system, at: clock.now(), ms });
  };
  const timeoutMs = 1_000;
  const connectAirtable = (system: string, { token, baseId, url }: typeof marketing) =>
    createAirtableConnector({ system, token, baseId, endpointUrl: url, clock, timeoutMs, pollMs: 5_000 });
  const connectors = [
    createHubSpotConnector({
      system: "crm",
      auth: { token: crm.token },
      baseUrl: crm.url,
      clock,
      timeoutMs,
      pollMs: 5_000,
    }),
    connectAirtable("marketing", marketing),
    connectAirtable("desk", desk),
  ];
  const folder = mkdtempSync(join(tmpdir(), "truce-faults-"));
  const store = await openSqliteStore(join(folder, "store.db"));
  await store.migrate();
  const deps: Deps = {
    ...{ store, policy, clock, random: machineRandom, startedAt: clock.now(), tell },
    connectors: new Map(connectors.map((one) => [one.system, governed(one, clock, tell)])),
  };
  for (const one of connectors) await one.check(mappedObjects(policy, one.system), { prepare: true });
  const running = run(deps, { workBatchMax: 500, sweepEveryMs: null, schemaEveryMs: minute });
  await Promise.race([running.quiet(), running.ended]);
  const watch = createFightWatch(deps);
  await watch.look();
  const deaf = new Map<string, string>();
  return {
    ...{ clock, skew, crm, marketing, desk, deps, running, latencies, emails },
    /** Looks at alerts and fights as the service does; returns what people are told. */
    async look() {
      await watch.look();
      return lookOnce(deps, readings, settings, deaf);
    },
    async close() {
      await running.stop();
      await store.close();
      await Promise.all([crm.close(), marketing.close(), desk.close()]);
      rmSync(folder, { recursive: true });
    },
  };
}
