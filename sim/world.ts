import { createHash } from "node:crypto";
import { createRandom, type SeededRandom } from "../sandbox/core/random.ts";
import { testPolicy } from "../src/core/testing/policy.ts";
import type { Deps } from "../src/engine/deps.ts";
import { type Running, run } from "../src/engine/run.ts";
import type { Policy, Rule } from "../src/model/policy.ts";
import type { RawValue } from "../src/model/value.ts";
import type { Store } from "../src/ports/store.ts";
import { createMemoryStore } from "../src/store/memory/memory-store.ts";
import { checkWorld } from "./check-world.ts";
import { type FaultOdds, noFaults, type Profile, type SimSystem, simulatedSystem } from "./simulated-system.ts";
import { type VirtualClock, virtualClock } from "./virtual-clock.ts";

/** What one seed came to. */
export type SeedReport = {
  readonly seed: number;
  readonly steps: number;
  /** Broken promises, in words; empty when all hold. */
  readonly failures: readonly string[];
  /** Equal for equal runs. */
  readonly traceHash: string;
  readonly trace: readonly string[];
};

export type World = {
  readonly policy: Policy;
  readonly clock: VirtualClock;
  readonly store: Store;
  readonly systems: readonly SimSystem[];
  /** Edits by users, each with a value that nobody else writes. */
  readonly edits: readonly UserEdit[];
};

export type UserEdit = {
  readonly system: string;
  readonly id: string;
  readonly cell: string;
  readonly value: RawValue;
};

const kinds: readonly Profile[] = [
  {
    kind: "PostgreSQL",
    conditionalWrite: true,
    revisions: true,
    feed: "stream",
    history: false,
    createKey: true,
    uniqueEmail: false,
    deleteEvents: true,
    lagMs: 0,
    coalesces: false,
    keep: (_cell, value) => value,
  },
  {
    kind: "HubSpot",
    conditionalWrite: false,
    revisions: true,
    feed: "poll",
    history: true,
    createKey: true,
    uniqueEmail: true,
    deleteEvents: true,
    lagMs: 2_000,
    coalesces: true,
    keep: lowerEmail,
  },
  {
    kind: "Airtable",
    conditionalWrite: false,
    revisions: false,
    feed: "poll",
    history: true,
    createKey: true,
    uniqueEmail: false,
    deleteEvents: true,
    lagMs: 300,
    coalesces: true,
    keep: trimmed,
  },
  {
    kind: "Salesforce",
    conditionalWrite: true,
    revisions: true,
    feed: "stream",
    history: false,
    createKey: true,
    uniqueEmail: false,
    deleteEvents: true,
    lagMs: 100,
    coalesces: true,
    keep: trimmed,
  },
];

function anyKind(random: SeededRandom): Profile {
  return kinds[random.below(kinds.length)]!;
}

function lowerEmail(cell: string, value: RawValue): RawValue {
  return cell === "email" && typeof value === "string" ? value.toLowerCase() : value;
}

function trimmed(_cell: string, value: RawValue): RawValue {
  return typeof value === "string" ? value.trim() || null : value;
}

const people = 3;
const start = 1_700_000_000_000;
/** Longest that healing may take, in steps. */
const healStepsMax = 60_000;

