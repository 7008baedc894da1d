import type { GoldenId, GoldenRecord } from "../../model/golden.ts";
import type { Hold, HoldKind } from "../../model/hold.ts";
import type { JournalEntry } from "../../model/journal.ts";
import { type RecordKey, recordKey, type SystemId } from "../../model/record.ts";
import type { Instant } from "../../model/time.ts";
import type {
  Attempt,
  CommitResult,
  CommitUnit,
  DeadLetter,
  DueLink,
  InboxItem,
  Outcome,
  Store,
} from "../../ports/store.ts";

type Inboxed = { item: InboxItem; readonly sequence: number; dueAt: Instant; leasedUntil: Instant };
type Due = DueLink & { leasedUntil: Instant };

/**
 * A store in memory, for simulation, dry runs and policy replay: the semantics of the durable ones, nothing kept after the process. Values are
 * read-only by type, so they are shared, not copied.
 */
export function createMemoryStore(): Store {
  const goldens = new Map<GoldenId, GoldenRecord>();
  const byRecord = new Map<RecordKey, GoldenId>();
  const byKey = new Map<string, GoldenId>();
  const keysOf = new Map<GoldenId, readonly string[]>();
  const due = new Map<GoldenId, readonly Due[]>();
  const inbox = new Map<string, Inboxed>();
  const dedupe = new Set<string>();
  const holds = new Map<string, { hold: Hold; readonly sequence: number }>();
  const journal: (JournalEntry & { sequence: number })[] = [];
  const attempts = new Map<string, Attempt>();
  const pins = new Map<RecordKey, GoldenId | "new">();
  const cursors = new Map<string, string>();
  const dead = new Map<string, DeadLetter>();
  const outcomes: Record<Outcome, number> = { applied: 0, "no-op": 0, superseded: 0, held: 0, dead: 0 };
  let sequence = 0;

  const take = (item: InboxItem): boolean => {
    if (item.dedupeKey !== null && dedupe.has(item.dedupeKey)) return false;
    if (item.dedupeKey !== null) dedupe.add(item.dedupeKey);
    inbox.set(item.id, { item, sequence: ++sequence, dueAt: item.dueAt, leasedUntil: 0 });
    return true;
  };

  const recordsOf = (golden: GoldenRecord): RecordKey[] =>
    golden.links.flatMap((link) =>
      link.id === null
        ? []
        : [link.id, ...link.aliases].map((id) => recordKey({ system: link.system, object: link.object, id })),
    );

  const isStale = ({ golden, keys, sharedKeys }: CommitUnit): boolean => {
    if (golden === null) return false;
    if ((goldens.get(golden.id)?.version ?? 0) !== golden.version - 1) return true;
    const isOthers = (owner: GoldenId | undefined) => owner !== undefined && owner !== golden.id;
    if (recordsOf(golden).some((key) => isOthers(byRecord.get(key)))) return true;
    return (keys ?? []).some((key) => !sharedKeys.includes(key) && isOthers(byKey.get(key)));
  };

  const putGolden = (golden: GoldenRecord, unit: CommitUnit) => {
    for (const key of recordsOf(goldens.get(golden.id) ?? golden))
      if (byRecord.get(key) === golden.id) byRecord.delete(key);
    for (const key of recordsOf(golden)) byRecord.set(key, golden.id);
    if (unit.keys !== null) {
      for (const key of keysOf.get(golden.id) ?? []) if (byKey.get(key) === golden.id) byKey.delete(key);
      for (const key of unit.keys) if (!byKey.has(key)) byKey.set(key, golden.id);
      keysOf.set(golden.id, unit.keys);
    }
    goldens.set(golden.id, golden);
    due.set(
      golden.id,
      unit.due.map((row) => ({ ...row, leasedUntil: 0 })),
    );
  };

  const apply = (unit: CommitUnit) => {
    if (unit.golden !== null) putGolden(unit.golden, unit);
    for (const line of unit.journal) journal.push({ ...line, sequence: journal.length + 1 });
    for (const hold of unit.holds) holds.set(hold.id, { hold, sequence: holds.get(hold.id)?.sequence ?? ++sequence });
    for (const pin of unit.pins) pins.set(recordKey(pin.ref), pin.goldenId);
    for (const attempt of unit.attempts) attempts.set(attempt.id, attempt);
    for (const letter of unit.deadLetters) dead.set(letter.id, letter);
    for (const { inboxId, outcome } of unit.done) {
      // Done twice (its worker was slow and another took over) counts once.
      if (inbox.delete(inboxId)) outcomes[outcome]++;
    }
    for (const { inboxId, dueAt } of unit.postponed) {
      const row = inbox.get(inboxId);
      if (row !== undefined)
        Object.assign(row, { dueAt, leasedUntil: 0, item: { ...row.item, tries: row.item.tries + 1 } });
    }
    for (const item of unit.inbox) take(item);
    const woken = new Set(unit.wake.map(recordKey));
    if (woken.size > 0)
      for (const row of inbox.values())
        if (woken.has(recordKey(row.item.observation.ref))) row.dueAt = Math.min(row.dueAt, row.item.receivedAt);
  };

  const release = (unit: CommitUnit) => {
    for (const { inboxId } of [...unit.done, ...unit.postponed]) {
      const row = inbox.get(inboxId);
      if (row !== undefined) row.leasedUntil = 0;
    }
  };

  return {
    exclusive: true,
    migrate: async () => undefined,
    async recover(dueAt) {
      for (const row of inbox.values()) row.leasedUntil = 0;
      for (const [id, links] of due)
        due.set(
          id,
          links.map((row) => ({ ...row, leasedUntil: 0, dueAt: Math.min(row.dueAt, dueAt) })),
        );
    },
    async receive(items, rows) {
      const stored = items.filter(take).length;
      for (const row of rows) cursors.set(row.name, row.value);
      return { stored, repeated: items.length - stored };
    },
    async claim(limit, now, leaseMs) {
      const leased = new Set<RecordKey>();
      for (const row of inbox.values()) if (row.leasedUntil > now) leased.add(recordKey(row.item.observation.ref));
      const rows = [...inbox.values()]
        .filter((row) => row.dueAt <= now && row.leasedUntil <= now && !leased.has(recordKey(row.item.observation.ref)))
        .sort((a, b) => a.item.lane - b.item.lane || a.sequence - b.sequence)
        .slice(0, limit);
      for (const row of rows) row.leasedUntil = now + leaseMs;
      return rows.sort((a, b) => a.sequence - b.sequence).map((row) => row.item);
    },
    async load({ records, keys, ids }) {
      const found = new Map<GoldenId, GoldenRecord>();
      const add = (id: GoldenId | undefined) => {
        const golden = id === undefined ? undefined : goldens.get(id);
        if (golden !== undefined) found.set(golden.id, golden);
        return golden?.id;
      };
      const loaded = {
        byRecord: new Map<RecordKey, GoldenId>(),
        byKey: new Map<string, GoldenId>(),
        holds: new Map<RecordKey, Hold>(),
        pins: new Map<RecordKey, GoldenId | "new">(),
      };
      const wanted = new Set(records.map(recordKey));
      for (const key of wanted) {
        const id = add(byRecord.get(key));
        if (id !== undefined) loaded.byRecord.set(key, id);
        const pin = pins.get(key);
        if (pin !== undefined) loaded.pins.set(key, pin);
        if (pin !== undefined && pin !== "new") add(pin);
      }
      for (const { hold } of holds.values()) {
        if (hold.status !== "open" || hold.goldenId !== null || hold.ref === null || !wanted.has(recordKey(hold.ref)))
          continue;
        loaded.holds.set(recordKey(hold.ref), hold);
        for (const id of hold.matches) add(id);
      }
      for (const key of keys) {
        const id = add(byKey.get(key));
        if (id !== undefined) loaded.byKey.set(key, id);
      }
      for (const id of ids) add(id);
      return { goldens: found, ...loaded };
    },
    async commit(units) {
      return units.map((unit): CommitResult => {
        if (isStale(unit)) {
          release(unit);
          return { kind: "stale" };
        }
        apply(unit);
        return { kind: "committed" };
      });
    },
    async claimDue(system, limit, now, leaseMs) {
      const rows = [...due].flatMap(([id, links]) =>
        links
          .filter((row) => row.system === system && row.dueAt <= now && row.leasedUntil <= now)
          .map((row) => ({ id, row })),
      );
      rows.sort((a, b) => a.row.lane - b.row.lane || a.row.dueAt - b.row.dueAt);
      const claimed = rows.slice(0, limit);
      for (const { row } of claimed) row.leasedUntil = now + leaseMs;
      return [...new Set(claimed.map(({ id }) => id))].flatMap((id) => goldens.get(id) ?? []);
    },
    async nextDueAt(systems) {
      let next: Instant | null = null;
      const consider = (at: Instant) => {
        if (next === null || at < next) next = at;
      };
      const leased = new Map<RecordKey, Instant>();
      for (const row of inbox.values()) {
        const key = recordKey(row.item.observation.ref);
        leased.set(key, Math.max(leased.get(key) ?? 0, row.leasedUntil));
      }
      for (const row of inbox.values())
        consider(Math.max(row.dueAt, leased.get(recordKey(row.item.observation.ref)) ?? 0));
      for (const links of due.values())
        for (const row of links) if (systems.includes(row.system)) consider(Math.max(row.dueAt, row.leasedUntil));
      return next;
    },
    cursor: async (name) => cursors.get(name) ?? null,
    async setCursors(rows) {
      for (const row of rows) cursors.set(row.name, row.value);
    },
    hold: async (id) => holds.get(id)?.hold ?? null,
    async holds({ kind, entity, status, after, limit }) {
      const place = after === undefined ? 0 : (holds.get(after)?.sequence ?? 0);
      return [...holds.values()]
        .filter(
          ({ hold, sequence: at }) =>
            at > place &&
            (kind === undefined || hold.kind === kind) &&
            (entity === undefined || hold.entity === entity) &&
            (status === undefined || hold.status === status),
        )
        .sort((a, b) => a.sequence - b.sequence)
        .slice(0, limit)
        .map(({ hold }) => hold);
    },
    async journal({ goldenId, field, kind, ref, since, until, after = 0, limit }) {
      const matches = (line: JournalEntry & { sequence: number }) =>
        line.sequence > after &&
        (goldenId === undefined || line.goldenId === goldenId) &&
        (field === undefined || line.field === field) &&
        (kind === undefined || line.kind === kind) &&
        (ref === undefined || (line.ref !== null && recordKey(line.ref) === recordKey(ref))) &&
        (since === undefined || line.at >= since) &&
        (until === undefined || line.at < until);
      return journal.filter(matches).slice(0, limit);
    },
    deadLetters: async (limit) => [...dead.values()].slice(0, limit),
    async goldens(entity, after, limit) {
      const ids = [...goldens.keys()].filter((id) => after === null || id > after).sort();
      return ids
        .flatMap((id) => goldens.get(id) ?? [])
        .filter((golden) => entity === null || golden.entity === entity)
        .slice(0, limit);
    },
    async search(wanted, limit) {
      const lower = wanted.toLowerCase();
      const has = (golden: GoldenRecord) =>
        golden.id === wanted ||
        golden.links.some((link) => link.id === wanted) ||
        Object.values(golden.fields).some(({ value }) => typeof value === "string" && value.toLowerCase() === lower);
      return [...goldens.values()].filter(has).slice(0, limit);
    },
    async linkedIds(system, object, after, limit) {
      const rows = [...goldens.values()].flatMap((golden) =>
        golden.links.flatMap((link) =>
          link.system === system && link.object === object && link.status === "linked" && link.id !== null
            ? [{ id: link.id, goldenId: golden.id }]
            : [],
        ),
      );
      return rows
        .filter((row) => after === null || row.id > after)
        .sort((a, b) => (a.id < b.id ? -1 : 1))
        .slice(0, limit);
    },
    async counts() {
      const behind: Record<SystemId, { count: number; oldestAt: Instant | null }> = {};
      const links: Record<SystemId, number> = {};
      const kinds: Partial<Record<HoldKind, number>> = {};
      const entities: Record<string, number> = {};
      for (const golden of goldens.values()) {
        entities[golden.entity] = (entities[golden.entity] ?? 0) + 1;
        for (const link of golden.links) {
          if (link.status === "linked") links[link.system] = (links[link.system] ?? 0) + 1;
          if (link.behindSince === null) continue;
          const one = behind[link.system] ?? { count: 0, oldestAt: null };
          behind[link.system] = {
            count: one.count + 1,
            oldestAt: Math.min(one.oldestAt ?? link.behindSince, link.behindSince),
          };
        }
      }
      for (const { hold } of holds.values()) if (hold.status === "open") kinds[hold.kind] = (kinds[hold.kind] ?? 0) + 1;
      const waiting = [...inbox.values()].map((row) => row.item.receivedAt);
      return {
        goldens: entities,
        inbox: inbox.size,
        inboxOldestAt: waiting.length === 0 ? null : Math.min(...waiting),
        outcomes: { ...outcomes },
        holds: kinds,
        deadLetters: dead.size,
        behind,
        links,
      };
    },
    close: async () => undefined,
  };
}
