import type { SeededRandom } from "../sandbox/core/random.ts";
import { denormalizeValue } from "../src/core/normalize/denormalize-value.ts";
import type { CoveredCell, RawDelete, RawObservation, RawUpsert } from "../src/model/observation.ts";
import { revisionOf } from "../src/model/observation.ts";
import type { RecordRef } from "../src/model/record.ts";
import { type SyncError, SyncFailure } from "../src/model/sync-error.ts";
import { type RawValue, sameRaw } from "../src/model/value.ts";
import type {
  ChangeBatch,
  Connector,
  MappedObject,
  ReadResult,
  ScanPage,
  SchemaProblem,
  WebhookResult,
  WriteRequest,
  WriteResult,
} from "../src/ports/connector.ts";
import type { Life } from "./life.ts";
import type { Marks } from "./marks.ts";
import { type Odds, object } from "./scenario.ts";
import type { Cells, Change, SimRecord, SimSystem } from "./simulated-system.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** What the connectors of all processes share with the world around them. */
export type Surroundings = {
  readonly clock: VirtualClock;
  readonly marks: Marks;
  odds(): Odds;
  /** Users and faults have stopped: there is no need to ask often whether anything is new. */
  isCalm(): boolean;
  /** True once the first scan of the system's records has ended. */
  isScanned(system: string): boolean;
  /** A write request leaves the process: the last moment at which its intent can have been stored (I12). */
  onSend(system: string, request: WriteRequest): void;
  /** Batches of the feed as they were handed out, by cursor (I7). */
  onPull(system: string, batch: ChangeBatch): void;
};

const pageSize = 3;
/** How long nobody asks for news, unless rung for, once users and faults have stopped. */
const calmMs = 60_000;
/** A request of a process that died lands within this, or never (see `landedMs` of the engine). */
const transitMsMax = 4_000;

