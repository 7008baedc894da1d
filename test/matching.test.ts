import { describe, expect, test } from "vitest";
import { machineClock, machineRandom } from "../src/clock/machine.ts";
import { testPolicy } from "../src/core/testing/policy.ts";
import type { Deps } from "../src/engine/deps.ts";
import { fileGoldens } from "../src/engine/file-goldens.ts";
import { lookAgain } from "../src/engine/look-again.ts";
import { createWorker } from "../src/engine/work.ts";
import type { RawUpsert } from "../src/model/observation.ts";
import type { MatchingPolicy, Policy } from "../src/model/policy.ts";
import type { InboxItem, Store } from "../src/ports/store.ts";
import { createMemoryStore } from "../src/store/memory/memory-store.ts";
import { openPostgresStore } from "../src/store/postgres/postgres-store.ts";
import { freshDatabase } from "./servers/postgres.ts";

const matching: MatchingPolicy = {
  roles: { email: "email", firstName: "given", lastName: "family", street: "street", city: "city", born: "birth-date" },
  autoLink: 0.995,
  review: 0.5,
};

function policyWith(matchingOfContacts: MatchingPolicy | null): Policy {
  return testPolicy(
    {
      email: { type: { kind: "email" } },
      firstName: { type: { kind: "name" } },
      lastName: { type: { kind: "name" } },
      street: {},
      city: {},
      born: { type: { kind: "date" } },
    },
    { matching: matchingOfContacts, create: false },
  );
}

function depsWith(store: Store, policy = policyWith(matching)): Deps {
  return {
    store,
    policy,
    connectors: new Map(),
    clock: machineClock,
    random: machineRandom,
    startedAt: machineClock.now(),
    tell: () => undefined,
  };
}

function workerOn(store: Store, policy?: Policy) {
  const nothing = () => undefined;
  return createWorker(depsWith(store, policy), nothing, nothing);
}

type Person = Readonly<Record<keyof typeof matching.roles, string>>;

function person(i: number): Person {
  const syllables = ["bel", "dor", "fan", "gis", "hul", "kra", "lom", "mir", "nad", "pol"];
  const name = [i % 10, Math.floor(i / 10) % 10, Math.floor(i / 100) % 10].map((one) => syllables[one]).join("");
  return {
    email: `${name}@home.example`,
    firstName: `A${name}`,
    lastName: `Z${name}`,
    street: `${name} street ${1 + (i % 90)}`,
    city: name,
    born: `19${50 + (i % 50)}-0${1 + (i % 9)}-1${i % 10}`,
  };
}

/** The same person in another system, by another mailbox. */
function elsewhere(one: Person): Person {
  return { ...one, email: (one.email ?? "").replace("home", "work") };
}

function said(system: string, id: string, cells: Person): InboxItem {
  const now = machineClock.now();
  const observation: RawUpsert = {
    kind: "upsert",
    ref: { system, object: "contacts", id },
    cells,
    complete: true,
    revision: null,
    observedAt: now,
    changedAt: null,
    author: null,
  };
  return { id: machineRandom.id(), dedupeKey: null, observation, lane: 0, receivedAt: now, dueAt: now, tries: 0 };
}

async function goldensIn(store: Store) {
  const goldens = await store.goldens("contact", null, 1_000);
  return goldens.map(({ links }) => links.map(({ system, id }) => `${system}/${id}`).sort());
}

test("who comes by another mailbox from another system is linked, in one batch or in the next", async () => {
  const store = createMemoryStore();
  const worker = workerOn(store);
  await store.receive([said("crm", "1", person(1)), said("db", "1", elsewhere(person(1)))], []);
  await worker.step(100);
  await store.receive([said("crm", "2", person(2))], []);
  await worker.step(100);
  await store.receive([said("db", "2", elsewhere(person(2)))], []);
  await worker.step(100);
  expect((await goldensIn(store)).sort()).toEqual([
    ["crm/1", "db/1"],
    ["crm/2", "db/2"],
  ]);
});

test("who was held for what it resembles is read again, by all that is known then", async () => {
  const store = createMemoryStore();
  const worker = workerOn(store);
  await store.receive([said("crm", "1", person(1))], []);
  await worker.step(100);
  // A name alone says little.
  const half = { ...person(1), email: "", street: "", city: "", born: "" };
  await store.receive([said("db", "1", half), said("db", "2", person(2))], []);
  await worker.step(100);
  expect(await store.holds({ kind: "duplicate", status: "open", limit: 10 })).toMatchObject([{ ref: { id: "1" } }]);
  expect(await lookAgain(depsWith(store))).toBe(1);
  const [item] = await store.claim(10, machineClock.now(), 1_000);
  expect(item?.observation).toMatchObject({ kind: "hint", ref: { system: "db", id: "1" } });
});

test("switched on later, matching knows those who were there before", async () => {
  const store = createMemoryStore();
  await store.receive([said("crm", "1", person(1))], []);
  await workerOn(store, policyWith(null)).step(100);
  await fileGoldens(depsWith(store), new AbortController().signal);
  await store.receive([said("db", "1", elsewhere(person(1)))], []);
  await workerOn(store).step(100);
  expect(await goldensIn(store)).toEqual([["crm/1", "db/1"]]);
});

describe("one person who comes from two systems at once, to two workers, by different mailboxes", () => {
  const people = 160;
  const batch = 40;
  const race = async (stores: readonly [Store, Store]) => {
    const [first, second] = stores.map((store) => workerOn(store));
    // Each of the two claims the same people from another system.
    for (let from = 0; from < people; from += batch) {
      const some = Array.from({ length: batch }, (_, i) => from + i);
      await stores[0].receive(
        some.map((i) => said("crm", String(i), person(i))),
        [],
      );
      await stores[0].receive(
        some.map((i) => said("db", String(i), elsewhere(person(i)))),
        [],
      );
    }
    let waiting = true;
    while (waiting) {
      const claimed = await Promise.all([first, second].map((worker) => worker?.step(batch)));
      waiting = claimed.some((count) => (count ?? 0) > 0);
    }
    const expected = Array.from({ length: people }, (_, i) => [`crm/${i}`, `db/${i}`]);
    const byId = (a: readonly string[], b: readonly string[]) => (a.join() < b.join() ? -1 : 1);
    expect((await goldensIn(stores[0])).sort(byId)).toEqual(expected.sort(byId));
    expect(await stores[0].holds({ kind: "duplicate", status: "open", limit: 10 })).toEqual([]);
  };

  test("becomes one golden record in one process", async () => {
    const store = createMemoryStore();
    await race([store, store]);
  });

  test("becomes one golden record on a PostgreSQL", async () => {
    const url = await freshDatabase();
    const stores = [await openPostgresStore(url), await openPostgresStore(url)] as const;
    try {
      await stores[0].migrate();
      await race(stores);
    } finally {
      for (const store of stores) await store.close();
    }
  }, 60_000);
});