/** Plays one seed: a safety phase with faults, crashes and edits on all sides, then healing, then every promise is checked. */
export async function playSeed(seed: number): Promise<SeedReport> {
  const random = createRandom(seed);
  const clock = virtualClock(start);
  const trace: string[] = [];
  const policy = somePolicy(random);
  const systems = [
    simulatedSystem("crm", random.chance(0.5) ? kinds[1]! : anyKind(random), clock, random),
    simulatedSystem("db", random.chance(0.5) ? kinds[0]! : anyKind(random), clock, random),
    simulatedSystem("desk", random.chance(0.5) ? kinds[2]! : anyKind(random), clock, random),
  ];
  const store = createMemoryStore();
  await store.migrate();
  const edits: UserEdit[] = [];
  seedRecords(systems, random);
  const odds = someOdds(random);
  for (const system of systems) system.faults = odds;
  const failures: string[] = [];
  let engine = startEngine(policy, store, systems, clock, random, trace, failures);
  const crashes = random.chance(0.5) ? random.below(4) : 0;
  const span = 60_000;
  scheduleEdits(systems, edits, clock, random, span, trace);
  let steps = 0;
  for (let crash = 0; crash <= crashes; crash++) {
    const until = start + Math.floor((span * (crash + 1)) / (crashes + 1));
    steps += await clock.run(() => clock.now() >= until, 20_000);
    if (crash === crashes) break;
    trace.push(`${clock.now()} crash`);
    engine.life.dead = true;
    void engine.running.stop();
    engine = startEngine(policy, store, systems, clock, random, trace, failures);
  }
  for (const system of systems) system.faults = noFaults;
  const settled = await heal(engine.running, systems, policy, clock);
  steps += settled.steps;
  if (!settled.quiet) failures.push(`I1: not quiet after ${settled.steps} steps of healing`);
  else failures.push(...(await checkWorld({ policy, clock, store, systems, edits })));
  await stop(engine.running, clock);
  for (const line of await store.journal({ limit: 100_000 }))
    trace.push(
      `${line.at} journal ${line.goldenId} ${line.kind} ${line.field} ${JSON.stringify(line.from)} -> ${JSON.stringify(line.to)} other ${JSON.stringify(line.other)} ${line.why} ${JSON.stringify(line.ref)}`,
    );
  for (const system of systems)
    for (const one of system.log)
      trace.push(`${one.at} ${system.name} ${one.by} ${one.kind} ${one.id} ${JSON.stringify(one.after)}`);
  return {
    seed,
    steps,
    failures,
    trace,
    traceHash: createHash("sha256").update(trace.join("\n")).digest("hex").slice(0, 16),
  };
}

function somePolicy(random: SeededRandom): Policy {
  const rules: readonly Rule[] = [
    { kind: "review" },
    { kind: "prefer", systems: ["db", "crm", "desk"], otherwise: { kind: "review" } },
    { kind: "newest", tie: { kind: "prefer", systems: ["crm", "db", "desk"], otherwise: { kind: "keep" } } },
    { kind: "keep" },
    { kind: "longest" },
  ];
  const rule = () => rules[random.below(rules.length)]!;
  const clears = random.chance(0.5) ? ("propagate" as const) : ("hold" as const);
  return testPolicy(
    {
      email: { type: { kind: "email" }, rule: rule() },
      phone: { rule: rule(), clears },
      note: { rule: rule(), clears },
      city: { rule: rule() },
    },
    { deletes: random.chance(0.3) ? "propagate" : "hold", duplicates: random.chance(0.5) ? "link" : "hold" },
  );
}

function someOdds(random: SeededRandom): FaultOdds {
  const odd = (max: number) => (random.chance(0.5) ? random.fraction() * max : 0);
  return {
    failBefore: odd(0.2),
    failAfter: odd(0.2),
    rateLimit: odd(0.1),
    slow: odd(0.05),
    repeat: odd(0.5),
    shuffle: odd(0.5),
  };
}

function seedRecords(systems: readonly SimSystem[], random: SeededRandom): void {
  for (let person = 0; person < people; person++) {
    const there = systems.filter(() => random.chance(0.6));
    for (const system of there.length === 0 ? systems.slice(0, 1) : there) {
      const email = random.chance(0.3) ? `P${person}@Example.org` : `p${person}@example.org`;
      system.userCreate({
        email: system.profile.keep("email", email),
        phone: random.chance(0.3) ? null : `10${person}`,
        note: random.chance(0.3) ? null : `note ${person} ${random.chance(0.3) ? system.name : ""}`.trim(),
        city: random.chance(0.5) ? null : `city ${person}`,
      });
    }
  }
}

