import { expect, test } from "vitest";
import { testPolicy } from "../core/testing/policy.ts";
import type { RawObservation } from "../model/observation.ts";
import { sampleItem, sampleRef, t0 } from "../ports/testing/store-samples.ts";
import { createMemoryStore } from "../store/memory/memory-store.ts";
import type { Deps } from "./deps.ts";
import { createWorker } from "./work.ts";

function world() {
  const store = createMemoryStore();
  let ids = 0;
  const deps: Deps = {
    ...{ store, connectors: new Map(), policy: testPolicy({ email: { type: { kind: "email" } } }) },
    clock: { now: () => t0, sleep: async () => undefined },
    random: { id: () => `id-${++ids}`, fraction: () => 0.5 },
    startedAt: t0,
    tell: () => undefined,
  };
  let left = 0;
  const worker = createWorker(
    deps,
    () => undefined,
    () => left++,
  );
  const take = (...items: readonly ReturnType<typeof sampleItem>[]) =>
    worker.take(items, [{ name: "feed/crm", value: items.at(-1)?.id ?? "", at: t0 }], 2);
  return { store, worker, take, left: () => left };
}

const gone: RawObservation = { kind: "delete", ref: sampleRef("1"), revision: "8", observedAt: t0, confirmed: true };

test("what a feed brings is decided without a stay in the inbox, and the place is stored with the last of it", async () => {
  const { store, take, left } = world();
  await take(sampleItem("a", "1"), sampleItem("b", "2"), sampleItem("c", "3"));
  const { goldens, inbox, outcomes } = await store.counts(t0);
  expect({ goldens, inbox, applied: outcomes.applied }).toEqual({ goldens: { contact: 3 }, inbox: 0, applied: 3 });
  expect(await store.cursor("feed/crm")).toBe("c");
  expect(left()).toBe(0);
});

test("it does not overtake what waits of its record, and what has to be read waits for its reading", async () => {
  const { store, take, worker, left } = world();
  await store.receive([sampleItem("a", "1", { dueAt: t0 + 5 })], []);
  const hint: RawObservation = { kind: "hint", ref: sampleRef("2"), revision: null, observedAt: t0 };
  await take(
    sampleItem("b", "1", { observation: gone }),
    sampleItem("c", "2", { observation: hint }),
    sampleItem("d", "2"),
  );
  expect((await store.counts(t0)).outcomes).toMatchObject({ applied: 0, "no-op": 0 });
  const waiting = await store.claim(9, t0 + 5, 1);
  expect(waiting.map((item) => item.id).sort()).toEqual(["a", "b", "c", "d"]);
  expect(left()).toBeGreaterThan(0);
  expect(worker.isReading()).toBe(false);
});
