import type { SeededRandom } from "../sandbox/core/random.ts";
import type { CoveredCell, RawObservation, RawUpsert } from "../src/model/observation.ts";
import { revisionOf } from "../src/model/observation.ts";
import type { RecordRef } from "../src/model/record.ts";
import { type SyncError, SyncFailure } from "../src/model/sync-error.ts";
import { type RawValue, sameRaw } from "../src/model/value.ts";
import type {
  ChangeBatch,
  Connector,
  MappedObject,
  ReadResult,
  WriteRequest,
  WriteResult,
} from "../src/ports/connector.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** What a kind of system can and can't do. */
export type Profile = {
  readonly kind: string;
  readonly conditionalWrite: boolean;
  /** Whether records carry an order of their own (LSN, modified time). */
  readonly revisions: boolean;
  readonly feed: "stream" | "poll" | "none";
  /** Covered edits can be recovered from history. */
  readonly history: boolean;
  /** The system keeps the create key, and a second create with it finds the first. */
  readonly createKey: boolean;
  readonly uniqueEmail: boolean;
  readonly deleteEvents: boolean;
  /** How long the feed lags behind the records. */
  readonly lagMs: number;
  /** Changes of one record between two looks are one event. */
  readonly coalesces: boolean;
  /** What becomes of a value that is stored here. */
  readonly keep: (cell: string, value: RawValue) => RawValue;
};

/** Odds of what goes wrong at each call, in [0, 1]. */
export type FaultOdds = {
  readonly failBefore: number;
  readonly failAfter: number;
  readonly rateLimit: number;
  readonly slow: number;
  /** Feed batches that are told again later. */
  readonly repeat: number;
  readonly shuffle: number;
};

export type SimRecord = {
  readonly id: string;
  cells: Record<string, RawValue>;
  changedAt: number;
  order: number;
  key: string | null;
  deleted: boolean;
};

/** A change as the system's own log has it; the checker reads it. */
export type Change = {
  readonly order: number;
  readonly at: number;
  readonly id: string;
  readonly by: "user" | "truce";
  readonly kind: "create" | "update" | "delete";
  readonly before: Readonly<Record<string, RawValue>>;
  readonly after: Readonly<Record<string, RawValue>>;
  /** A write that replaced something else than it was based on. */
  readonly unseen: readonly string[];
};

export type SimSystem = {
  readonly name: string;
  readonly profile: Profile;
  readonly records: Map<string, SimRecord>;
  readonly log: Change[];
  faults: FaultOdds;
  /** A connector of one engine; calls of an engine that is dead never return. */
  connect(life: { dead: boolean }): Connector;
  userCreate(cells: Record<string, RawValue>): string;
  userEdit(id: string, cells: Record<string, RawValue>): void;
  userDelete(id: string): void;
};

export const noFaults: FaultOdds = { failBefore: 0, failAfter: 0, rateLimit: 0, slow: 0, repeat: 0, shuffle: 0 };

const object = "contacts";