function scheduleEdits(
  systems: readonly SimSystem[],
  edits: UserEdit[],
  clock: VirtualClock,
  random: SeededRandom,
  span: number,
  trace: string[],
): void {
  const count = 5 + random.below(25);
  for (let n = 0; n < count; n++) {
    const at = random.below(span);
    const system = systems[random.below(systems.length)]!;
    const cell = ["phone", "note", "city", "phone", "email"][random.below(5)]!;
    const which = random.fraction();
    const clear = cell !== "email" && random.chance(0.1);
    const gone = random.chance(0.03);
    clock.after(at, () => {
      const live = [...system.records.values()].filter((record) => !record.deleted);
      const record = live[Math.floor(which * live.length)];
      if (record === undefined) return;
      if (gone) {
        system.userDelete(record.id);
        trace.push(`${clock.now()} user deletes ${record.id}`);
        return;
      }
      const value = clear ? null : cell === "email" ? `edit${n}@example.org` : `edit ${n}`;
      const kept = system.profile.keep(cell, value);
      system.userEdit(record.id, { [cell]: value });
      edits.push({ system: system.name, id: record.id, cell, value: kept });
    });
  }
}

function startEngine(
  policy: Policy,
  store: Store,
  systems: readonly SimSystem[],
  clock: VirtualClock,
  random: SeededRandom,
  trace: string[],
  failures: string[],
) {
  const life = { dead: false };
  let ids = 0;
  const generation = trace.length;
  const deps: Deps = {
    store: mortal(store, life, clock, random),
    connectors: new Map(systems.map((system) => [system.name, system.connect(life)])),
    policy,
    clock,
    startedAt: clock.now(),
    random: { fraction: random.fraction, id: () => `${String(clock.now()).padStart(15, "0")}-${generation}-${++ids}` },
    tell: (event) => {
      if (event.kind === "poisoned") failures.push(`poisoned: ${event.message}`);
      trace.push(`${clock.now()} ${JSON.stringify(event)}`);
    },
  };
  const running = run(deps, { workBatchMax: 20, sweepEveryMs: random.chance(0.3) ? 20_000 : null });
  running.ended.catch((error: unknown) => {
    if (!life.dead)
      failures.push(`the engine ended: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  });
  return { life, running };
}

/** The store as one engine sees it: each call takes a moment, and a dead engine gets no answer, whether or not the call took effect. */
function mortal(store: Store, life: { dead: boolean }, clock: VirtualClock, random: SeededRandom): Store {
  const never = () => new Promise<never>(() => undefined);
  return new Proxy(store, {
    get: (target, name: keyof Store) => {
      const method = target[name] as (...args: unknown[]) => Promise<unknown>;
      return async (...args: unknown[]) => {
        await clock.sleep(random.below(3));
        if (life.dead) return never();
        const result = await method.apply(target, args);
        await clock.sleep(random.below(3));
        return life.dead ? never() : result;
      };
    },
  });
}

/** No more faults: within the bound everything must come to rest, and a full sweep must then find nothing to do. */
async function heal(running: Running, systems: readonly SimSystem[], policy: Policy, clock: VirtualClock) {
  let quiet = false;
  const whole = (async () => {
    await running.quiet();
    for (let round = 0; round < 2; round++) {
      for (const system of systems) await running.sweep(system.name, policy.entities["contact"]!.mappings[0]!.object);
      await running.quiet();
    }
    const writes = systems.reduce((sum, system) => sum + system.log.filter((one) => one.by === "truce").length, 0);
    for (const system of systems) await running.sweep(system.name, "contacts");
    await running.quiet();
    const after = systems.reduce((sum, system) => sum + system.log.filter((one) => one.by === "truce").length, 0);
    if (after > writes) throw new Error(`I1: a second full sweep made ${after - writes} writes`);
    quiet = true;
  })();
  let failed: unknown = null;
  whole.catch((error: unknown) => {
    failed = error;
  });
  const steps = await clock.run(() => quiet || failed !== null, healStepsMax);
  if (failed !== null) throw failed;
  return { quiet, steps };
}

async function stop(running: Running, clock: VirtualClock): Promise<void> {
  let stopped = false;
  void running.stop().then(() => {
    stopped = true;
  });
  await clock.run(() => stopped, 5_000);
}
