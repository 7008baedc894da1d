import { expect, test } from "vitest";
import { testPolicy } from "../core/testing/policy.ts";
import type { Deps } from "../engine/deps.ts";
import { createWorker } from "../engine/work.ts";
import { revisionOf } from "../model/observation.ts";
import type { Rule } from "../model/policy.ts";
import { laneLive } from "../ports/store.ts";
import { createMemoryStore } from "../store/memory/memory-store.ts";
import { createFightWatch, openFights } from "./fights.ts";

const minute = 60_000;

/** One person in two systems; what they say is decided at once. */
async function person(rule: Rule) {
  const clock = { at: 1_700_000_000_000, now: () => clock.at, sleep: async () => undefined };
  let ids = 0;
  const deps: Deps = {
    store: createMemoryStore(),
    connectors: new Map(),
    policy: testPolicy(
      { email: { type: { kind: "email" } }, phone: { rule }, note: { rule } },
      { systems: ["crm", "desk"] },
    ),
    clock,
    random: { id: () => `id${++ids}`, fraction: () => 0 },
    startedAt: 0,
    tell: () => undefined,
  };
  const worker = createWorker(
    deps,
    () => undefined,
    () => undefined,
  );
  const says = async (system: string, phone: string, author: string | null = null, note = "n") => {
    clock.at += minute;
    const observation = {
      ...{
        kind: "upsert",
        complete: true,
        changedAt: null,
        author,
        revision: revisionOf(clock.at),
        observedAt: clock.at,
      },
      ...{ ref: { system, object: "contacts", id: "1" }, cells: { email: "p@example.org", phone, note } },
    };
    const item = {
      id: deps.random.id(),
      dedupeKey: null,
      lane: laneLive,
      tries: 0,
      receivedAt: clock.at,
      dueAt: clock.at,
    };
    await deps.store.receive([{ ...item, observation } as never], []);
    while ((await worker.step(10)) > 0) await worker.settled();
  };
  await says("crm", "1");
  await says("desk", "1");
  const watch = createFightWatch(deps);
  await watch.look();
  return {
    deps,
    says,
    look: watch.look,
    async golden() {
      const [golden] = await deps.store.goldens(null, null, 1);
      return golden!;
    },
  };
}

test("a workflow that undoes every edit is found, named, and the field alone is held until a person decides", async () => {
  const { says, look, golden, deps } = await person({ kind: "newest", tie: { kind: "review" } });
  for (let n = 0; n < 4; n++) {
    await says("crm", "2", "Workflow Tidy");
    await says("crm", "1", "rosa");
  }
  const [fight, ...others] = await look();
  expect(others).toEqual([]);
  expect(fight).toMatchObject({ field: "phone", parties: "Workflow Tidy in crm and rosa in crm" });
  const [hold] = (await golden()).holds;
  expect(hold).toMatchObject({ kind: "conflict", fields: ["phone"], fight: true });
  expect(hold?.candidates.map(({ values }) => values["phone"])).toEqual(["1", "2"]);
  // It goes on; nothing comes of it, and the other fields travel.
  for (const phone of ["2", "1", "2"]) await says("crm", phone, "Workflow Tidy", `note ${phone}`);
  expect((await golden()).fields["phone"]?.value).toBe("1");
  expect((await golden()).fields["note"]?.value).toBe("note 2");
  expect((await golden()).holds).toHaveLength(1);
  expect(await openFights(deps)).toHaveLength(1);
});

test("a field with a source of truth that is overwritten again and again is a fight too", async () => {
  const { says, look, golden } = await person({ kind: "owner", system: "desk" });
  for (let n = 0; n < 3; n++) {
    await says("crm", "9", "Workflow Tidy");
    await says("crm", "8", "Workflow Tidy");
  }
  expect(await look()).toMatchObject([{ field: "phone", parties: "Workflow Tidy in crm" }]);
  expect((await golden()).fields["phone"]?.value).toBe("1");
});

test("a field that is edited often, to something new each time, is no fight", async () => {
  const { says, look } = await person({ kind: "newest", tie: { kind: "review" } });
  for (let n = 0; n < 12; n++) await says("crm", `10${n}`, "rosa");
  expect(await look()).toEqual([]);
});

test("a value that comes back now and then over a day is no fight", async () => {
  const { says, look, deps } = await person({ kind: "newest", tie: { kind: "review" } });
  for (let n = 0; n < 12; n++) {
    await says("crm", n % 2 === 0 ? "2" : "1", "rosa");
    (deps.clock as unknown as { at: number }).at += 30 * minute;
    expect(await look()).toEqual([]);
  }
});
