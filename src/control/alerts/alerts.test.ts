import { expect, test } from "vitest";
import type { Target } from "../../core/targets.ts";
import { testPolicy } from "../../core/testing/policy.ts";
import { emptyUnit } from "../../engine/commit.ts";
import type { Deps } from "../../engine/deps.ts";
import type { Connector } from "../../ports/connector.ts";
import { createLimiter } from "../../ports/limiter.ts";
import type { DeadLetter } from "../../ports/store.ts";
import { sampleGolden, sampleHold, sampleItem, sampleLink, sampleRef } from "../../ports/testing/store-samples.ts";
import { createMemoryStore } from "../../store/memory/memory-store.ts";
import { type AlertSettings, acknowledgeAlert, lookOnce, openAlerts, pastAlerts } from "./alerts.ts";
import { createReadings } from "./readings.ts";

const minute = 60_000;
const settings: AlertSettings = {
  routes: {},
  send: { info: [], warning: [], critical: [] },
  policy: { repeatMs: null, escalateMs: null, quiet: null, maintenance: [] },
  thresholds: {
    undecidedMs: 5 * minute,
    behindMs: 15 * minute,
    latencyMs: 5 * minute,
    deadLetters: 1,
    holds: 2,
    heldForMs: 60 * minute,
    duplicatesPercent: 2,
    driftPercent: 1,
    failuresPercent: 20,
    downMs: 2 * minute,
    targets: [],
  },
};

const settingsWith = (targets: readonly Target[]) => ({
  ...settings,
  thresholds: { ...settings.thresholds, targets },
});

/** A Truce that is looked at now and then; nothing runs in it but what the test tells. */
function watched(targets: readonly Target[] = []) {
  const clock = { at: 10_000_000, now: () => clock.at, sleep: async () => undefined };
  const deps: Deps = {
    store: createMemoryStore(),
    connectors: new Map([["crm", {} as Connector]]),
    policy: testPolicy({ email: {} }),
    clock,
    random: { id: () => "me", fraction: () => 0 },
    startedAt: 0,
    tell: () => undefined,
  };
  const readings = createReadings(clock.now);
  return {
    deps,
    readings,
    clock,
    /** So much later; returns what people are told. */
    async look(afterMs: number) {
      clock.at += afterMs;
      const notices = await lookOnce(deps, readings, settingsWith(targets), new Map());
      return notices.map(({ why, severity, alert }) => `${why} ${severity} ${alert.key}`);
    },
  };
}

test("a system that can't be reached is told of after two minutes, once, and again when it is back", async () => {
  const { readings, look, deps } = watched();
  const trouble = { kind: "trouble", system: "crm", doing: "reading changes", code: "UNREACHABLE" } as const;
  readings.note({ ...trouble, message: "no answer", retryInMs: 1 });
  expect(await look(minute)).toEqual([]);
  readings.note({ ...trouble, message: "no answer", retryInMs: 1 });
  expect(await look(minute)).toEqual(["opened critical down/crm"]);
  expect(await look(minute)).toEqual([]);
  readings.note({ kind: "recovered", system: "crm", doing: "reading changes" });
  expect([await look(1), await look(minute)]).toEqual([[], ["resolved critical down/crm"]]);
  expect(await openAlerts(deps)).toEqual([]);
  expect((await pastAlerts(deps, 9)).map(({ key }) => key)).toEqual(["down/crm"]);
});

test("being told to wait is no trouble; refused credentials and vanished fields are, at once", async () => {
  const { readings, look } = watched();
  const trouble = { kind: "trouble", system: "crm", message: "", retryInMs: 1 } as const;
  readings.note({ ...trouble, doing: "writing", code: "RATE_LIMITED" });
  expect(await look(9 * minute)).toEqual([]);
  readings.note({ ...trouble, doing: "writing", code: "UNAUTHORIZED" });
  readings.note({ ...trouble, doing: "reading contacts", code: "SCHEMA" });
  expect(await look(1)).toEqual(["opened critical unauthorized/crm", "opened critical schema/crm"]);
});

test("a record that differs is warned of before the target is missed, by its name", async () => {
  const { deps, look, clock } = watched();
  const behindSince = clock.at;
  const link = sampleLink("7", { behindSince });
  await deps.store.commit([{ ...emptyUnit, golden: sampleGolden("g", { links: [link] }) }]);
  expect(await look(11 * minute)).toEqual([]);
  expect(await look(minute)).toEqual(["opened warning behind/crm"]);
  const [alert] = await openAlerts(deps);
  expect(alert).toMatchObject({ records: [{ system: "crm", id: "7" }], title: expect.stringContaining("12 min") });
  expect(await look(3 * minute)).toEqual(["worse critical behind/crm"]);
});

const noTarget = { entity: null, from: null, to: null, undecidedMs: null, behindMs: null, latencyMs: null };

test("an entity with a stricter target is warned of before it is missed, though older things may wait longer", async () => {
  const { deps, look, clock } = watched([{ ...noTarget, entity: "deal", to: "crm", behindMs: 5 * minute }]);
  const since = (ms: number) => [sampleLink("7", { behindSince: clock.at - ms })];
  const contact = sampleGolden("a", { links: since(6 * minute) });
  const deal = sampleGolden("b", { entity: "deal", links: since(2 * minute).map((link) => ({ ...link, id: "8" })) });
  await deps.store.commit([contact, deal].map((golden) => ({ ...emptyUnit, golden })));
  const entity = deps.policy.entities["contact"]!;
  Object.assign(deps.policy.entities, { deal: { ...entity, name: "deal" } });
  expect(await look(minute)).toEqual([]);
  expect(await look(minute)).toEqual(["opened warning behind/crm/deal"]);
  expect(await look(minute)).toEqual(["worse critical behind/crm/deal"]);
  const [alert] = await openAlerts(deps);
  expect(alert?.happened).toContain("A deal in crm has not held what was agreed on for 5 min (target: 5 min).");
  expect(alert?.records).toMatchObject([{ id: "8" }]);
});

