import type { GoldenRecord } from "../src/model/golden.ts";
import type { Hold } from "../src/model/hold.ts";
import type { JournalEntry } from "../src/model/journal.ts";
import { sameValue } from "../src/model/value.ts";
import type { ChangeBatch } from "../src/ports/connector.ts";
import type { Attempt, CommitUnit, CursorRow, DeadLetter, InboxItem, Outcome, Store } from "../src/ports/store.ts";

/**
 * What was committed, noted beside the store by nobody who could gain from it. Checks at once what must hold at every commit, and keeps the rest
 * for the checkers.
 */
export type Ledger = {
  /** The store as a process uses it, by its name. */
  storeOf(process: string): Store;
  readonly goldens: ReadonlyMap<string, GoldenRecord>;
  readonly journal: readonly JournalEntry[];
  /** Every state that a hold was ever committed in. */
  readonly holds: readonly Hold[];
  readonly attempts: ReadonlyMap<string, Attempt>;
  readonly items: ReadonlyMap<string, { readonly item: InboxItem; outcome: Outcome | null }>;
  readonly deadLetters: readonly DeadLetter[];
  /** Golden records that each record ever belonged to, by `system/id`. */
  readonly goldensOf: ReadonlyMap<string, ReadonlySet<string>>;
  /** Records that were merged away, as `system/id`, as soon as their merging has changed a golden record. */
  readonly mergedAway: ReadonlySet<string>;
  readonly cursors: ReadonlyMap<string, string>;
  readonly failures: readonly string[];
  /** Ids of vendor events that were stored. */
  readonly events: ReadonlySet<string>;
  /** Those that came more than once. */
  readonly repeated: ReadonlySet<string>;
  onPull(process: string, system: string, batch: ChangeBatch): void;
};

