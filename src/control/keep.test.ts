import { expect, test } from "vitest";
import { testPolicy } from "../core/testing/policy.ts";
import type { Deps } from "../engine/deps.ts";
import { createWorker } from "../engine/work.ts";
import { revisionOf } from "../model/observation.ts";
import { laneLive } from "../ports/store.ts";
import { createMemoryStore } from "../store/memory/memory-store.ts";
import { forgetOld } from "./keep.ts";
import { sealNext } from "./seal.ts";
import { planUndo } from "./undo.ts";
import { verify } from "./verify.ts";

const day = 24 * 60 * 60_000;
const keep = { journalMs: 100 * day, attemptsMs: null, deadLettersMs: null };

/** One person; each day their phone changes and what was journaled is sealed. Their e-mail is as it was on the first day. */
async function days(count: number) {
  const clock = { at: 1_700_000_000_000, now: () => clock.at, sleep: async () => undefined };
  let ids = 0;
  const deps: Deps = {
    store: createMemoryStore(),
    connectors: new Map(),
    policy: testPolicy({ email: { type: { kind: "email" } }, phone: {} }, { systems: ["crm", "desk"] }),
    clock,
    random: { id: () => `id${String(++ids).padStart(5, "0")}`, fraction: () => 0 },
    startedAt: 0,
    tell: () => undefined,
  };
  const worker = createWorker(
    deps,
    () => undefined,
    () => undefined,
  );
  for (let n = 0; n < count; n++) {
    const observation = {
      ...{ kind: "upsert", complete: true, changedAt: null, author: null, observedAt: clock.at },
      ...{ ref: { system: "crm", object: "contacts", id: "1" }, revision: revisionOf(clock.at) },
      cells: { email: "ada@example.org", phone: `+49 ${n}` },
    };
    const item = { id: deps.random.id(), dedupeKey: null, lane: laneLive, tries: 0 };
    await deps.store.receive([{ ...item, receivedAt: clock.at, dueAt: clock.at, observation } as never], []);
    while ((await worker.step(10)) > 0) await worker.settled();
    clock.at += day / 2;
    await sealNext(deps);
    clock.at += day / 2;
  }
  return deps;
}

test("lines older than they are kept go, in whole sealed blocks, and the rest is still a chain that leads to what there is", async () => {
  const deps = await days(300);
  const before = await deps.store.journal({ limit: 9_999 });
  await forgetOld(deps, keep);
  const after = await deps.store.journal({ limit: 9_999 });
  expect(after[0]!.at).toBeGreaterThan(deps.clock.now() - 101 * day);
  expect(before.slice(-after.length)).toEqual(after);
  const report = await verify(deps);
  expect(report).toMatchObject({ isSound: true, goldens: 1, older: 1 });
  expect(report.chain.checkpoint?.to).toBe(after[0]!.sequence - 1);
  expect(report.chain.sealedLines).toBe(after.length);
  await forgetOld(deps, keep);
  expect(await deps.store.journal({ limit: 9_999 })).toEqual(after);
});

test("the newest block stays however old it is, so that line numbers go on", async () => {
  const deps = await days(3);
  const [newest] = await deps.store.journal({ newestFirst: true, limit: 1 });
  await deps.clock.sleep(0);
  await forgetOld({ ...deps, clock: { ...deps.clock, now: () => deps.clock.now() + 9_000 * day } }, keep);
  expect((await deps.store.journal({ limit: 9 })).at(-1)).toEqual(newest);
});

test("who alters a line that is still kept is found out, after older ones went too", async () => {
  const deps = await days(200);
  await forgetOld(deps, keep);
  const [line] = await deps.store.journal({ limit: 1 });
  await deps.store.replaceLines([{ ...line!, to: "+49 forged" }]);
  const { isSound, chain } = await verify(deps);
  expect(isSound).toBe(false);
  expect(chain.broken).toMatchObject([{ from: line!.sequence }]);
});

test("an undo of a line that went says so", async () => {
  const deps = await days(200);
  await forgetOld(deps, keep);
  const [last] = await deps.store.journal({ kind: "set", newestFirst: true, limit: 1 });
  const { changes, restored, skipped } = await planUndo(deps, { sequences: [5, last!.sequence] });
  expect({ changes, restored }).toEqual({ changes: 1, restored: { phone: 1 } });
  expect(skipped).toMatchObject([{ reason: "the journal has no line 5 that set a field, or no longer" }]);
});

test("kept for ever means that nothing goes", async () => {
  const deps = await days(20);
  const before = await deps.store.journal({ limit: 9_999 });
  await forgetOld(deps, { journalMs: null, attemptsMs: null, deadLettersMs: null });
  expect(await deps.store.journal({ limit: 9_999 })).toEqual(before);
  expect((await verify(deps)).chain.checkpoint).toBeNull();
});
