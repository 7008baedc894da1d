import type { SeededRandom } from "../sandbox/core/random.ts";
import { behindFields } from "../src/core/behind.ts";
import type { Deps } from "../src/engine/deps.ts";
import { createWorker } from "../src/engine/work.ts";
import type { GoldenRecord } from "../src/model/golden.ts";
import type { RawObservation, RawUpsert } from "../src/model/observation.ts";
import { revisionOf } from "../src/model/observation.ts";
import type { Policy } from "../src/model/policy.ts";
import { sameValue } from "../src/model/value.ts";
import type { InboxItem, Store } from "../src/ports/store.ts";
import { createMemoryStore } from "../src/store/memory/memory-store.ts";
import { chanceOf } from "./chance.ts";
import { newLife } from "./life.ts";
import { newMarks } from "./marks.ts";
import { noOdds, object, policyOf, type Scenario } from "./scenario.ts";
import { simulatedConnector } from "./simulated-connector.ts";
import { type Change, type SimSystem, simulatedSystem } from "./simulated-system.ts";
import { virtualClock } from "./virtual-clock.ts";
import { start } from "./world.ts";

/**
 * I10 and I11: the same events told in another order, and told again and again, come to the same golden records, the same holds and the same
 * writes. Users on all sides edit what is agreed, each field of a record at most once per system; nothing is written in between. Returns what
 * differs, in words.
 */
export async function checkOrder(scenario: Scenario): Promise<string[]> {
  const chance = chanceOf(scenario.seed, "order");
  const told = await tell(scenario, chance, "as they came");
  const broken: string[] = [];
  for (const way of ["shuffled", "shuffled", "repeated"] as const) {
    const other = await tell(scenario, chance, way);
    for (const [key, value] of new Map([...told, ...other])) {
      const [one, two] = [told.get(key), other.get(key)];
      if (one !== two) broken.push(`${way === "repeated" ? "I11" : "I10"}: ${key} is ${one}, ${way} ${two} (${value})`);
    }
  }
  return broken;
}

type Way = "as they came" | "shuffled" | "repeated";

async function tell(scenario: Scenario, chance: SeededRandom, way: Way): Promise<ReadonlyMap<string, string>> {
  const clock = virtualClock(start);
  const systems = scenario.systems.map((setup) =>
    simulatedSystem(scenario, setup, clock, chanceOf(scenario.seed, setup.name), () => undefined),
  );
  for (const { system, values } of scenario.records) systems.find((one) => one.name === system)?.userCreate(values);
  const store = createMemoryStore();
  const policy = policyOf(scenario);
  const deps = depsOf(scenario, systems, store, policy, clock);
  await decideAll(
    deps,
    systems.flatMap((system) => system.liveRecords().map((record) => seenAt(system, record.history.at(-1)!))),
  );
  const events: RawObservation[] = [];
  for (const action of scenario.actions) {
    await clock.run(() => clock.now() >= start + action.at, 0);
    const system = systems.find((one) => action.kind === "edit" && one.name === action.system);
    if (system === undefined || action.kind !== "edit") continue;
    const live = system.liveRecords();
    const before = system.log.length;
    system.userEdit(live[Math.floor(action.pick * live.length)]?.id ?? "", action.cells);
    for (const change of system.log.slice(before)) events.push(seenAt(system, change));
  }
  const copies =
    way === "repeated" ? events.flatMap((one) => Array.from({ length: 1 + chance.below(5) }, () => one)) : events;
  await decideAll(deps, way === "as they came" ? copies : chance.shuffle(copies), chance);
  return told(await store.goldens(null, null, 100), policy);
}

/** What a system says of a record right after a change; each at a moment of its own. */
function seenAt(system: SimSystem, change: Change): RawUpsert {
  const record = system.records.get(change.id)!;
  const cells: Record<string, RawUpsert["cells"][string]> = {};
  for (const one of record.history) if (one.order <= change.order) Object.assign(cells, one.after);
  const isPartial = system.profile.tells === "changes" && change.kind === "update";
  const at = change.at + system.setup.skewMs;
  return {
    kind: "upsert",
    ref: { system: system.name, object, id: change.id },
    cells: isPartial ? change.after : cells,
    complete: !isPartial,
    revision: system.profile.revisions ? revisionOf(change.order) : null,
    observedAt: start + 1_000 * change.order + system.name.length,
    changedAt: system.profile.revisions ? { from: at, until: at } : null,
    author: null,
  };
}

function depsOf(
  scenario: Scenario,
  systems: readonly SimSystem[],
  store: Store,
  policy: Policy,
  clock: ReturnType<typeof virtualClock>,
): Deps {
  const life = newLife("order", clock, () => undefined);
  let ids = 0;
  const around = {
    clock,
    marks: newMarks(),
    odds: () => noOdds,
    isCalm: () => true,
    isScanned: () => true,
    onSend: () => undefined,
    onPull: () => undefined,
  };
  return {
    store,
    connectors: new Map(
      systems.map((one) => [one.name, simulatedConnector(one, life, around, chanceOf(scenario.seed, "reading"))]),
    ),
    policy,
    clock,
    startedAt: start,
    random: { fraction: () => 0.5, id: () => `i${String(++ids).padStart(6, "0")}` },
    tell: () => undefined,
  };
}

/** Puts all in the inbox and decides until it is empty; in batches of any size. */
async function decideAll(deps: Deps, observations: readonly RawObservation[], chance?: SeededRandom): Promise<void> {
  const items = observations.map((observation): InboxItem => {
    const now = deps.clock.now();
    return { id: deps.random.id(), dedupeKey: null, observation, lane: 0, receivedAt: now, dueAt: now, tries: 0 };
  });
  await deps.store.receive(items, []);
  const worker = createWorker(
    deps,
    () => undefined,
    () => undefined,
  );
  const clock = deps.clock as ReturnType<typeof virtualClock>;
  let isDone = false;
  const all = (async () => {
    while ((await worker.step(1 + (chance?.below(6) ?? 19))) > 0 || worker.isReading()) await worker.settled();
    isDone = true;
  })();
  await clock.run(() => isDone, 10_000);
  await all;
}

/** Per golden record and field what is agreed on, or what waits for a person; and what would be written where. */
function told(goldens: readonly GoldenRecord[], policy: Policy): ReadonlyMap<string, string> {
  const said = new Map<string, string>();
  for (const golden of goldens) {
    const entity = policy.entities[golden.entity]!;
    // Golden ids are drawn in order of arrival; the records are what names them.
    const name = golden.links.map((link) => link.id ?? link.system).sort()[0] ?? "";
    for (const field of Object.keys(entity.fields)) {
      const hold = golden.holds.find((one) => one.fields.includes(field));
      const candidates = hold?.candidates.map((one) => JSON.stringify(one.values[field] ?? null)) ?? [];
      const value = JSON.stringify(golden.fields[field]?.value ?? null);
      said.set(`${name}.${field}`, hold === undefined ? value : `held ${[...new Set(candidates)].sort().join(" or ")}`);
    }
    for (const link of golden.links) {
      const mapping = entity.mappings.find((one) => one.system === link.system)!;
      if (link.status !== "linked") continue;
      // What is there already is not written, whatever version it was seen as.
      const differing = behindFields(golden, link, entity, mapping).filter(
        (field) => !sameValue(link.shadow[field], golden.fields[field]?.value),
      );
      said.set(`writes to ${link.id}`, differing.sort().join());
    }
  }
  return said;
}
