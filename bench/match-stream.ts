import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { machineClock, machineRandom } from "../src/clock/machine.ts";
import { decide } from "../src/core/decide.ts";
import { fieldRoles } from "../src/core/match/field-roles.ts";
import { randomFrom } from "../src/core/match/scored/estimate.ts";
import { observe } from "../src/core/observe.ts";
import { testPolicy } from "../src/core/testing/policy.ts";
import { goldenUnit } from "../src/engine/commit.ts";
import type { Deps } from "../src/engine/deps.ts";
import { createWorker } from "../src/engine/work.ts";
import type { FieldType } from "../src/model/field-type.ts";
import type { RawUpsert } from "../src/model/observation.ts";
import { mappingOf } from "../src/model/policy.ts";
import type { InboxItem, Store } from "../src/ports/store.ts";
import { openPostgresStore } from "../src/store/postgres/postgres-store.ts";
import { openSqliteStore } from "../src/store/sqlite/sqlite-store.ts";

/**
 * How fast new records are matched and stored where a million are stored already: through the inbox and a worker, as in service. Of the
 * records that come, 30 % are of somebody stored, by another mailbox or with an error. People are made from a seed, their names as unevenly common as
 * real ones. One JSON line. A file or database that is named stays, and another run fills in what is missing.
 *
 *   node bench/match-stream.ts [--stored 1000000] [--records 50000] [--batch 500] [--file truce.db | --postgres postgres://...]
 */
const { values } = parseArgs({
  options: {
    stored: { type: "string", default: "1000000" },
    records: { type: "string", default: "50000" },
    batch: { type: "string", default: "500" },
    file: { type: "string" },
    postgres: { type: "string" },
  },
});
const [stored, records, batch] = [Number(values.stored), Number(values.records), Number(values.batch)];

const types = {
  email: { kind: "email" },
  firstName: { kind: "name" },
  lastName: { kind: "name" },
  phone: { kind: "phone", country: "US" },
  company: { kind: "name" },
  street: { kind: "address" },
  city: { kind: "text" },
  postcode: { kind: "text" },
  dateOfBirth: { kind: "date" },
} as const satisfies Record<string, FieldType>;

const policy = testPolicy(
  Object.fromEntries(Object.entries(types).map(([name, type]) => [name, { type, rule: { kind: "keep" } as const }])),
  {
    systems: ["crm", "shop"],
    create: false,
    matching: { roles: fieldRoles("contact", Object.entries(types)), autoLink: 0.995, review: 0.5 },
  },
);

/** Records of one run are not those of another. */
const run = machineRandom.id();
const folder = mkdtempSync(join(tmpdir(), "truce-bench-"));
const file = values.file ?? join(folder, "truce.db");
const store = values.postgres === undefined ? await openSqliteStore(file) : await openPostgresStore(values.postgres);
await store.migrate();
// Where an earlier run has been, other people come.
const random = randomFrom(7 + (await goldensIn(store)));
const deps: Deps = {
  store,
  policy,
  connectors: new Map(),
  clock: machineClock,
  random: machineRandom,
  startedAt: machineClock.now(),
  tell: () => undefined,
};
try {
  const present = await goldensIn(store);
  const filledMs = await fill(store, present);
  const filledPerSecond = present >= stored ? null : Math.round(((stored - present) * 1_000) / filledMs);
  console.log(JSON.stringify({ bench: "match-stream", filledPerSecond, ...(await stream(store)) }));
} finally {
  await store.close();
  rmSync(folder, { recursive: true });
}

/** Puts golden records there as the worker would have, without asking whom they are like. */
async function fill(to: Store, present: number): Promise<number> {
  const started = performance.now();
  for (let from = present; from < stored; from += 1_000) {
    const units = Array.from({ length: Math.min(1_000, stored - from) }, (_, i) => {
      const seen = said("crm", `c${from + i}`, person(from + i));
      const { entity, mapping } = mappingOf(policy, "crm", "contacts")!;
      const nobody = { golden: null, hold: null, pin: null, scoring: null, freshId: machineRandom.id() };
      const none = () => undefined;
      const state = { ...nobody, goldenByKey: none, goldenById: none, goldenByRecord: none };
      const [golden] = decide(state, observe(seen, entity, mapping), policy, seen.observedAt, "fill").goldens;
      const unit = goldenUnit(deps, golden!, 2, none);
      return { ...unit, sharedKeys: unit.keys ?? [] };
    });
    await to.commit(units);
  }
  return performance.now() - started;
}

