import fc from "fast-check";
import type { Filing } from "../../core/match/nominate.ts";
import type { GoldenRecord } from "../../model/golden.ts";
import { recordKey } from "../../model/record.ts";
import type { CommitUnit, InboxItem, Lane, Outcome, Store } from "../../ports/store.ts";
import {
  sampleDue,
  sampleFields,
  sampleGolden,
  sampleHold,
  sampleItem,
  sampleLine,
  sampleLink,
  sampleRef,
  sampleUnit,
  t0,
} from "../../ports/testing/store-samples.ts";

const names = ["a", "b", "c", "d"] as const;
const systems = ["crm", "db"] as const;
const blocks = [7, 8, 2 ** 47 - 1];
const keys = ["k1", "k2", "k3", "nul\u0000"] as const;
const leaseMs = 50;

type UnitAsked = {
  readonly golden: string | null;
  /** Added to the version that would fit. */
  readonly off: number;
  readonly links: readonly {
    readonly system: string;
    readonly id: string | null;
    readonly alias: string | null;
    readonly deleted: boolean;
    readonly behind: boolean;
  }[];
  readonly keys: readonly string[] | null;
  readonly shared: readonly string[];
  readonly filing: Filing | null;
  readonly due: readonly { readonly system: string; readonly inMs: number; readonly lane: Lane }[];
  readonly lines: readonly string[];
  readonly hold: {
    readonly id: string;
    readonly open: boolean;
    readonly onGolden: boolean;
    readonly isOld: boolean;
  } | null;
  /** Commits only together with the others of its group. */
  readonly group: string | null;
  readonly pin: { readonly record: string; readonly golden: string } | null;
  readonly dead: string | null;
  readonly closed: string | null;
  /** Which of the claimed observations it ends or postpones. */
  readonly done: readonly number[];
  readonly postponed: readonly { readonly which: number; readonly inMs: number }[];
  readonly hint: string | null;
  readonly wake: readonly string[];
  readonly fresh: string | null;
};

export type Step =
  | {
      readonly kind: "receive";
      readonly items: readonly {
        readonly record: string;
        readonly lane: Lane;
        readonly inMs: number;
        readonly dedupe: string | null;
      }[];
    }
  | { readonly kind: "claim"; readonly limit: number }
  | { readonly kind: "claim-due"; readonly system: string; readonly limit: number }
  | { readonly kind: "commit"; readonly units: readonly UnitAsked[] }
  | { readonly kind: "pass"; readonly ms: number };

/** What may be asked of a store, in any order. */
export function steps(): fc.Arbitrary<readonly Step[]> {
  const name = fc.constantFrom(...names);
  const lane = fc.constantFrom<Lane>(0, 1, 2);
  const maybe = <T>(arb: fc.Arbitrary<T>) => fc.option(arb, { nil: null, freq: 2 });
  const few = <T>(arb: fc.Arbitrary<T>) => fc.array(arb, { maxLength: 3 });
  const link = fc.record({
    system: fc.constantFrom(...systems),
    id: maybe(name),
    alias: maybe(name),
    deleted: fc.boolean(),
    behind: fc.boolean(),
  });
  const unit = fc.record({
    golden: maybe(name),
    off: fc.constantFrom(0, 0, 0, 0, -1, 1),
    links: few(link),
    keys: maybe(fc.uniqueArray(fc.constantFrom(...keys))),
    shared: few(fc.constantFrom(...keys)),
    filing: maybe(fc.record({ keys: fc.uniqueArray(fc.constantFrom(...blocks)), says: name })).map(
      (one) => one && { ...one, says: one.keys.length === 0 ? "" : one.says },
    ),
    due: few(fc.record({ system: fc.constantFrom(...systems), inMs: fc.nat(80), lane })),
    lines: few(name),
    hold: maybe(
      fc.record({
        id: name,
        open: fc.boolean(),
        onGolden: fc.boolean(),
        isOld: fc.constantFrom(false, false, false, true),
      }),
    ),
    group: fc.constantFrom(null, null, null, "x", "y"),
    pin: maybe(fc.record({ record: name, golden: fc.constantFrom(...names, "new") })),
    dead: maybe(name),
    closed: maybe(name),
    done: few(fc.nat(5)),
    postponed: few(fc.record({ which: fc.nat(5), inMs: fc.nat(80) })),
    hint: maybe(name),
    wake: few(name),
    fresh: maybe(name),
  });
  const received = fc.record({
    record: name,
    lane,
    inMs: fc.constantFrom(0, 0, 0, 20),
    dedupe: maybe(fc.constantFrom(...names)),
  });
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("receive" as const), items: few(received) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("claim" as const), limit: fc.integer({ min: 1, max: 4 }) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant("claim-due" as const),
        system: fc.constantFrom(...systems),
        limit: fc.integer({ min: 1, max: 3 }),
      }),
    },
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constant("commit" as const),
        units: fc.array(unit, { minLength: 1, maxLength: 3 }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("pass" as const), ms: fc.constantFrom(1, 10, 60) }) },
  );
  return fc.array(step, { maxLength: 25 });
}