/** A system in memory with a connector to it; every call is a point at which the seed decides what happens. */
export function simulatedSystem(name: string, profile: Profile, clock: VirtualClock, random: SeededRandom): SimSystem {
  const records = new Map<string, SimRecord>();
  const log: Change[] = [];
  let order = 0;
  let nextId = 1;
  const ref = (id: string): RecordRef => ({ system: name, object, id });

  const change = (
    by: Change["by"],
    kind: Change["kind"],
    record: SimRecord,
    after: Record<string, RawValue>,
    unseen: readonly string[] = [],
  ) => {
    const before = Object.fromEntries(Object.keys(after).map((cell) => [cell, record.cells[cell] ?? null]));
    const kept = Object.fromEntries(Object.entries(after).map(([cell, value]) => [cell, profile.keep(cell, value)]));
    record.cells = { ...record.cells, ...kept };
    record.changedAt = clock.now();
    record.order = ++order;
    record.deleted = kind === "delete";
    log.push({ order, at: clock.now(), id: record.id, by, kind, before, after: kept, unseen });
  };
  const add = (by: Change["by"], cells: Record<string, RawValue>, key: string | null): SimRecord => {
    const record: SimRecord = { id: `${name}${nextId++}`, cells: {}, changedAt: 0, order: 0, key, deleted: false };
    records.set(record.id, record);
    change(by, "create", record, cells);
    return record;
  };
  const live = (id: string) => {
    const record = records.get(id);
    return record === undefined || record.deleted ? undefined : record;
  };
  const show = (
    record: SimRecord,
    mapped: MappedObject,
    observedAt: number,
    covered: Record<string, CoveredCell[]> = {},
  ): RawUpsert => ({
    kind: "upsert",
    ref: ref(record.id),
    cells: Object.fromEntries(mapped.cells.map(({ cell }) => [cell, record.cells[cell] ?? null])),
    complete: true,
    revision: profile.revisions ? revisionOf(record.order) : null,
    observedAt,
    changedAt: profile.revisions ? { from: record.changedAt, until: record.changedAt } : null,
    author: null,
    covered,
    ...(profile.history ? { previous: previousOf(record) } : {}),
    ...(profile.createKey && record.key !== null ? { createKey: record.key } : {}),
  });

  const previousOf = (record: SimRecord) => {
    const previous: Record<string, RawValue> = {};
    for (const one of log) if (one.id === record.id && one.order <= record.order) Object.assign(previous, one.before);
    return previous;
  };

  const system: SimSystem = {
    name,
    profile,
    records,
    log,
    faults: noFaults,
    userCreate: (cells) => add("user", cells, null).id,
    userEdit(id, cells) {
      const record = live(id);
      if (record !== undefined) change("user", "update", record, cells);
    },
    userDelete(id) {
      const record = live(id);
      if (record !== undefined) change("user", "delete", record, {});
    },
    connect,
  };
  return system;

  function connect(life: { dead: boolean }): Connector {
    /** One call to the system: it takes time, and may fail before or after its effect. */
    const call = async <T>(effect: () => T): Promise<T> => {
      const { faults } = system;
      await pause(random.chance(faults.slow) ? 5_000 + random.below(60_000) : 1 + random.below(40));
      if (random.chance(faults.rateLimit))
        fail({
          code: "RATE_LIMITED",
          retryAfterMs: random.chance(0.5) ? random.below(5_000) : null,
          message: "slow down",
        });
      if (random.chance(faults.failBefore)) fail({ code: "UNREACHABLE", message: "no connection" });
      const result = effect();
      if (life.dead) await new Promise(() => undefined);
      await pause(1 + random.below(20));
      if (random.chance(faults.failAfter)) fail({ code: "UNKNOWN_OUTCOME", message: "the answer never came" });
      return result;
    };
    const pause = async (ms: number): Promise<void> => {
      await clock.sleep(ms);
      // What a dead process had sent may still land.
      if (life.dead && random.chance(0.5)) await new Promise(() => undefined);
    };

    const pull = (cursor: string, mapped: MappedObject): ChangeBatch => {
      const from = Number(cursor);
      const news = log.filter((one) => one.order > from && one.at <= clock.now() - profile.lagMs);
      const last = news.at(-1)?.order ?? from;
      const ids = [...new Set(news.map((one) => one.id))];
      let observations: RawObservation[] = profile.coalesces
        ? ids.flatMap((id) => tell(id, mapped))
        : news.flatMap((one) => replay(one, mapped));
      if (random.chance(system.faults.repeat)) observations = [...observations, ...observations];
      if (random.chance(system.faults.shuffle)) observations = random.shuffle(observations);
      return {
        observations,
        cursor: String(last),
        caughtUp: news.length === 0 && !log.some((one) => one.order > from),
        lost: [],
      };
    };
    const tell = (id: string, mapped: MappedObject): RawObservation[] => {
      const record = records.get(id);
      if (record === undefined) return [];
      if (!record.deleted) return [show(record, mapped, clock.now())];
      return profile.deleteEvents
        ? [
            {
              kind: "delete",
              ref: ref(id),
              revision: profile.revisions ? revisionOf(record.order) : null,
              observedAt: clock.now(),
              confirmed: true,
            },
          ]
        : [];
    };
    /** The event as it was: the record's state right after it. */
    const replay = (one: Change, mapped: MappedObject): RawObservation[] => {
      if (one.kind === "delete")
        return profile.deleteEvents
          ? [
              {
                kind: "delete",
                ref: ref(one.id),
                revision: revisionOf(one.order),
                observedAt: clock.now(),
                confirmed: true,
              },
            ]
          : [];
      const cells: Record<string, RawValue> = {};
      for (const earlier of log)
        if (earlier.id === one.id && earlier.order <= one.order) Object.assign(cells, earlier.after);
      const record = { ...records.get(one.id)!, cells, order: one.order, changedAt: one.at };
      return [show(record, mapped, clock.now())];
    };

    return {
      system: name,
      label: profile.kind,
      guarantees: {
        conditionalWrite: profile.conditionalWrite,
        uniqueCreate: profile.createKey,
        history: profile.history,
        deleteEvents: profile.deleteEvents,
      },
      writeBatchMax: 10,
      feed:
        profile.feed === "none"
          ? null
          : {
              kind: profile.feed,
              intervalMs: 500,
              start: () => call(() => String(order)),
              pull: async ({ objects, cursor }) => {
                const batch = await call(() => pull(cursor, objects[0]!));
                if (batch.observations.length === 0 && profile.feed === "stream") await pause(200);
                return batch;
              },
            },
      describe: async () => [],
      check: async () => [],
      encode: (_object, _cell, value) => value as RawValue,
      read: (mapped, ids) =>
        call(() =>
          ids.map((id): ReadResult => {
            const record = live(id);
            return record === undefined
              ? { id, kind: "missing" }
              : { id, kind: "found", observation: show(record, mapped, clock.now()) };
          }),
        ),
      scan: (mapped, cursor) =>
        call(() => {
          const all = [...records.values()]
            .filter((record) => !record.deleted && (cursor === null || record.id > cursor))
            .sort((a, b) => (a.id < b.id ? -1 : 1));
          const page = all.slice(0, 3);
          return {
            observations: page.map((record) => show(record, mapped, clock.now())),
            cursor: all.length > 3 ? page.at(-1)!.id : null,
            total: null,
          };
        }),
      write: async (mapped, requests) => {
        const results: WriteResult[] = [];
        // Systems without conditions are read just before; what happens between reading and writing is the race.
        const before = profile.conditionalWrite
          ? null
          : await call(
              () =>
                new Map(
                  requests.flatMap((one) => (one.kind === "create" ? [] : [[one.id, { ...live(one.id)?.cells }]])),
                ),
            );
        await call(() => {
          for (const request of requests) results.push(land(request, mapped, before));
        });
        return results.map((result) => ("observedAt" in result ? { ...result, observedAt: clock.now() } : result));
      },
      close: async () => undefined,
    };

    function land(
      request: WriteRequest,
      mapped: MappedObject,
      before: ReadonlyMap<string, Record<string, RawValue>> | null,
    ): WriteResult {
      if (request.kind === "create") return landCreate(request, mapped);
      const record = live(request.id);
      if (request.kind === "delete") {
        if (record !== undefined) change("truce", "delete", record, {});
        return written(request.id, {}, false, {});
      }
      if (record === undefined) return { kind: "missing" };
      const known = before?.get(request.id) ?? record.cells;
      const differs = Object.keys(request.patch).some(
        (cell) => cell in request.base && !sameRaw(known[cell] ?? null, request.base[cell]),
      );
      if (differs) return { kind: "changed", observation: show(record, mapped, clock.now()) };
      const unseen = Object.keys(request.patch).filter(
        (cell) => cell in request.base && !sameRaw(record.cells[cell] ?? null, request.base[cell]),
      );
      const covered = profile.history
        ? Object.fromEntries(
            unseen.map((cell) => [cell, [{ value: record.cells[cell] ?? null, at: null, author: null }]]),
          )
        : {};
      change("truce", "update", record, { ...request.patch }, unseen);
      return written(record.id, show(record, mapped, 0).cells, false, covered);
    }

    function landCreate(request: WriteRequest & { kind: "create" }, mapped: MappedObject): WriteResult {
      const all = [...records.values()].filter((record) => !record.deleted);
      const own = profile.createKey ? all.find((record) => record.key === request.key) : undefined;
      if (own !== undefined) return written(own.id, show(own, mapped, 0).cells, false, {});
      const email = request.patch["email"];
      const same = all.find(
        (record) => email !== undefined && sameRaw(record.cells["email"] ?? null, profile.keep("email", email)),
      );
      if (same !== undefined && (profile.uniqueEmail || request.lookFirst)) return { kind: "exists", id: same.id };
      const record = add("truce", { ...request.patch }, request.key);
      return written(record.id, show(record, mapped, 0).cells, true, {});
    }

    function written(
      id: string,
      cells: Readonly<Record<string, RawValue>>,
      created: boolean,
      covered: Record<string, CoveredCell[]>,
    ): WriteResult {
      const record = records.get(id);
      const revision = profile.revisions && record !== undefined ? revisionOf(record.order) : null;
      return {
        kind: "written",
        id,
        cells,
        complete: Object.keys(cells).length > 0,
        revision,
        observedAt: clock.now(),
        covered,
        created,
      };
    }
  }
}

function fail(error: SyncError): never {
  throw new SyncFailure(error);
}