async function stream(to: Store) {
  const nothing = () => undefined;
  const goldensBefore = await goldensIn(to);
  const worker = createWorker(deps, nothing, nothing);
  // What a running process knows, and what is read from the disk for the first time.
  await play(to, worker, "warm", 5_000);
  const before = memoryMb();
  const times = await play(to, worker, "new", records);
  const { holds } = await to.counts(machineClock.now());
  const perRecord = times.map(({ ms, count }) => ms / count).sort((a, b) => a - b);
  const total = (part: "ms" | "cpuMs") => times.reduce((sum, one) => sum + one[part], 0);
  return {
    stored,
    records,
    batch,
    recordsPerSecond: Math.round((records * 1_000) / total("ms")),
    cpuMsPerRecord: rounded(total("cpuMs") / records),
    p50MsPerRecord: rounded(perRecord[Math.floor(perRecord.length / 2)]),
    p95MsPerRecord: rounded(perRecord[Math.floor(perRecord.length * 0.95)]),
    made: (await goldensIn(to)) - goldensBefore,
    held: holds.duplicate ?? 0,
    memoryMb: [before, memoryMb()],
    storeMb: values.postgres === undefined ? Math.round(statSync(file).size / 2 ** 20) : null,
  };
}

async function goldensIn(of: Store): Promise<number> {
  return (await of.counts(machineClock.now())).goldens["contact"] ?? 0;
}

type Time = { readonly count: number; readonly ms: number /** Of this thread. */; readonly cpuMs: number };

/** Returns the time that each batch took, from the inbox to its commit. */
async function play(to: Store, worker: ReturnType<typeof createWorker>, name: string, count: number): Promise<Time[]> {
  const times: Time[] = [];
  for (let from = 0; from < count; from += batch) {
    const items = Array.from({ length: Math.min(batch, count - from) }, (_, i) => {
      const isKnown = random() < 0.3;
      const cells = isKnown
        ? again(person(Math.floor(random() * stored)))
        : person(stored + Math.floor(random() * 2 ** 31));
      return itemOf(said("shop", `${run}${name}${from + i}`, cells));
    });
    const [started, cpu] = [performance.now(), process.threadCpuUsage()];
    await to.receive(items, []);
    while ((await worker.step(batch)) > 0);
    const { user, system } = process.threadCpuUsage(cpu);
    times.push({ count: items.length, ms: performance.now() - started, cpuMs: (user + system) / 1_000 });
  }
  return times;
}

function itemOf(observation: RawUpsert): InboxItem {
  const now = observation.observedAt;
  return { id: machineRandom.id(), dedupeKey: null, observation, lane: 2, receivedAt: now, dueAt: now, tries: 0 };
}

function said(system: string, id: string, cells: Person): RawUpsert {
  const ref = { system, object: "contacts", id };
  const observedAt = machineClock.now();
  return { kind: "upsert", ref, cells, complete: true, revision: null, observedAt, changedAt: null, author: null };
}

type Person = { readonly [field in keyof typeof types]: string | null };

/** Always the same person for one number. */
function person(number: number): Person {
  const chance = randomFrom(Math.imul(number, 2_654_435_761));
  const name = (kind: string, size: number) => word(kind, Math.floor(size ** chance()));
  const [firstName, lastName, city] = [name("given", 4_000), name("family", 80_000), name("city", 6_000)];
  const company = name("company", 60_000);
  const digits = (count: number) => String(Math.floor(chance() * 10 ** count)).padStart(count, "0");
  const mailbox = `${firstName}.${lastName}${chance() < 0.5 ? digits(3) : ""}`.toLowerCase();
  const sometimes = (share: number, value: string) => (chance() < share ? value : null);
  return {
    email: sometimes(0.8, `${mailbox}@${chance() < 0.5 ? "gmail.com" : `${company.toLowerCase()}.example`}`),
    firstName,
    lastName,
    phone: sometimes(0.6, `+1 ${200 + Math.floor(chance() * 700)} ${200 + Math.floor(chance() * 700)} ${digits(4)}`),
    company: sometimes(0.6, company),
    street: sometimes(0.7, `${1 + Math.floor(chance() * 900)} ${name("street", 3_000)} Street`),
    city,
    postcode: sometimes(0.9, digits(5)),
    dateOfBirth: sometimes(0.4, `${1940 + Math.floor(chance() * 65)}-0${1 + Math.floor(chance() * 9)}-1${digits(1)}`),
  };
}

/** The same person as another system has it: another mailbox, a slip, a number missing. */
function again(one: Person): Person {
  return {
    ...one,
    email: random() < 0.5 ? null : `${one.firstName?.[0]}${one.lastName}@elsewhere.example`.toLowerCase(),
    firstName: random() < 0.2 ? `${one.firstName?.slice(0, -1)}` : one.firstName,
    phone: random() < 0.3 ? null : one.phone,
  };
}

function word(kind: string, rank: number): string {
  const chance = randomFrom(rank * 7_919 + kind.length * 104_729);
  const syllables = "ba ko ri ten lu mas vel dor ni zu pra shi gol fen har ost kel mi an se tu wil der bre".split(" ");
  const text = Array.from(
    { length: 2 + Math.floor(chance() * 3) },
    () => syllables[Math.floor(chance() * syllables.length)],
  );
  return text.join("").replace(/^./u, (first) => first.toUpperCase());
}

function rounded(ms: number | undefined): number {
  return Number((ms ?? 0).toFixed(3));
}

function memoryMb(): number {
  return Math.round(process.memoryUsage().rss / 2 ** 20);
}