/** `onCommit` hears of every unit, with the golden record as it was before. */
export function newLedger(
  store: Store,
  onCommit: (unit: CommitUnit, before: GoldenRecord | undefined) => void,
): Ledger {
  const goldens = new Map<string, GoldenRecord>();
  const journal: JournalEntry[] = [];
  const holds: Hold[] = [];
  const attempts = new Map<string, Attempt>();
  const items = new Map<string, { readonly item: InboxItem; outcome: Outcome | null }>();
  const deadLetters: DeadLetter[] = [];
  const goldensOf = new Map<string, Set<string>>();
  const mergedAway = new Set<string>();
  const cursors = new Map<string, string>();
  const failures: string[] = [];
  const events = new Set<string>();
  const repeated = new Set<string>();
  const pulled = new Map<string, number>();
  /** What each process has stored or decided of each system since it last pulled there, hints apart. */
  const taken = new Map<string, number>();

  const take = (item: InboxItem) => {
    if (item.dedupeKey !== null) {
      if (events.has(item.dedupeKey)) return void repeated.add(item.dedupeKey);
      events.add(item.dedupeKey);
    }
    if (!items.has(item.id)) items.set(item.id, { item, outcome: null });
  };
  const takeGolden = (golden: GoldenRecord) => {
    const before = goldens.get(golden.id);
    if (golden.version !== (before?.version ?? 0) + 1)
      failures.push(`I7: ${golden.id} went from version ${before?.version ?? 0} to ${golden.version}`);
    for (const [field, was] of Object.entries(before?.fields ?? {})) {
      const now = golden.fields[field];
      if (now === undefined || now.version < was.version) failures.push(`I7: ${golden.id}.${field} fell in version`);
      else if (now.version === was.version && !sameValue(now.value, was.value))
        failures.push(`I7: ${golden.id}.${field} changed within version ${now.version}`);
    }
    goldens.set(golden.id, golden);
    for (const { system, id, aliases } of golden.links) {
      for (const one of id === null ? [] : [id, ...aliases]) {
        const key = `${system}/${one}`;
        const known = goldensOf.get(key) ?? new Set();
        goldensOf.set(key, known.add(golden.id));
      }
    }
  };
  const takeAttempt = (attempt: Attempt) => {
    const before = attempts.get(attempt.id);
    if (before === undefined && attempt.result !== "intent")
      failures.push(`I12: attempt ${attempt.id} ends as ${attempt.result} without an intent`);
    attempts.set(attempt.id, attempt);
  };
  const finish = (id: string, outcome: Outcome) => {
    const entry = items.get(id);
    if (entry === undefined) failures.push(`I9: ${id} ends as ${outcome}, but was never taken in`);
    else entry.outcome ??= outcome;
  };
  const takeUnit = (unit: CommitUnit) => {
    unit.fresh.forEach(take);
    const before = goldens.get(unit.golden?.id ?? "");
    if (unit.golden !== null) takeGolden(unit.golden);
    journal.push(...unit.journal);
    holds.push(...unit.holds);
    unit.attempts.forEach(takeAttempt);
    for (const { inboxId, outcome } of unit.done) finish(inboxId, outcome);
    deadLetters.push(...unit.deadLetters);
    unit.inbox.forEach(take);
    onCommit(unit, before);
    for (const { inboxId, outcome } of unit.done) if (outcome === "applied") noteMerge(inboxId);
  };
  const noteMerge = (inboxId: string) => {
    const observation = items.get(inboxId)?.item.observation;
    if (observation?.kind !== "merge") return;
    for (const id of observation.losers) mergedAway.add(`${observation.ref.system}/${id}`);
  };

  const checkHalves = (committed: readonly CommitUnit[], stale: readonly CommitUnit[]) => {
    const causes = new Set(stale.flatMap((unit) => unit.journal.map((line) => line.cause)));
    const half = committed.flatMap((unit) => unit.journal).find((line) => causes.has(line.cause));
    if (half !== undefined) failures.push(`I12: of what ${half.cause} led to, one half was stored without the other`);
  };

  const count = (process: string, received: readonly InboxItem[]) => {
    for (const { observation } of received) {
      const key = `${process}: ${observation.ref.system}`;
      if (observation.kind !== "hint") taken.set(key, (taken.get(key) ?? 0) + 1);
    }
  };
  const place = (process: string, rows: readonly CursorRow[]) => {
    for (const { name, value } of rows) {
      cursors.set(name, value);
      const expected = pulled.get(`${process}: ${name}=${value}`);
      const count = taken.get(`${process}: ${name.slice("feed/".length)}`) ?? 0;
      if (expected !== undefined && count < expected)
        failures.push(`I7: the place ${name}=${value} was stored with ${count} of ${expected} events`);
    }
  };

  return {
    goldens,
    journal,
    holds,
    attempts,
    items,
    deadLetters,
    goldensOf,
    mergedAway,
    cursors,
    failures,
    events,
    repeated,
    onPull(process, system, { cursor, observations }) {
      pulled.set(`${process}: feed/${system}=${cursor}`, observations.filter((one) => one.kind !== "hint").length);
      taken.set(`${process}: ${system}`, 0);
    },
    storeOf: (process) => ({
      ...store,
      async receive(received, rows) {
        const result = await store.receive(received, rows);
        received.forEach(take);
        count(process, received);
        place(process, rows);
        return result;
      },
      async commit(units, rows = []) {
        const results = await store.commit(units, rows);
        checkHalves(
          units.filter((_, i) => results[i]?.kind === "committed"),
          units.filter((_, i) => results[i]?.kind !== "committed"),
        );
        units.forEach((unit, i) => {
          const isCommitted = results[i]?.kind === "committed";
          count(process, isCommitted ? [...unit.fresh, ...unit.inbox] : unit.fresh);
          if (isCommitted) takeUnit(unit);
          else unit.fresh.forEach(take);
        });
        place(process, rows);
        return results;
      },
      async setCursors(rows) {
        for (const { name, value, isFirst } of rows) {
          if (isFirst !== true || !cursors.has(name)) cursors.set(name, value);
          if (isFirst !== true && name.startsWith("feed/"))
            failures.push(`I7: the place ${name}=${value} was set by itself`);
        }
        return store.setCursors(rows);
      },
    }),
  };
}
