import type { SeededRandom } from "../sandbox/core/random.ts";
import type { Loaded, Store } from "../src/ports/store.ts";
import type { Life } from "./life.ts";
import type { Marks } from "./marks.ts";
import type { Odds } from "./scenario.ts";
import type { VirtualClock } from "./virtual-clock.ts";

type Surroundings = {
  readonly clock: VirtualClock;
  readonly marks: Marks;
  odds(): Odds;
};

/** Calls that are made so seldom that fate must help: a process dies at them as often as at others in all. */
const rare: ReadonlySet<string> = new Set(["hold", "recover", "setCursors", "linkedIds"]);

/**
 * The store as one process sees it: each call takes a moment and may fail, with or without its effect; a dead process gets no answer. Loading
 * sees commits that come between its statements, as PostgreSQL's read committed does.
 */
export function faultyStore(
  store: Store,
  life: Life,
  exclusive: boolean,
  around: Surroundings,
  chance: SeededRandom,
): Store {
  const { clock, marks } = around;

  async function call<T>(kind: string, effect: () => Promise<T>): Promise<T> {
    const strike = (fault: string, odd: number) => {
      const struck = chance.chance(odd);
      if (struck) marks.add(`fault/store.${kind}/${fault}`);
      return struck;
    };
    const crash = () => around.odds().crash * (rare.has(kind) ? 8 : 1);
    if (strike("crash-before", crash())) life.die();
    if (life.isStopped()) await life.gate();
    if (chance.chance(0.25)) await clock.sleep(1 + chance.below(3));
    if (strike("fail-before", around.odds().storeFails)) {
      if (life.isStopped()) await life.gate();
      throw new Error("the store can't be reached");
    }
    if (life.dead && chance.chance(0.5)) await life.gate();
    const result = await effect();
    if (strike("crash-after", crash())) life.die();
    if (chance.chance(0.15)) await clock.sleep(1 + chance.below(3));
    if (life.isStopped()) await life.gate();
    if (strike("lost-reply", around.odds().commitUnknown))
      throw new Error("the connection broke; whether it was done is unknown");
    return result;
  }

  async function tornLoad(query: Parameters<Store["load"]>[0]): Promise<Loaded> {
    if (!chance.chance(around.odds().tornLoad)) return store.load(query);
    marks.add("fault/store.load/torn");
    const first = await store.load({ ...query, keys: [] });
    await clock.sleep(1 + chance.below(20));
    const second = await store.load({ records: [], keys: query.keys, ids: [] });
    return { ...first, goldens: new Map([...second.goldens, ...first.goldens]), byKey: second.byKey };
  }

  return {
    exclusive,
    migrate: () => call("migrate", () => store.migrate()),
    receive: (items, cursors) => call("receive", () => store.receive(items, cursors)),
    recover: (dueAt) => call("recover", () => store.recover(dueAt)),
    claim: (limit, now, leaseMs) => call("claim", () => store.claim(limit, now, leaseMs)),
    load: (query) => call("load", () => tornLoad(query)),
    nominate: (records) => call("nominate", () => store.nominate(records)),
    commit: (units, cursors) => call("commit", () => store.commit(units, cursors)),
    claimDue: (system, limit, now, leaseMs) => call("claimDue", () => store.claimDue(system, limit, now, leaseMs)),
    nextDueAt: (systems) => call("nextDueAt", () => store.nextDueAt(systems)),
    cursor: (name) => call("cursor", () => store.cursor(name)),
    setCursors: (cursors) => call("setCursors", () => store.setCursors(cursors)),
    hold: (id) => call("hold", () => store.hold(id)),
    holds: (filter) => call("holds", () => store.holds(filter)),
    holdGroups: () => call("holdGroups", () => store.holdGroups()),
    journal: (filter) => call("journal", () => store.journal(filter)),
    replaceLines: (lines) => call("replaceLines", () => store.replaceLines(lines)),
    forget: (what, limit) => call("forget", () => store.forget(what, limit)),
    deadLetter: (id) => call("deadLetter", () => store.deadLetter(id)),
    deadLetters: (filter) => call("deadLetters", () => store.deadLetters(filter)),
    goldens: (entity, after, limit) => call("goldens", () => store.goldens(entity, after, limit)),
    search: (text, limit, how) => call("search", () => store.search(text, limit, how)),
    linkedIds: (system, name, after, limit) => call("linkedIds", () => store.linkedIds(system, name, after, limit)),
    behind: (system, limit, entity) => call("behind", () => store.behind(system, limit, entity)),
    waiting: (limit) => call("waiting", () => store.waiting(limit)),
    counts: (now) => call("counts", () => store.counts(now)),
    document: (kind, key, now) => call("document", () => store.document(kind, key, now)),
    documents: (filter, now) => call("documents", () => store.documents(filter, now)),
    putDocuments: (changes, now) => call("putDocuments", () => store.putDocuments(changes, now)),
    close: () => store.close(),
  };
}
