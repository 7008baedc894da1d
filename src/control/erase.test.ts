import { expect, test } from "vitest";
import { testPolicy } from "../core/testing/policy.ts";
import { emptyUnit } from "../engine/commit.ts";
import type { Deps } from "../engine/deps.ts";
import { createWorker } from "../engine/work.ts";
import { revisionOf } from "../model/observation.ts";
import { type DeadLetter, laneLive } from "../ports/store.ts";
import { createMemoryStore } from "../store/memory/memory-store.ts";
import { erase } from "./erase.ts";
import { sealNext } from "./seal.ts";
import { verify } from "./verify.ts";

const hour = 3_600_000;

/** Two people in two systems, with a conflict held and a dead letter; the journal so far is sealed. */
async function people() {
  const clock = { at: 1_700_000_000_000, now: () => clock.at, sleep: async () => undefined };
  let ids = 0;
  const fields = { email: { type: { kind: "email" as const } }, phone: { rule: { kind: "review" as const } } };
  const deps: Deps = {
    store: createMemoryStore(),
    connectors: new Map(),
    policy: testPolicy(fields, { systems: ["crm", "desk"] }),
    clock,
    random: { id: () => `id${String(++ids).padStart(4, "0")}`, fraction: () => 0 },
    startedAt: 0,
    tell: () => undefined,
  };
  const worker = createWorker(
    deps,
    () => undefined,
    () => undefined,
  );
  const says = async (system: string, id: string, phone: string, revision = clock.at++) => {
    const observation = {
      ...{ kind: "upsert", complete: true, changedAt: null, author: `author of ${phone}` },
      ...{ ref: { system, object: "contacts", id }, revision: revisionOf(revision), observedAt: revision },
      cells: { email: `person${id}@secret.example`, phone },
    };
    const item = { id: deps.random.id(), dedupeKey: null, lane: laneLive, tries: 0 };
    await deps.store.receive([{ ...item, receivedAt: clock.at, dueAt: clock.at, observation } as never], []);
    while ((await worker.step(10)) > 0) await worker.settled();
  };
  for (const id of ["1", "2"]) {
    for (const system of ["crm", "desk"]) await says(system, id, `first ${id}`);
    await says("crm", id, `crm says ${id}`);
    await says("desk", id, `desk says ${id}`);
  }
  const goldenOf = async (id: string) => {
    const ref = { system: "crm", object: "contacts", id };
    const { goldens, byRecord } = await deps.store.load({ records: [ref], keys: [], ids: [] });
    return goldens.get([...byRecord.values()][0] ?? "")!;
  };
  const letter: DeadLetter = {
    ...{ id: "letter", kind: "write", ref: { system: "desk", object: "contacts", id: "1" }, code: "REJECTED" },
    ...{
      goldenId: (await goldenOf("1")).id,
      payload: { values: { phone: "crm says 1" } },
      reason: '"crm says 1" is none',
    },
    ...{ tries: 1, at: clock.at, closed: null },
  };
  await deps.store.commit([{ ...emptyUnit, deadLetters: [letter] }]);
  clock.at += hour;
  while (await sealNext(deps));
  const everything = async () =>
    JSON.stringify([
      await deps.store.goldens(null, null, 99),
      await deps.store.journal({ limit: 999 }),
      await deps.store.holds({ limit: 99 }),
      await deps.store.deadLetters({ limit: 99 }),
      [...(await deps.store.search("person1@secret.example", 9)), ...(await deps.store.search("first 1", 9))],
    ]);
  return { deps, says, goldenOf, everything };
}

test("a person's values are gone from golden record, journal, holds and dead letters; another's stay", async () => {
  const { deps, goldenOf, everything } = await people();
  const [person, other] = [await goldenOf("1"), await goldenOf("2")];
  expect(await everything()).toContain("crm says 1");
  const erased = await erase(deps, person.id, "ann");
  expect(erased).toMatchObject({
    kind: "done",
    report: { holds: 1, deadLetters: 1, records: [{ id: "1" }, { id: "1" }] },
  });
  const left = await everything();
  for (const trace of ["crm says 1", "desk says 1", "first 1", "person1@", "author of first 1"])
    expect(left).not.toContain(trace);
  expect(await goldenOf("2")).toEqual(other);
  expect(await erase(deps, "nobody", "ann")).toEqual({ kind: "unknown" });
});

test("neither a late redelivery nor a sweep brings them back, and erasing again is fine", async () => {
  const { deps, says, goldenOf, everything } = await people();
  const { id } = await goldenOf("1");
  await erase(deps, id, "ann");
  await says("crm", "1", "first 1", 1_700_000_000_000);
  await says("desk", "1", "a new phone");
  const left = await everything();
  expect(left).not.toContain("first 1");
  expect(left).not.toContain("a new phone");
  expect(await erase(deps, id, "ann")).toMatchObject({ kind: "done", report: { lines: 0 } });
});

test("the journal's chain and its story stay verifiable after an erasure", async () => {
  const { deps, goldenOf } = await people();
  expect(await verify(deps)).toMatchObject({ isSound: true, goldens: 2, erased: 0, chain: { seals: 1, broken: [] } });
  await erase(deps, (await goldenOf("1")).id, "ann");
  expect(await verify(deps)).toMatchObject({ isSound: true, goldens: 2, erased: 1, chain: { seals: 1, broken: [] } });
});

test("a line that somebody altered, and a value that no line tells of, are found", async () => {
  const { deps, goldenOf } = await people();
  const [line] = await deps.store.journal({ kind: "set", field: "phone", limit: 1 });
  await deps.store.replaceLines([{ ...line!, to: "altered" }]);
  expect((await verify(deps)).chain.broken).toMatchObject([{ reason: expect.stringContaining("altered") }]);
  const golden = await goldenOf("2");
  const phone = { ...golden.fields["phone"]!, value: "slipped in" };
  const changed = { ...golden, version: golden.version + 1, fields: { ...golden.fields, phone } };
  await deps.store.commit([{ ...emptyUnit, golden: changed }]);
  expect(await verify(deps)).toMatchObject({ isSound: false, unexplained: [{ goldenId: golden.id, field: "phone" }] });
});

test("lines are sealed once they are settled, in blocks that follow on each other", async () => {
  const { deps, says } = await people();
  await says("crm", "2", "newer");
  expect(await sealNext(deps)).toBe(false);
  expect((await verify(deps)).chain.seals).toBe(1);
  (deps.clock as unknown as { at: number }).at += hour;
  await sealNext(deps);
  const { chain } = await verify(deps);
  expect(chain).toMatchObject({ seals: 2, broken: [] });
  expect(chain.sealedLines).toBe((await deps.store.journal({ limit: 999 })).length);
});