/** Plays the steps on a store; everything it answers, and everything that can be asked of it after each step. */
export async function answers(store: Store, asked: readonly Step[]): Promise<unknown[]> {
  const said: unknown[] = [];
  const play = { now: t0, count: 0, claimed: [] as InboxItem[] };
  for (const step of asked) {
    // No two things are due at the same time: stores need not agree on which of those goes first.
    play.count++;
    said.push([step.kind, await take(store, step, play)], await everything(store, play.now));
  }
  return said;
}

type Play = { now: number; count: number; claimed: InboxItem[] };

async function take(store: Store, step: Step, play: Play): Promise<unknown> {
  switch (step.kind) {
    case "pass":
      play.now += step.ms;
      return null;
    case "receive": {
      const items = step.items.map(({ record, lane, inMs, dedupe }, i) =>
        sampleItem(`${play.count}.${i}`, record, {
          lane,
          dedupeKey: dedupe,
          receivedAt: play.now,
          dueAt: play.now + inMs,
        }),
      );
      return store.receive(items, [{ name: "feed", value: `${play.count}`, at: play.now }]);
    }
    case "claim": {
      const items = await store.claim(step.limit, play.now, leaseMs);
      play.claimed.push(...items);
      return items;
    }
    case "claim-due":
      return store.claimDue(step.system, step.limit, play.now, leaseMs);
    case "commit": {
      const ids = step.units.flatMap((unit) => unit.golden ?? []);
      const { goldens } = await store.load({ records: [], keys: [], ids });
      const units = step.units.map((unit, i) => unitOf(unit, goldens, play, `${play.count}.${i}`));
      return store.commit(units, [{ name: "feed", value: `${play.count}`, at: play.now }]);
    }
  }
}

const outcomeNames: readonly Outcome[] = ["applied", "no-op", "superseded", "held", "dead"];