/** A connector of one process to a simulated system; every call is a point at which the seed decides what happens. */
export function simulatedConnector(
  system: SimSystem,
  life: Life,
  around: Surroundings,
  chance: SeededRandom,
): Connector {
  const { name, profile } = system;
  const { clock, marks } = around;
  const ref = (id: string): RecordRef => ({ system: name, object, id });

  return {
    system: name,
    label: profile.kind,
    guarantees: {
      conditionalWrite: profile.conditionalWrite,
      uniqueCreate: profile.createKey || profile.uniqueEmail,
      history: profile.history,
      deleteEvents: profile.deleteEvents,
    },
    writeBatchMax: 10,
    feed: {
      kind: profile.feed,
      get intervalMs() {
        return around.isCalm() ? calmMs : 4_000;
      },
      start: () => call("start", () => (profile.feed === "poll" ? String(clock.now()) : String(system.order()))),
      async pull({ objects, cursor, waitMs, signal }) {
        if (profile.feed === "stream") await news(cursor, waitMs, signal);
        const batch = await call("pull", () => pull(cursor, objects[0]!));
        around.onPull(name, batch);
        return batch;
      },
    },
    describe: async () => [],
    check: ([mapped]) => call("check", () => problemsOf(mapped!)),
    encode: (_object, cell, value) => denormalizeValue(cell.type, value, profile.form),
    read: (mapped, ids) => call("read", () => ids.map((id) => readOne(id, mapped))),
    scan: (mapped, cursor) => call("scan", () => scanPage(mapped, cursor)),
    async write(mapped, requests) {
      for (const request of requests) around.onSend(name, request);
      if (requests.some((one) => one.kind === "create" && one.lookFirst)) await clock.sleep(profile.lagMs);
      // Systems without conditions are read just before; what happens between reading and writing is the race.
      const known = profile.conditionalWrite ? null : await call("read-before", () => cellsOf(requests));
      const results: WriteResult[] = [];
      await call("write", () => {
        for (const request of requests) rush(request);
        for (const request of requests) results.push(land(request, mapped, known));
      });
      return results.map((result) => (result.kind === "written" ? { ...result, observedAt: clock.now() } : result));
    },
    ...(profile.webhooks ? { webhook } : {}),
    close: async () => undefined,
  };

  /** One call to the system: it takes time, and may fail before or after its effect. */
  async function call<T>(kind: string, effect: () => T): Promise<T> {
    const strike = (fault: string, odd: number) => {
      const struck = chance.chance(odd);
      if (struck) marks.add(`fault/${kind}/${fault}`);
      return struck;
    };
    if (strike("crash-before", around.odds().crash)) life.die();
    if (life.isStopped()) await life.gate();
    const isSlow = strike("slow", around.odds().slow);
    await transit(isSlow ? 5_000 + chance.below(60_000) : 1 + chance.below(40));
    if (strike("rate-limited", around.odds().rateLimit)) {
      if (life.isStopped()) await life.gate();
      fail({
        code: "RATE_LIMITED",
        retryAfterMs: chance.chance(0.5) ? chance.below(5_000) : null,
        message: "slow down",
      });
    }
    if (clock.now() < system.downUntil || strike("fail-before", around.odds().failBefore)) {
      if (life.isStopped()) await life.gate();
      fail({ code: "UNREACHABLE", message: "no connection" });
    }
    const result = effect();
    if (strike("crash-after", around.odds().crash)) life.die();
    await life.clock.sleep(1 + chance.below(20));
    if (strike("lost-reply", around.odds().failAfter))
      fail({ code: "UNKNOWN_OUTCOME", message: "the answer never came" });
    return result;
  }

  /** The way to the system. What a dead process had sent may still land, soon. */
  async function transit(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= transitMsMax) {
      await clock.sleep(Math.min(left, transitMsMax));
      if (life.dead) break;
    }
    if (life.dead && chance.chance(0.5)) await life.gate();
  }

  /** Waits for changes after the cursor, as a stream does. */
  async function news(cursor: string, waitMs: number, signal: AbortSignal): Promise<void> {
    const isNew = () => system.log.some((one) => one.order > Number(cursor) && one.visibleAt <= clock.now());
    const isComing = system.log.find((one) => one.order > Number(cursor));
    if (isNew() || signal.aborted) return;
    if (isComing !== undefined) await life.clock.sleep(Math.min(waitMs, isComing.visibleAt - clock.now()));
    else {
      await new Promise<void>((resolve) => {
        const end = system.onNews(around.isCalm() ? calmMs : waitMs, resolve);
        signal.addEventListener("abort", end, { once: true });
      });
      if (life.isStopped()) await life.gate();
    }
  }

  function problemsOf({ cells }: MappedObject): SchemaProblem[] {
    const severity = "error" as const;
    return cells
      .filter(({ cell }) => system.droppedCells.has(cell))
      .map(({ cell }) => ({ object, cell, severity, message: `there is no ${cell}` }));
  }

  /** Cells that the schema has now. */
  function shown(mapped: MappedObject, cells: Cells, only: readonly string[] | null): Record<string, RawValue> {
    const found: Record<string, RawValue> = {};
    for (const { cell } of mapped.cells) {
      if (system.droppedCells.has(cell) || (only !== null && !only.includes(cell))) continue;
      found[cell] = cells[cell] ?? null;
    }
    return found;
  }

  function show(record: SimRecord, mapped: MappedObject, covered: Record<string, CoveredCell[]> = {}): RawUpsert {
    const changedAt = { from: record.changedAt, until: record.changedAt };
    return {
      kind: "upsert",
      ref: ref(record.id),
      cells: shown(mapped, record.cells, null),
      complete: true,
      revision: profile.revisions ? revisionOf(record.order) : null,
      observedAt: clock.now(),
      changedAt: profile.revisions ? changedAt : null,
      author: null,
      covered,
      ...(profile.history ? historyOf(record) : {}),
      ...(record.key !== null ? { createKey: record.key } : {}),
    };
  }

  /** An event that breaks Truce itself, as a bug of ours would. */
  function poisoned(seen: RawUpsert): RawUpsert {
    const { id } = seen.ref;
    if (!system.poisoned.delete(id)) return seen;
    marks.add("fault/poison");
    const burst = () => {
      throw new Error(`poison of ${id}`);
    };
    return {
      ...seen,
      cells: new Proxy({}, { get: burst, has: burst, ownKeys: burst, getOwnPropertyDescriptor: burst }),
    };
  }

  function historyOf(record: SimRecord): Pick<RawUpsert, "previous" | "cellChanges"> {
    const previous: Record<string, RawValue> = {};
    const cellChanges: Record<string, { at: { from: number; until: number }; author: null }> = {};
    for (const one of record.history) {
      Object.assign(previous, one.before);
      const at = one.at + system.setup.skewMs;
      for (const cell of Object.keys(one.after)) cellChanges[cell] = { at: { from: at, until: at }, author: null };
    }
    return { previous, cellChanges };
  }

  function gone(record: SimRecord): RawDelete {
    return {
      kind: "delete",
      ref: ref(record.id),
      revision: profile.revisions ? revisionOf(record.order) : null,
      observedAt: clock.now(),
      confirmed: true,
    };
  }

  function pull(cursor: string, mapped: MappedObject): ChangeBatch {
    const now = clock.now();
    const isPoll = profile.feed === "poll";
    const isAfter = (one: Change) => (isPoll ? one.at + profile.lagMs > Number(cursor) : one.order > Number(cursor));
    const behind = system.log.filter(isAfter);
    if (system.feedFrom > 0 && behind.length > 0 && behind[0]!.order <= system.feedFrom) {
      system.feedFrom = 0;
      return {
        observations: [],
        cursor: isPoll ? String(now) : String(system.order()),
        caughtUp: false,
        lost: [object],
      };
    }
    system.feedFrom = 0;
    // A stream keeps its order: what is not visible yet holds up what came after it.
    const firstHidden = behind.findIndex((one) => one.visibleAt > now);
    const news = isPoll
      ? behind.filter((one) => one.visibleAt <= now)
      : firstHidden === -1
        ? behind
        : behind.slice(0, firstHidden);
    // Only a look back finds what became visible after its time had been read.
    const isLate = (one: Change) => one.at <= Number(cursor) && one.visibleAt > Number(cursor);
    if (isPoll && news.some(isLate)) marks.add("taxonomy/behind-the-cursor");
    let observations = told(news, mapped);
    if (observations.length > 0) {
      const strike = (fault: string, odd: number) => {
        const struck = chance.chance(odd);
        if (struck) marks.add(`fault/pull/${fault}`);
        return struck;
      };
      if (strike("drop", around.odds().drop)) observations = observations.filter(() => chance.chance(0.5));
      if (strike("repeat", around.odds().repeat)) observations = [...observations, ...observations];
      if (strike("shuffle", around.odds().shuffle)) observations = chance.shuffle(observations);
      if (strike("hint", around.odds().hint)) observations = observations.map(hintOnly);
      if (strike("again", around.odds().again)) observations = [...observations, ...told(toldBefore(behind), mapped)];
    }
    return {
      observations,
      cursor: isPoll ? String(now) : String(news.at(-1)?.order ?? cursor),
      // A poll can't tell what its system does not show yet, and comes back for it.
      caughtUp: news.length === behind.length || (isPoll && !around.isCalm()),
      lost: [],
    };
  }

  /** Some of what was told before these changes. */
  function toldBefore(news: readonly Change[]): readonly Change[] {
    const earlier = system.log.filter((one) => one.order < (news[0]?.order ?? 0));
    const from = chance.below(earlier.length);
    return earlier.slice(from, from + 4);
  }

  function told(news: readonly Change[], mapped: MappedObject): RawObservation[] {
    if (profile.tells === "image" || profile.tells === "changes") return news.flatMap((one) => replay(one, mapped));
    const ids = [...new Set(news.map((one) => one.id))];
    return ids.flatMap((id) => tellNow(system.records.get(id)!, mapped));
  }

  /** The record as it is now, once for all its changes. */
  function tellNow(record: SimRecord, mapped: MappedObject): RawObservation[] {
    if (profile.tells === "hint") return [hintAt(record.id)];
    if (record.mergedInto !== null && profile.mergeEvents) return [mergeOf(record.mergedInto, record.id)];
    if (record.deleted) return profile.deleteEvents ? [gone(record)] : [];
    return [poisoned(show(record, mapped))];
  }

  function hintAt(id: string): RawObservation {
    return { kind: "hint", ref: ref(id), revision: null, observedAt: clock.now() };
  }

  function hintOnly(seen: RawObservation): RawObservation {
    return seen.kind === "upsert" ? hintAt(seen.ref.id) : seen;
  }

  function mergeOf(survivor: string, loser: string): RawObservation {
    const order = system.records.get(survivor)!.order;
    return {
      kind: "merge",
      ref: ref(survivor),
      losers: [loser],
      revision: profile.revisions ? revisionOf(order) : null,
      observedAt: clock.now(),
    };
  }

  /** The event as it was: the record's state, or only the changed cells, right after it. */
  function replay(one: Change, mapped: MappedObject): RawObservation[] {
    if (one.kind === "merged-away" && profile.mergeEvents) {
      return [{ ...mergeOf(one.other!, one.id), revision: revisionOf(one.order) }];
    }
    if (one.kind === "delete" || one.kind === "merged-away") {
      const revision = revisionOf(one.order);
      return [{ kind: "delete", ref: ref(one.id), revision, observedAt: clock.now(), confirmed: true }];
    }
    const record = system.records.get(one.id)!;
    const cells: Record<string, RawValue> = {};
    for (const earlier of record.history) if (earlier.order <= one.order) Object.assign(cells, earlier.after);
    const whole = profile.tells === "image" || one.kind === "create" || one.kind === "undelete";
    const seen = show({ ...record, cells, order: one.order, changedAt: one.at + system.setup.skewMs }, mapped);
    if (whole) return [poisoned(seen)];
    return [{ ...seen, cells: shown(mapped, cells, Object.keys(one.after)), complete: false }];
  }

  function readOne(id: string, mapped: MappedObject): ReadResult {
    let record = system.records.get(id);
    while (record !== undefined && record.mergedInto !== null) record = system.records.get(record.mergedInto);
    if (record === undefined || record.deleted) return { id, kind: "missing" };
    return { id, kind: "found", observation: poisoned(show(record, mapped)) };
  }

  function scanPage(mapped: MappedObject, cursor: string | null): ScanPage {
    const all = system
      .liveRecords()
      .filter((record) => cursor === null || record.id > cursor)
      .sort((a, b) => (a.id < b.id ? -1 : 1));
    let page = all.slice(0, pageSize);
    const next = all.length > pageSize ? page.at(-1)!.id : null;
    // Only once all has been read: an object that was never read whole is the connector's to get right.
    if (around.isScanned(name) && chance.chance(around.odds().shift)) {
      marks.add("fault/scan/shift");
      page = page.slice(1);
    }
    return { observations: page.map((record) => show(record, mapped)), cursor: next, total: null };
  }

  function cellsOf(requests: readonly WriteRequest[]): ReadonlyMap<string, Cells> {
    return new Map(
      requests.flatMap((one): [string, Cells][] =>
        one.kind === "create" ? [] : [[one.id, { ...system.live(one.id)?.cells }]],
      ),
    );
  }

  /** Someone is just a moment faster. */
  function rush(request: WriteRequest): void {
    if (request.kind !== "update" || !chance.chance(around.odds().rush)) return;
    const cell = ["phone", "note"].find((one) => one in request.patch);
    if (cell === undefined) return;
    marks.add("fault/write/rush");
    if (chance.chance(0.15)) system.poisoned.add(request.id);
    system.userEdit(request.id, { [cell]: { set: `rush ${request.attemptId.replaceAll(/[^0-9]/g, "").slice(-9)}` } });
  }

  function land(request: WriteRequest, mapped: MappedObject, known: ReadonlyMap<string, Cells> | null): WriteResult {
    const refusal = request.kind === "delete" ? null : refusalOf(request.patch);
    if (refusal !== null) return refusal;
    if (request.kind === "create") return landCreate(request, mapped);
    const record = system.live(request.id);
    if (request.kind === "delete" && record === undefined) return written(request.id, {}, false, {});
    if (record === undefined) return { kind: "missing" };
    const before = known?.get(request.id) ?? record.cells;
    const isChanged = (cells: Cells, cell: string) => !sameRaw(cells[cell] ?? null, request.base[cell]);
    const guarded = Object.keys(request.base);
    if (guarded.some((cell) => isChanged(before, cell)))
      return { kind: "changed", observation: poisoned(show(record, mapped)) };
    const unseen = guarded.filter((cell) => isChanged(record.cells, cell));
    if (unseen.length > 0) marks.add(`race/${request.kind}/${profile.history ? "history" : "lost"}`);
    const attempt = request.attemptId;
    if (request.kind === "delete") {
      system.change(record, { by: "truce", kind: "delete", after: {}, unseen, attempt });
      return written(request.id, {}, false, {});
    }
    const covered = Object.fromEntries(
      (profile.history ? unseen : []).map((cell) => [
        cell,
        [{ value: record.cells[cell] ?? null, at: changeTimeOf(record, cell), author: null }],
      ]),
    );
    if (unseen.some((cell) => profile.history && cell in request.patch)) marks.add("taxonomy/covered-edit");
    system.change(record, { by: "truce", kind: "update", after: request.patch, unseen, attempt });
    return written(record.id, shown(mapped, record.cells, null), false, covered);
  }

  function changeTimeOf(record: SimRecord, cell: string): CoveredCell["at"] {
    const at = (record.history.findLast((one) => cell in one.after)?.at ?? 0) + system.setup.skewMs;
    return { from: at, until: at };
  }

  function refusalOf(patch: Cells): WriteResult | null {
    const dropped = Object.keys(patch).filter((cell) => system.droppedCells.has(cell));
    if (dropped.length > 0) {
      marks.add("taxonomy/schema-drift");
      return { kind: "failed", error: { code: "SCHEMA", message: `there is no ${dropped.join()}` } };
    }
    const refused = Object.entries(patch).filter(([cell, raw]) => system.refuses(cell, raw));
    if (refused.length === 0) return null;
    const cells = profile.namesRefused ? Object.fromEntries(refused.map(([cell]) => [cell, "not allowed here"])) : {};
    return { kind: "failed", error: { code: "REJECTED", message: "a value is not allowed here", cells } };
  }

  function landCreate(request: WriteRequest & { kind: "create" }, mapped: MappedObject): WriteResult {
    const all = system.liveRecords();
    const own = profile.createKey ? all.find((record) => record.key === request.key) : undefined;
    if (own !== undefined) return written(own.id, shown(mapped, own.cells, null), false, {});
    const wanted = [...(profile.uniqueEmail ? ["email"] : []), ...(request.lookFirst ? request.identity : [])];
    for (const cell of wanted) {
      const kept = system.kept(cell, request.patch[cell] ?? null);
      const same = all.find((record) => kept !== null && sameRaw(record.cells[cell] ?? null, kept));
      if (same !== undefined) return { kind: "exists", id: same.id };
    }
    const record = system.create("truce", request.patch, request.key, request.attemptId);
    return written(record.id, shown(mapped, record.cells, null), true, {});
  }

  function written(id: string, cells: Cells, created: boolean, covered: Record<string, CoveredCell[]>): WriteResult {
    const record = system.records.get(id);
    return {
      kind: "written",
      id,
      cells,
      complete: Object.keys(cells).length > 0 && system.droppedCells.size === 0,
      revision: profile.revisions && record !== undefined ? revisionOf(record.order) : null,
      observedAt: clock.now(),
      covered,
      created,
    };
  }

  /** Events are `{ id, record }`; the record is then read. */
  function webhook({ body }: { readonly body: Uint8Array }): WebhookResult {
    const text = new TextDecoder().decode(body);
    if (!text.startsWith("{")) return { kind: "refused", status: 400, reason: "not an event" };
    const event = JSON.parse(text) as { id: string; record: string };
    return { kind: "accepted", events: [{ id: event.id, observation: hintAt(event.record) }], wake: true };
  }
}

function fail(error: SyncError): never {
  throw new SyncFailure(error);
}