test("a way from one system to another has its own time to arrive in, and what is undecided its own to wait", async () => {
  const { deps, readings, look, clock } = watched([
    { ...noTarget, from: "db", to: "crm", latencyMs: 10_000 },
    { ...noTarget, entity: "contact", from: "crm", undecidedMs: minute },
  ]);
  const arrivals = (from: string) => Array.from({ length: 30 }, () => ({ entity: "contact", from, ms: 11_000 }));
  const written = { kind: "written", system: "crm", object: "contacts", results: {}, tookMs: 1, retries: 0 } as const;
  readings.note({ ...written, arrivals: arrivals("desk") });
  expect(await look(1)).toEqual([]);
  readings.note({ ...written, arrivals: arrivals("db") });
  expect(await look(1)).toEqual(["opened critical latency/db/crm/contact"]);
  await deps.store.receive([sampleItem("1", "7", { receivedAt: clock.at })], []);
  expect(await look(50_000)).toEqual(["opened warning undecided/crm/contact"]);
});

test("dead letters and holds are told of until they are dealt with; field values are not in what is told", async () => {
  const { deps, look, clock } = watched();
  const letter: DeadLetter = {
    id: "l",
    kind: "write",
    ref: sampleRef("7"),
    goldenId: null,
    payload: null,
    code: "REJECTED",
    reason: '"Jane Doe" is no option',
    tries: 1,
    at: clock.at,
    closed: null,
  };
  await deps.store.commit([{ ...emptyUnit, deadLetters: [letter], holds: [sampleHold("a"), sampleHold("b")] }]);
  expect(await look(1)).toEqual(["opened warning holds", "opened warning dead-letters"]);
  const alerts = await openAlerts(deps);
  expect(JSON.stringify(alerts)).not.toContain("Jane");
  const closed = { how: "discarded", at: clock.at, by: "ann", reason: "" } as const;
  await deps.store.commit([{ ...emptyUnit, closedLetters: [{ id: "l", closed }] }]);
  expect(await look(2 * minute)).toEqual(["resolved warning dead-letters"]);
});

test("shares of little traffic say nothing; of more they do", async () => {
  const { readings, look } = watched();
  const written = (results: Record<string, number>, latenciesMs: readonly number[] = []) =>
    readings.note({
      ...{ kind: "written", system: "crm", object: "contacts", results, tookMs: 1, retries: 0 },
      arrivals: latenciesMs.map((ms) => ({ entity: "contact", from: "db", ms })),
    });
  written({ UNREACHABLE: 5 });
  expect(await look(1)).toEqual([]);
  written({ written: 60, UNREACHABLE: 20, RATE_LIMITED: 500 });
  expect(await look(1)).toEqual(["opened warning failures/crm"]);
  written(
    { written: 30 },
    Array.from({ length: 30 }, () => 10 * minute),
  );
  expect(await look(1)).toEqual(["opened warning latency/crm"]);
  readings.note({ kind: "swept", system: "crm", object: "contacts", scanned: 1_000, drifted: 30, missing: 0 });
  readings.note({ kind: "many-missing", system: "crm", object: "contacts", missing: 400, known: 1_000 });
  expect(await look(1)).toEqual(["opened warning drift/crm/contacts", "opened critical missing/crm/contacts"]);
});

test("a clock that is off is told of, and one that is a little slow to answer is not", async () => {
  const { deps, look, clock } = watched();
  const limiter = createLimiter(clock, "calls", {
    windows: [],
    counts: "sent",
    parallelMax: 1,
    silenceMsMin: 1,
    silenceMsMax: 1,
    askedMsMax: 1,
    penaltyMs: 0,
  });
  Object.assign(deps.connectors.get("crm") ?? {}, { limiters: [limiter] });
  for (let n = 0; n < 25; n++) limiter.heard(new Date(clock.at - (n % 5) * 3_000).toUTCString());
  expect(await look(1)).toEqual([]);
  for (let n = 0; n < 25; n++) limiter.heard(new Date(clock.at + 24 * 60 * minute).toUTCString());
  expect(await look(1)).toEqual(["opened warning clock/crm"]);
  for (let n = 0; n < 25; n++) limiter.heard(new Date(clock.at).toUTCString());
  expect([await look(1), await look(minute)]).toEqual([[], ["resolved warning clock/crm"]]);
});

test("a person who takes an alert on is remembered, also while looks go on", async () => {
  const { deps, look } = watched();
  await deps.store.commit([{ ...emptyUnit, holds: [sampleHold("a"), sampleHold("b")] }]);
  await look(1);
  expect(await acknowledgeAlert(deps, "holds", "ann")).toBe(true);
  expect(await acknowledgeAlert(deps, "nothing", "ann")).toBe(false);
  await look(minute);
  expect((await openAlerts(deps))[0]?.acknowledged?.by).toBe("ann");
});