function unitOf(asked: UnitAsked, goldens: ReadonlyMap<string, GoldenRecord>, play: Play, at: string): CommitUnit {
  const taken = (which: number) => play.claimed.at(-1 - which)?.id;
  const golden =
    asked.golden === null
      ? null
      : sampleGolden(asked.golden, {
          entity: asked.golden === "d" ? "company" : "contact",
          version: (goldens.get(asked.golden)?.version ?? 0) + 1 + asked.off,
          fields: sampleFields({ name: `${asked.golden} ${at}`, same: "Same" }),
          links: asked.links.map(({ system, id, alias, deleted, behind }) =>
            sampleLink(id, {
              system,
              aliases: alias === null ? [] : [alias],
              behindSince: behind ? play.now : null,
              ...(deleted ? { status: "deleted" as const } : {}),
            }),
          ),
        });
  const hold = asked.hold;
  const fresh =
    asked.fresh === null ? [] : [sampleItem(`fresh ${at}`, asked.fresh, { receivedAt: play.now, dueAt: play.now })];
  return sampleUnit({
    ...(asked.group === null ? {} : { group: asked.group }),
    golden,
    keys: golden === null ? null : asked.keys,
    sharedKeys: asked.shared,
    filing: golden === null ? null : asked.filing,
    due:
      golden === null
        ? []
        : asked.due.map(({ system, inMs, lane }, i) =>
            sampleDue(system, { lane, dueAt: play.now + inMs + play.count / 100 + i / 1000 + Number(at) / 1e6 }),
          ),
    journal: asked.lines.map((field, i) => sampleLine(golden?.id ?? "none", { field, at: play.now - (i % 2), to: at })),
    holds:
      hold === null
        ? []
        : [
            sampleHold(hold.id, {
              ref: sampleRef(hold.id),
              goldenId: hold.onGolden ? "a" : null,
              status: hold.open ? "open" : "closed",
              revision: hold.isOld ? 1 : play.count,
              matches: ["b"],
              reason: at,
            }),
          ],
    pins: asked.pin === null ? [] : [{ ref: sampleRef(asked.pin.record), goldenId: asked.pin.golden }],
    deadLetters:
      asked.dead === null
        ? []
        : [
            {
              id: asked.dead,
              kind: "write",
              ref: null,
              goldenId: null,
              payload: at,
              code: "BUG",
              closed: null,
              reason: at,
              tries: 1,
              at: play.now,
            },
          ],
    closedLetters:
      asked.closed === null
        ? []
        : [{ id: asked.closed, closed: { how: "discarded", at: play.now, by: "ann", reason: at } }],
    done: [
      ...fresh.map(({ id }) => ({ inboxId: id, outcome: "applied" as const })),
      ...asked.done.flatMap((which) => {
        const inboxId = taken(which);
        return inboxId === undefined ? [] : [{ inboxId, outcome: outcomeNames[which % 5] ?? "dead" }];
      }),
    ],
    postponed: asked.postponed.flatMap(({ which, inMs }) => {
      const inboxId = taken(which);
      return inboxId === undefined ? [] : [{ inboxId, dueAt: play.now + inMs }];
    }),
    inbox: asked.hint === null ? [] : [sampleItem(`hint ${at}`, asked.hint, { receivedAt: play.now, dueAt: play.now })],
    wake: asked.wake.map((record) => sampleRef(record)),
    fresh,
  });
}

/** Who is filed under which blocking key. Marks are each store's own. */
async function filedUnder(store: Store) {
  const looking = [...blocks.map((key) => [key]), blocks];
  const { nominees, says, sizes } = await store.nominate(looking.map((keys) => ({ keys, among: 1_000 })));
  const rounded = nominees.map((some) => some.map(({ id, weight }) => [id, weight.toFixed(6)]));
  return { nominees: rounded, says: Object.fromEntries(says), sizes: Object.fromEntries(sizes) };
}

/** All that can be asked of a store without changing it. */
export async function everything(store: Store, now: number): Promise<unknown> {
  const records = systems.flatMap((system) => names.map((name) => sampleRef(name, system)));
  const { queued, ...loaded } = await store.load({ records, keys, ids: names, queued: records });
  const next = await store.nextDueAt(systems);
  return {
    loaded: Object.fromEntries(
      Object.entries(loaded).map(([part, found]: [string, ReadonlyMap<string, unknown>]) => [
        part,
        Object.fromEntries(found),
      ]),
    ),
    queued: [...queued].sort(),
    // All that has passed is the same: it can be claimed now.
    next: next === null ? null : Math.max(next, now),
    inbox: await store.nextDueAt([]).then((at) => (at === null ? null : Math.max(at, now))),
    filed: await filedUnder(store),
    cursor: await store.cursor("feed"),
    counts: await store.counts(now),
    holds: await store.holds({ limit: 99 }),
    openHolds: await store.holds({ limit: 2, status: "open", after: "b" }),
    journal: await store.journal({ limit: 99 }),
    someJournal: await store.journal({ limit: 3, goldenId: "a", since: now - 9, until: now, after: 1 }),
    latest: await store.journal({ limit: 3, newestFirst: true, before: 5 }),
    groups: await store.holdGroups(),
    behind: (await store.behind("crm", 3)).map((golden) => golden.id),
    deadLetters: await store.deadLetters({ limit: 3 }),
    goldens: await store.goldens("contact", "a", 2),
    found: [
      await store.search("same", 3),
      await store.search(recordKey(sampleRef("a")), 3),
      await store.search("a", 9),
      await store.search("sa", 9, "start"),
    ],
    linked: await store.linkedIds("crm", "contacts", "a", 9),
  };
}
