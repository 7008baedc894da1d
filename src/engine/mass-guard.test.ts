import { expect, test } from "vitest";
import { newFlow, screen } from "../core/mass-change.ts";
import { testPolicy } from "../core/testing/policy.ts";
import { revisionOf } from "../model/observation.ts";
import type { EntityPolicy, Policy } from "../model/policy.ts";
import type { Connector } from "../ports/connector.ts";
import { laneLive } from "../ports/store.ts";
import { createMemoryStore } from "../store/memory/memory-store.ts";
import type { Deps } from "./deps.ts";
import { decideFlow, stoppedFlows } from "./mass-guard.ts";
import { createWorker } from "./work.ts";

const minute = 60_000;

/** Under its new id a record that others were merged into holds what the first of them did. */
const survivors = {
  read: async (_object: object, ids: readonly string[]) =>
    ids.map((id) => ({
      ...{ id, kind: "found" },
      observation: {
        ...{ kind: "upsert", ref: { system: "crm", object: "contacts", id }, complete: true, revision: null },
        ...{ observedAt: 1_700_000_060_000, changedAt: null, author: null },
        cells: { email: `p${2 * (Number(id) - 100_000)}@example.org`, phone: "1" },
      },
    })),
} as unknown as Connector;

/** So many people in two systems that agree; then one of them says things. */
async function company(
  people: number,
  also: Partial<EntityPolicy> = {},
  masses: Pick<Policy, "masses"> = {},
  change = (policy: Policy) => policy,
) {
  const clock = { at: 1_700_000_000_000, now: () => clock.at, sleep: async () => undefined };
  let ids = 0;
  const fields = { email: { type: { kind: "email" as const } }, phone: { clears: "propagate" as const } };
  const deps: Deps = {
    store: createMemoryStore(),
    connectors: new Map([["crm", survivors]]),
    policy: change({ ...testPolicy(fields, { systems: ["crm", "desk"], deletes: "propagate", ...also }), ...masses }),
    clock,
    random: { id: () => `id${String(++ids).padStart(6, "0")}`, fraction: () => 0 },
    startedAt: 0,
    tell: () => undefined,
  };
  const worker = createWorker(
    deps,
    () => undefined,
    () => undefined,
  );
  const decideAll = async () => {
    while ((await worker.step(500)) > 0) await worker.settled();
  };
  const hear = async (observations: readonly object[]) => {
    const items = observations.map((observation) => ({
      ...{ id: deps.random.id(), dedupeKey: null, lane: laneLive, tries: 0 },
      ...{ receivedAt: clock.at, dueAt: clock.at, observation },
    }));
    await deps.store.receive(items as never, []);
    await decideAll();
  };
  const seen = (system: string, n: number) => ({
    ref: { system, object: "contacts", id: `${n}` },
    revision: revisionOf(clock.at),
    observedAt: clock.at,
  });
  const says = (system: string, n: number, phone: string | null) => ({
    ...{ kind: "upsert", complete: true, changedAt: null, author: null },
    ...{ ...seen(system, n), cells: { email: `p${n}@example.org`, phone } },
  });
  const all = Array.from({ length: people }, (_, n) => n);
  await hear(["crm", "desk"].flatMap((system) => all.map((n) => says(system, n, "1"))));
  clock.at += minute;
  return {
    deps,
    deletes: (count: number) =>
      hear(all.slice(0, count).map((n) => ({ kind: "delete", confirmed: true, ...seen("crm", n) }))),
    empties: (count: number) => hear(all.slice(0, count).map((n) => says("crm", n, null))),
    changes: (count: number) => hear(all.slice(0, count).map((n) => says("crm", n, "2"))),
    /** Each of so many is merged with the next one, under a new id. */
    merges: (count: number) =>
      hear(
        all.slice(0, count).map((n) => ({
          ...{ kind: "merge", losers: [`${2 * n}`, `${2 * n + 1}`] },
          ...seen("crm", 100_000 + n),
        })),
      ),
    async pass(ms: number) {
      clock.at += ms;
      await decideAll();
    },
    async state() {
      const goldens = await deps.store.goldens(null, null, people);
      const holds = await deps.store.holds({ status: "open", limit: people });
      return {
        deleted: goldens.filter((golden) => golden.deletedAt !== null).length,
        changed: goldens.filter((golden) => golden.fields["phone"]?.value === "2").length,
        blank: goldens.filter((golden) => golden.fields["phone"]?.value === null).length,
        held: holds.length,
        waiting: (await deps.store.counts(clock.at)).inbox,
      };
    },
  };
}

const flow = "crm/contacts/deletes";

test("a few deletions travel; what passes 5 % of an object in a day waits for a person, and nothing else does", async () => {
  const { deps, deletes, changes, state } = await company(1_000);
  await deletes(50);
  expect(await state()).toMatchObject({ deleted: 50, waiting: 0 });
  expect(await stoppedFlows(deps)).toEqual([]);
  await deletes(300);
  expect(await state()).toMatchObject({ deleted: 50, waiting: 250 });
  expect(await stoppedFlows(deps)).toMatchObject([{ key: flow, limit: 50, decision: null, samples: { length: 5 } }]);
  await changes(1_000);
  expect((await deps.store.goldens(null, null, 999)).at(-1)?.fields["phone"]?.value).toBe("2");
});

