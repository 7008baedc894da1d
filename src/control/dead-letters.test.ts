import { expect, test } from "vitest";
import { testPolicy } from "../core/testing/policy.ts";
import type { Deps } from "../engine/deps.ts";
import { createWorker } from "../engine/work.ts";
import type { RawUpsert } from "../model/observation.ts";
import { revisionOf } from "../model/observation.ts";
import { createMemoryStore } from "../store/memory/memory-store.ts";
import { editDead, replayDead } from "./dead-letters.ts";

const now = 1_000_000;

/** A company that hears from one system only, and takes it to decisions when asked. */
function company() {
  let ids = 0;
  const deps: Deps = {
    store: createMemoryStore(),
    connectors: new Map(),
    policy: testPolicy({ email: { type: { kind: "email" } }, phone: {} }, { systems: ["crm"] }),
    clock: { now: () => now, sleep: async () => undefined },
    random: { id: () => `id${++ids}`, fraction: () => 0 },
    startedAt: now,
    tell: () => undefined,
  };
  const worker = createWorker(
    deps,
    () => undefined,
    () => undefined,
  );
  const said = (phone: string, order: number): RawUpsert => ({
    kind: "upsert",
    ref: { system: "crm", object: "contacts", id: "1" },
    revision: revisionOf(order),
    observedAt: order,
    cells: { email: "p@example.org", phone },
    complete: true,
    changedAt: null,
    author: null,
  });
  const letterOf = (payload: RawUpsert) => ({
    ...{ id: "letter", kind: "observation", ref: payload.ref, goldenId: null, payload, code: "BUG" },
    ...{ reason: "a bug that is mended", tries: 1, at: now, closed: null },
  });
  return {
    deps,
    said,
    /** What is said fails at first, and is set aside. */
    async fails(phone: string, order: number) {
      const { emptyUnit } = await import("../engine/commit.ts");
      const letter = letterOf(said(phone, order)) as Parameters<typeof deps.store.commit>[0][0]["deadLetters"][0];
      await deps.store.commit([{ ...emptyUnit, deadLetters: [letter] }]);
    },
    async hears(phone: string, order: number) {
      const item = { id: `said ${order}`, dedupeKey: null, lane: 0, receivedAt: now, dueAt: now, tries: 0 } as const;
      await deps.store.receive([{ ...item, observation: said(phone, order) }], []);
      await worker.step(10);
    },
    decides: () => worker.step(10),
    async phone() {
      const [golden] = await deps.store.goldens(null, null, 9);
      return golden?.fields["phone"]?.value;
    },
  };
}

test("an observation that failed is decided when it is replayed", async () => {
  const { deps, fails, hears, decides, phone } = company();
  await hears("1", 100);
  await fails("2", 200);
  expect(await replayDead(deps, { ids: ["letter"] }, "ann")).toEqual({ done: 1, failed: [] });
  await decides();
  expect(await phone()).toBe("2");
  expect((await deps.store.deadLetter("letter"))?.closed).toMatchObject({ how: "replayed", by: "ann" });
});

test("an observation that newer ones have overtaken brings no old value back", async () => {
  const { deps, fails, hears, decides, phone } = company();
  await hears("1", 100);
  await fails("2", 200);
  await hears("3", 300);
  await replayDead(deps, {}, "ann");
  await decides();
  expect(await phone()).toBe("3");
  expect((await deps.store.counts(now)).outcomes.superseded).toBe(1);
});

test("an observation can be corrected, in cells that are mapped, once its record is known", async () => {
  const { deps, fails, hears, decides, phone } = company();
  await fails("2", 200);
  const early = await editDead(deps, "letter", { phone: "22" }, "ann");
  expect(early.failed[0]?.reason).toContain("not linked");
  await hears("1", 100);
  const wrong = await editDead(deps, "letter", { fax: "22" }, "ann");
  expect(wrong.failed[0]?.reason).toBe("the config maps no cell fax; it maps email, phone");
  expect(await editDead(deps, "letter", { phone: "22" }, "ann")).toEqual({ done: 1, failed: [] });
  await decides();
  expect(await phone()).toBe("22");
});