test("however often it is looked at, what waits is not counted twice, and stays", async () => {
  const { deletes, pass, state, deps } = await company(100);
  await deletes(60);
  for (let n = 0; n < 5; n++) await pass(2 * minute);
  expect(await state()).toMatchObject({ deleted: 20, waiting: 40 });
  expect(Object.values((await stoppedFlows(deps))[0]?.hours ?? {})).toEqual([60]);
});

test("a record that is told of again and again counts once", () => {
  const ref = { system: "crm", object: "contacts", id: "1" };
  let flow = newFlow(20);
  for (let n = 0; n < 30; n++) {
    const next = screen(flow, ref, true, n * minute);
    expect(next.verdict).toBe("go");
    flow = next.flow;
  }
  expect(screen(flow, { ...ref, id: "2" }, true, 31 * minute).flow.hours).toEqual({ 0: 2 });
});

test("a person approves a part, then the rest", async () => {
  const { deps, deletes, pass, state } = await company(100);
  await deletes(60);
  expect(await decideFlow(deps, flow, { kind: "approve", by: "ann", left: 10 })).toBe(true);
  await pass(2 * minute);
  expect(await state()).toMatchObject({ deleted: 30, waiting: 30 });
  await decideFlow(deps, flow, { kind: "approve", by: "ann", left: null });
  await pass(2 * minute);
  expect(await state()).toMatchObject({ deleted: 60, waiting: 0 });
});

test("a person who did not mean them is asked about each", async () => {
  const { deps, deletes, pass, state } = await company(100);
  await deletes(60);
  await decideFlow(deps, flow, { kind: "hold", by: "ann", left: null });
  await pass(2 * minute);
  expect(await state()).toMatchObject({ deleted: 20, held: 40, waiting: 0 });
  expect(await decideFlow(deps, "crm/deals/deletes", { kind: "hold", by: "ann", left: null })).toBe(false);
});

test("masses of emptied fields wait too", async () => {
  const { deps, empties, state } = await company(100);
  await empties(60);
  expect(await state()).toMatchObject({ blank: 20, waiting: 40 });
  expect(await stoppedFlows(deps)).toMatchObject([{ key: "crm/contacts/blanks" }]);
});

const counting: Pick<Policy, "masses"> = {
  masses: { deletes: null, blanks: null, rewrites: { records: 100, percent: 10 } },
};

test("masses of changed records wait where the config counts them, and go on in part or whole on a person's word", async () => {
  const { deps, changes, pass, state } = await company(500, {}, counting);
  await changes(300);
  expect(await state()).toMatchObject({ changed: 50, waiting: 250 });
  const rewrites = "crm/contacts/rewrites";
  expect(await stoppedFlows(deps)).toMatchObject([{ key: rewrites, limit: 50 }]);
  await decideFlow(deps, rewrites, { kind: "approve", by: "ann", left: 100 });
  await pass(2 * minute);
  expect(await state()).toMatchObject({ changed: 150, waiting: 150 });
  await decideFlow(deps, rewrites, { kind: "approve", by: "ann", left: null });
  await pass(2 * minute);
  expect(await state()).toMatchObject({ changed: 300, waiting: 0, held: 0 });
});

test("changed records that were not meant are asked about one by one, with both values", async () => {
  const { deps, changes, pass, state } = await company(100, {}, counting);
  await changes(60);
  await decideFlow(deps, "crm/contacts/rewrites", { kind: "hold", by: "ann", left: null });
  await pass(2 * minute);
  expect(await state()).toMatchObject({ changed: 20, held: 40, waiting: 0 });
  const [hold] = await deps.store.holds({ status: "open", limit: 1 });
  expect(hold?.candidates.map(({ values }) => values["phone"])).toEqual(["1", "2"]);
});

test("where a kind is not counted, any number travels", async () => {
  const { deps, deletes, state } = await company(100, {}, counting);
  await deletes(60);
  expect(await state()).toMatchObject({ deleted: 60, waiting: 0 });
  expect(await stoppedFlows(deps)).toEqual([]);
});

test("where each deletion is asked about anyway, nothing is stopped", async () => {
  const { deps, deletes, state } = await company(100, { deletes: "hold" });
  await deletes(60);
  expect(await state()).toMatchObject({ deleted: 0, held: 60, waiting: 0 });
  expect(await stoppedFlows(deps)).toEqual([]);
});

test("merges that take records of other systems with them wait like deletes; known ones count no more", async () => {
  const merged = (policy: Policy): Policy => {
    const { contact } = policy.entities;
    const mappings = contact!.mappings.map((one) =>
      one.system === "desk" ? { ...one, merged: "delete" as const } : one,
    );
    return { ...policy, entities: { contact: { ...contact!, mappings } } };
  };
  const world = await company(100, { merges: "link" }, {}, merged);
  const one = async () => {
    const goldens = await world.deps.store.goldens(null, null, 200);
    return goldens.filter((golden) => golden.mergedInto !== undefined).length;
  };
  await world.merges(20);
  await world.merges(20);
  expect([await one(), await stoppedFlows(world.deps)]).toEqual([20, []]);
  await world.merges(30);
  expect(await one()).toBe(20);
  expect(await stoppedFlows(world.deps)).toMatchObject([{ key: "crm/contacts/deletes" }]);
  await decideFlow(world.deps, "crm/contacts/deletes", { kind: "approve", by: "ann", left: null });
  await world.pass(10 * minute);
  expect(await one()).toBe(30);
});
