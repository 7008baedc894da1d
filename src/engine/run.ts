import { type Hours, isWithin } from "../core/hours.ts";
import { afterFailure } from "../core/retry.ts";
import type { ObjectName, SystemId } from "../model/record.ts";
import { type SyncError, SyncFailure } from "../model/sync-error.ts";
import { type Bell, newBell, onWork } from "./bell.ts";
import { connectorOf, type Deps, type EngineEvent, landedMs, mappedObjects } from "./deps.ts";
import { dispatchBatch, sendReady } from "./dispatch.ts";
import { fileGoldens } from "./file-goldens.ts";
import { lookAgain } from "./look-again.ts";
import { newOutbox, type Outbox } from "./outbox.ts";
import { parentsFirst } from "./parents-first.ts";
import { firstScan, isScanned, type SweepReport, sweepObject } from "./scan.ts";
import { StoreFailure, toldApart } from "./store-failure.ts";
import { messageOf, pullFeed, startFeed, sweepCursorName, type TakeIn } from "./trigger.ts";
import { createSchemaWatch, resumeFields, type SchemaWatch } from "./watch-schema.ts";
import { createWorker } from "./work.ts";

/**
 * What a process does of the whole, where several share a store: `ingest` reads the systems (feeds, scans, sweeps), a `worker` decides and writes,
 * `all` is both. Any number may be workers; one reads, since a change stream has one reader.
 */
export type Role = "all" | "ingest" | "worker";

export type RunOptions = {
  /** Default: all. */
  readonly role?: Role;
  /** Inbox items a batch. */
  readonly workBatchMax: number;
  /** How often each object is swept, in ms; `null`: never. */
  readonly sweepEveryMs: number | null;
  /** Systems that are swept more often or less, or never. */
  readonly sweepEveryMsOf?: Readonly<Record<SystemId, number | null>>;
  /** Sweeps begin in these hours alone. */
  readonly sweepHours?: Hours | null;
  /** How often every system's schema is compared with the mapping, in ms; `null`: never. */
  readonly schemaEveryMs: number | null;
  /** True: once everything has been read, nothing is written until `approve`. What was approved once stays so, restarts included. */
  readonly asksFirst?: boolean;
};

/** A running engine. */
export type Running = {
  /** Pull this system's feed now: a webhook said that there is news. */
  wake(system: SystemId): void;
  /** Sweeps one object now. */
  sweep(system: SystemId, object: ObjectName): Promise<SweepReport>;
  /** True once every object has been read and decided for the first time; writes begin then. */
  isLoaded(): boolean;
  /** True once everything has been read and decided, while the first write waits for a person. */
  waitsForApproval(): boolean;
  /** A person has seen what would be written, and lets it be. */
  approve(by: string): Promise<void>;
  /** Resolves when nothing is left to do: feeds caught up, inbox empty, no link due. Holds may remain. */
  quiet(): Promise<void>;
  /** Lets what is under way finish, then stops. */
  stop(): Promise<void>;
  /** Rejects when the engine met a bug of its own and stopped; resolves when it was stopped. */
  readonly ended: Promise<void>;
};

/** Longest sleep between looks for due work. Who adds work in this process rings; only what another one left behind waits so long. */
const idleMsMax = 5_000;
/** The same of a worker: who reads for it is another process, which rings nobody here. */
const idleWorkerMsMax = 250;
/** Shortest, and twice as long each time that what is due can't be claimed (another worker has the record): no reason to spin. */
const idleMsMin = 5;
/** Owed sweeps are rung for; this is how often they are looked for all the same. */
const owedLookMs = 60_000;
const knownLookMs = 5_000;
/** How long a stream is waited on before its loop looks up; news and stopping end the wait. */
const streamWaitMs = 10_000;

/**
 * Runs all loops: per system a feed, a first scan and a dispatcher; one worker over the inbox; sweeps. Until every object has been read and
 * decided once, nothing is written: a record must not be created in a system that has simply not been read yet.
 */
export function run(given: Deps, options: RunOptions): Running {
  const watch = createSchemaWatch(given.policy);
  const deps: Deps = {
    ...given,
    store: toldApart(given.store),
    get policy() {
      return watch.policy();
    },
    mayCreate: (system, object) => !state.isUnread(system, object),
    tell(event) {
      given.tell(event);
      if (isAboutSchema(event)) state.bell(`schema/${event.system}`).ring();
    },
  };
  const stopping = new AbortController();
  const { signal } = stopping;
  const state = new RunState(deps);
  const mayWrite = (system: SystemId) =>
    state.loaded && !signal.aborted && (connectorOf(deps, system).pauseMs?.() ?? 0) === 0;
  const outbox = newOutbox(deps, mayWrite, (system) => state.bell(`dispatch/${system}`).ring());
  const { role = "all", schemaEveryMs, sweepEveryMs } = options;
  const loops = [loadGate(deps, state, role, options.asksFirst === true, signal)];
  const recovered = deps.store.exclusive
    ? persist(deps, storeName, "taking over", state.bell("work"), signal, () =>
        deps.store.recover(deps.startedAt + landedMs),
      )
    : Promise.resolve();
  const unheard = onWork(given.store, () => state.ringWorkers());
  if (role !== "ingest") {
    const filed = recovered.then(() =>
      persist(deps, storeName, "filing golden records for matching", state.bell("work"), signal, () =>
        fileGoldens(deps, signal),
      ),
    );
    loops.push(filed.then(() => workLoop(deps, state, options, outbox, signal)));
    for (const system of deps.connectors.keys())
      loops.push(recovered.then(() => dispatchLoop(deps, state, system, options, outbox, signal)));
  }
  for (const system of deps.connectors.keys()) {
    // Which fields are paused is each process's own to know.
    if (schemaEveryMs !== null) loops.push(schemaLoop(deps, state, watch, system, schemaEveryMs, signal));
    if (role === "worker") {
      loops.push(knownLoop(deps, state, system, signal));
      continue;
    }
    loops.push(systemLoop(deps, state, system, signal), owedSweepLoop(deps, state, system, signal));
    const own = options.sweepEveryMsOf?.[system];
    const everyMs = own === undefined ? sweepEveryMs : own;
    if (everyMs !== null) loops.push(sweepLoop(deps, state, system, everyMs, options.sweepHours ?? null, signal));
  }
  const ended = Promise.all(loops).then(
    () => undefined,
    (error: unknown) => {
      stopping.abort();
      state.ringAll();
      throw error;
    },
  );
  ended.finally(unheard).catch(() => undefined);
  // Whoever awaits `ended` sees the failure; nobody need.
  ended.catch(() => undefined);
  return {
    wake: (system) => state.bell(`feed/${system}`).ring(),
    sweep: async (system, object) => {
      const report = await sweepObject(deps, system, object, signal);
      state.bell("work").ring();
      return report;
    },
    isLoaded: () => state.loaded,
    waitsForApproval: () => state.waitsForApproval,
    approve: async (by) => {
      await deps.store.setCursors([{ name: approvedCursor, value: by, at: deps.clock.now() }]);
      state.bell("gate").ring();
    },
    quiet: () => untilQuiet(deps, state, signal, ended),
    stop: async () => {
      stopping.abort();
      state.ringAll();
      await ended.catch(() => undefined);
    },
    ended,
  };
}

/** What the loops tell each other. */
class RunState {
  loaded = false;
  waitsForApproval = false;
  /** How what feeds bring is taken in: decided at once as soon as there is a worker. */
  takeIn: TakeIn | undefined = undefined;
  /** Loops that are in the middle of something. */
  readonly busy = new Set<string>();
  /** Feeds that had nothing more at their last pull, with the number of that pull. */
  readonly pulls = new Map<SystemId, { readonly count: number; readonly caughtUp: boolean }>();
  readonly scanned = new Set<SystemId>();
  /** Objects of which all records are known, by system: their feed has its place, and no sweep is owed to them. */
  private readonly known = new Map<SystemId, ReadonlySet<ObjectName>>();
  private readonly bells = new Map<string, Bell>();
  private readonly deps: Deps;

  constructor(deps: Deps) {
    this.deps = deps;
  }

  bell(name: string): Bell {
    const bell = this.bells.get(name) ?? newBell(this.deps.clock);
    this.bells.set(name, bell);
    return bell;
  }

  isUnread(system: SystemId, object: ObjectName): boolean {
    return this.known.get(system)?.has(object) !== true;
  }

  setKnown(system: SystemId, objects: ReadonlySet<ObjectName>): void {
    this.known.set(system, objects);
  }

  ringAll(): void {
    for (const bell of this.bells.values()) bell.ring();
  }

  /** What was put into the store is decided and written; nothing in it calls for asking the systems. */
  ringWorkers(): void {
    this.bell("work").ring();
    this.ringDispatchers();
  }

  ringDispatchers(): void {
    for (const system of this.deps.connectors.keys()) this.bell(`dispatch/${system}`).ring();
  }
}

/** What troubles with Truce's own store are told of. */
const storeName = "the store";

/** Repeats a step that may fail for the outside world's or the store's reasons, with growing pauses. Anything else ends the engine. */
async function persist(
  deps: Deps,
  system: SystemId,
  doing: string,
  bell: Bell,
  signal: AbortSignal,
  step: () => Promise<void>,
): Promise<void> {
  for (let tries = 1; !signal.aborted; tries++) {
    try {
      await step();
      if (tries > 1) deps.tell({ kind: "recovered", system, doing });
      return;
    } catch (error) {
      if (signal.aborted) return;
      const reason = reasonOf(error);
      if (reason === null) throw error;
      const next = afterFailure(
        reason,
        tries,
        { ...deps.policy.retry, attemptsMax: Number.POSITIVE_INFINITY },
        deps.random.fraction(),
      );
      const retryInMs = next.kind === "retry" ? next.delayMs : deps.policy.retry.delayMsMax;
      const where = error instanceof StoreFailure ? storeName : system;
      const code = error instanceof StoreFailure ? "STORE" : reason.code;
      deps.tell({ kind: "trouble", system: where, doing, code, message: messageOf(error), retryInMs });
      await bell.sleep(retryInMs);
    }
  }
}

/** `null`: a bug of ours. */
function reasonOf(error: unknown): SyncError | null {
  if (error instanceof SyncFailure) return error.error;
  return error instanceof StoreFailure ? { code: "UNREACHABLE", message: error.message } : null;
}

async function systemLoop(deps: Deps, state: RunState, system: SystemId, signal: AbortSignal): Promise<void> {
  const bell = state.bell(`feed/${system}`);
  await persist(deps, system, "starting the change feed", bell, signal, () => startFeed(deps, system));
  const scanAll = async () => {
    for (const step of parentsFirst(deps.policy, system)) {
      const scans = step.map((object) =>
        persist(deps, system, `reading ${object}`, state.bell(`scan/${system}`), signal, () =>
          firstScan(deps, system, object, signal),
        ),
      );
      await Promise.all(scans);
    }
    state.scanned.add(system);
    state.bell("work").ring();
    state.bell("gate").ring();
  };
  const scanning = scanAll();
  await Promise.all([scanning, feedLoop(deps, state, system, bell, signal)]);
}

async function feedLoop(deps: Deps, state: RunState, system: SystemId, bell: Bell, signal: AbortSignal): Promise<void> {
  const { feed } = connectorOf(deps, system);
  if (feed === null) {
    state.pulls.set(system, { count: 0, caughtUp: true });
    return;
  }
  let pulls = 0;
  let place: string | null = null;
  while (!signal.aborted) {
    let caughtUp = false;
    await persist(deps, system, "reading changes", bell, signal, async () => {
      const from = place;
      place = null;
      // The first answer tells whether the place is still good.
      const waitMs = pulls === 0 ? 0 : streamWaitMs;
      const pull = (until: AbortSignal) => pullFeed(deps, system, from, waitMs, until, state.takeIn);
      const pulled = await (feed.kind === "stream" ? bell.during(pull) : pull(signal));
      // Where others may pull too, the store knows best how far all are.
      if (deps.store.exclusive) place = pulled.cursor;
      caughtUp = pulled.caughtUp;
      if (pulled.count > 0 && state.takeIn === undefined) state.bell("work").ring();
      if (pulled.lost.length > 0) state.setKnown(system, new Set());
      if (pulled.lost.length > 0 || pulls === 0) state.bell(`owed/${system}`).ring();
      pulls++;
      state.pulls.set(system, { count: pulls, caughtUp: pulled.caughtUp && pulled.count === 0 });
    });
    if (feed.kind === "poll" && caughtUp && !signal.aborted) await bell.sleep(feed.intervalMs);
  }
}

/**
 * Sweeps the objects whose feed lost its place, one lost before this process started included. Until they are compared and that is decided nothing is
 * created in them: what is missing may only be unseen. Whether a place is lost is known by the feed's first answer.
 */
async function owedSweepLoop(deps: Deps, state: RunState, system: SystemId, signal: AbortSignal): Promise<void> {
  const bell = state.bell(`owed/${system}`);
  const name = `owed/${system}`;
  while (!signal.aborted && !state.pulls.has(system)) await bell.sleep(owedLookMs);
  while (!signal.aborted) {
    state.busy.add(name);
    let isSwept = false;
    for (const { object } of mappedObjects(deps.policy, system)) {
      await persist(deps, system, `comparing all ${object}`, bell, signal, async () => {
        if ((await deps.store.cursor(sweepCursorName(system, object))) !== "owed") return;
        await sweepObject(deps, system, object, signal);
        if (signal.aborted) return;
        await deps.store.setCursors([{ name: sweepCursorName(system, object), value: "done", at: deps.clock.now() }]);
        isSwept = true;
        state.bell("work").ring();
      });
    }
    if (isSwept) await untilDecided(deps, state, system, signal);
    await lookWhatIsKnown(deps, state, system, signal);
    state.busy.delete(name);
    await bell.sleep(owedLookMs);
  }
}

/** What a sweep found is in the inbox: until it has been empty once. */
async function untilDecided(deps: Deps, state: RunState, system: SystemId, signal: AbortSignal): Promise<void> {
  let isDecided = false;
  while (!signal.aborted && !isDecided) {
    await persist(deps, storeName, "looking whether all is decided", state.bell(`owed/${system}`), signal, async () => {
      isDecided = (await deps.store.counts(deps.clock.now())).inbox === 0;
    });
    if (!isDecided) await deps.clock.sleep(lookMsMax, signal);
  }
}

async function lookWhatIsKnown(deps: Deps, state: RunState, system: SystemId, signal: AbortSignal): Promise<void> {
  await persist(deps, storeName, "looking what is known", state.bell(`owed/${system}`), signal, async () => {
    const objects = mappedObjects(deps.policy, system).map(({ object }) => object);
    const cursors = await Promise.all(objects.map((object) => deps.store.cursor(sweepCursorName(system, object))));
    state.setKnown(system, new Set(objects.filter((_, i) => cursors[i] !== "owed")));
  });
  state.bell(`dispatch/${system}`).ring();
}

/** A worker learns from the store what another process, which reads, knows of a system. */
async function knownLoop(deps: Deps, state: RunState, system: SystemId, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await lookWhatIsKnown(deps, state, system, signal);
    await deps.clock.sleep(knownLookMs, signal);
  }
}

async function workLoop(
  deps: Deps,
  state: RunState,
  { workBatchMax, role = "all" }: RunOptions,
  outbox: Outbox,
  signal: AbortSignal,
): Promise<void> {
  const bell = state.bell("work");
  const idle = newIdle(deps, [], idleMsOf(role));
  const ringDispatchers = (due: ReadonlySet<SystemId>) => {
    for (const system of due) state.bell(`dispatch/${system}`).ring();
  };
  const worker = createWorker(deps, ringDispatchers, () => bell.ring(), outbox);
  let takes = 0;
  state.takeIn = async (items, cursors) => {
    const name = `take/${++takes}`;
    state.busy.add(name);
    await worker.take(items, cursors, workBatchMax).finally(() => state.busy.delete(name));
  };
  while (!signal.aborted) {
    state.busy.add("work");
    let restMs = 0;
    await persist(deps, storeName, "deciding", bell, signal, async () => {
      const worked = await worker.step(workBatchMax);
      restMs = worked > 0 ? 0 : await idle();
    });
    if (restMs === 0) continue;
    if (!worker.isReading()) state.busy.delete("work");
    state.bell("gate").ring();
    await bell.sleep(restMs);
  }
}

async function dispatchLoop(
  deps: Deps,
  state: RunState,
  system: SystemId,
  { role = "all" }: RunOptions,
  outbox: Outbox,
  signal: AbortSignal,
): Promise<void> {
  const bell = state.bell(`dispatch/${system}`);
  const name = `dispatch/${system}`;
  const idle = newIdle(deps, [system], idleMsOf(role));
  const connector = connectorOf(deps, system);
  const budget = outbox.budget(system);
  const sendAllReady = async (): Promise<number> => {
    const ready = outbox.take(system);
    if (ready.length > 0) await sendReady(deps, system, ready, budget, outbox);
    return ready.length;
  };
  while (!signal.aborted) {
    const pauseMs = state.loaded ? (connector.pauseMs?.() ?? 0) : idleMsMax;
    if (pauseMs > 0) {
      await bell.sleep(pauseMs);
      continue;
    }
    state.busy.add(name);
    let restMs = 0;
    await persist(deps, system, "writing", bell, signal, async () => {
      const looked =
        (await sendAllReady()) || (await dispatchBatch(deps, system, connector.writeBatchMax, budget, outbox));
      if (looked > 0) state.bell("work").ring();
      restMs = looked > 0 ? 0 : await idle();
    });
    if (restMs === 0) continue;
    state.busy.delete(name);
    await bell.sleep(restMs);
  }
  // Their intents are stored: unsent they would be taken for lost.
  await sendAllReady();
}

/**
 * Opens the dispatchers once all scans have ended and what they brought is decided, and, if it is to be asked, somebody has approved. It never closes again,
 * restarts included.
 */
async function loadGate(
  deps: Deps,
  state: RunState,
  role: Role,
  asksFirst: boolean,
  signal: AbortSignal,
): Promise<void> {
  const bell = state.bell("gate");
  while (!signal.aborted && !state.loaded) {
    await persist(deps, storeName, "looking whether all is read", bell, signal, async () => {
      const isRead = await isLoaded(deps, state, role);
      state.waitsForApproval = isRead && asksFirst && (await deps.store.cursor(approvedCursor)) === null;
      state.loaded = isRead && !state.waitsForApproval;
    });
    if (!state.loaded) await bell.sleep(idleMsOf(role));
  }
  state.ringDispatchers();
}

async function isLoaded(deps: Deps, state: RunState, role: Role): Promise<boolean> {
  if ((await deps.store.cursor(loadedCursor)) !== null && (await allScanned(deps))) return true;
  // Whoever reads the systems says when they are read.
  if (role === "worker") return false;
  if (state.scanned.size < deps.connectors.size || (await deps.store.counts(deps.clock.now())).inbox > 0) return false;
  // Whose parent is known by now is read again before anything is written; a parent that nobody knows keeps nobody waiting.
  const next = await deps.store.nextDueAt([]);
  if (next !== null && next <= deps.clock.now()) return false;
  if (await isLookedAtAgain(deps, state)) return false;
  await deps.store.setCursors([{ name: loadedCursor, value: "yes", at: deps.clock.now() }]);
  return true;
}

/** True once, where something is: records that were held for what they resemble are judged again, by all that was read. */
async function isLookedAtAgain(deps: Deps, state: RunState): Promise<boolean> {
  const isScored = Object.values(deps.policy.entities).some(({ matching }) => matching !== null);
  if (!isScored || (await deps.store.cursor(lookedAgainCursor)) !== null) return false;
  const count = await lookAgain(deps);
  await deps.store.setCursors([{ name: lookedAgainCursor, value: String(count), at: deps.clock.now() }]);
  if (count > 0) state.bell("work").ring();
  return count > 0;
}

const loadedCursor = "loaded";
const lookedAgainCursor = "looked-again";
const approvedCursor = "approved";

async function allScanned(deps: Deps): Promise<boolean> {
  for (const system of deps.connectors.keys()) {
    for (const { object } of mappedObjects(deps.policy, system)) {
      if (!(await isScanned(deps, system, object))) return false;
    }
  }
  return true;
}

/** How often it is looked what is to be swept, at least. */
const sweepLookMs = 60_000;

function sweptName(system: SystemId, object: ObjectName): string {
  return `swept/${system}/${object}`;
}

/** Sweeps each object when so long has passed since the last time, restarts or not; before the first, since it was first looked at. */
async function sweepLoop(
  deps: Deps,
  state: RunState,
  system: SystemId,
  everyMs: number,
  hours: Hours | null,
  signal: AbortSignal,
): Promise<void> {
  const bell = state.bell(`sweep/${system}`);
  while (!signal.aborted) {
    await bell.sleep(Math.min(everyMs, sweepLookMs));
    for (const { object } of mappedObjects(deps.policy, system)) {
      if (signal.aborted || !state.loaded || (hours !== null && !isWithin(hours, deps.clock.now()))) break;
      await persist(deps, system, `sweeping ${object}`, bell, signal, async () => {
        if (!(await isSweepDue(deps, system, object, everyMs))) return;
        await sweepObject(deps, system, object, signal);
        if (!signal.aborted) await noteSwept(deps, system, object);
        state.bell("work").ring();
      });
    }
  }
}

async function isSweepDue(deps: Deps, system: SystemId, object: ObjectName, everyMs: number): Promise<boolean> {
  const last = await deps.store.cursor(sweptName(system, object));
  if (last === null) await noteSwept(deps, system, object);
  return last !== null && deps.clock.now() - Number(last) >= everyMs;
}

async function noteSwept({ store, clock }: Deps, system: SystemId, object: ObjectName): Promise<void> {
  const at = clock.now();
  await store.setCursors([{ name: sweptName(system, object), value: String(at), at }]);
}

/** An answer that may be for want of a field: the schema is looked at. */
function isAboutSchema(event: EngineEvent): event is EngineEvent & { readonly system: SystemId } {
  if (event.kind === "trouble") return event.code === "SCHEMA" && event.system !== storeName;
  return event.kind === "written" && ("SCHEMA" in event.results || "REJECTED" in event.results);
}

/** However often a system refuses, its schema is not looked at more often. */
const schemaRestMs = 15_000;

/**
 * Compares what a system has with the mapping, at the start, every while, and when answers make it likely that something has changed. Fields that
 * are not there as the config says are paused; once they are, they are caught up with.
 */
async function schemaLoop(
  deps: Deps,
  state: RunState,
  watch: SchemaWatch,
  system: SystemId,
  everyMs: number,
  signal: AbortSignal,
): Promise<void> {
  const bell = state.bell(`schema/${system}`);
  while (!signal.aborted) {
    let back: readonly ObjectName[] = [];
    await persist(deps, system, "comparing the schema", bell, signal, async () => {
      back = await watch.look(deps, system);
    });
    for (const object of back) {
      await persist(deps, system, `catching up with ${object}`, bell, signal, async () => {
        await resumeFields(deps, system, object, signal);
        state.bell(`dispatch/${system}`).ring();
        await sweepObject(deps, system, object, signal);
        state.bell("work").ring();
        if (!signal.aborted && object === back.at(-1)) await watch.settled(deps, system);
      });
    }
    await deps.clock.sleep(Math.min(schemaRestMs, everyMs), signal);
    if (!signal.aborted) await bell.sleep(everyMs);
  }
}

function idleMsOf(role: Role): number {
  return role === "worker" ? idleWorkerMsMax : idleMsMax;
}

/** How long a loop with nothing in hand sleeps. */
function newIdle(deps: Deps, systems: readonly SystemId[], longestMs: number): () => Promise<number> {
  let fruitless = 0;
  return async () => {
    const next = await deps.store.nextDueAt(systems);
    const aheadMs = next === null ? longestMs : next - deps.clock.now();
    fruitless = aheadMs > 0 ? 0 : fruitless + 1;
    return Math.min(longestMs, Math.max(idleMsMin, aheadMs, fruitless === 0 ? 0 : idleMsMin * 2 ** fruitless));
  };
}

/** Two looks in a row, with a pull of every feed between them, must find nothing. */
async function untilQuiet(deps: Deps, state: RunState, signal: AbortSignal, ended: Promise<void>): Promise<void> {
  const failed = ended.then(() => "stopped" as const);
  let calm: ReadonlyMap<SystemId, number> | null = null;
  let waitMs = lookMsMin;
  while (!signal.aborted) {
    const before = new Map([...state.pulls].map(([system, pull]) => [system, pull.count]));
    const restless = await restlessMs(deps, state);
    if (restless === 0 && calm !== null && pulledSince(deps, state, calm)) return;
    waitMs = Math.max(restless, Math.min(2 * waitMs, lookMsMax));
    if (restless > 0) calm = null;
    else if (calm === null) {
      calm = before;
      waitMs = lookMsMin;
      for (const system of deps.connectors.keys()) state.bell(`feed/${system}`).ring();
    }
    if ((await Promise.race([deps.clock.sleep(waitMs), failed])) === "stopped") return;
  }
}

/** What is looked for again after so long only, a parent that nobody knows for example, is not waited for. Longer than pauses and skewed clocks are. */
const longWaitMs = 30 * 60_000;
const lookMsMin = 50;
const lookMsMax = 1_000;

function pulledSince(deps: Deps, state: RunState, before: ReadonlyMap<SystemId, number>): boolean {
  return [...deps.connectors].every(
    ([system, connector]) =>
      connector.feed === null || (state.pulls.get(system)?.count ?? 0) > (before.get(system) ?? 0),
  );
}

/** How long something will surely be left to do; 0 when nothing is. */
async function restlessMs(deps: Deps, state: RunState): Promise<number> {
  if (!state.loaded || state.busy.size > 0) return lookMsMin;
  const behind = [...deps.connectors].filter(([system]) => state.pulls.get(system)?.caughtUp !== true);
  // A stream that waits for news tells only when asked that there is none; a poll would be asked again only after its interval.
  for (const [system] of behind) state.bell(`feed/${system}`).ring();
  if (behind.length > 0) return behind.some(([, { feed }]) => feed?.kind === "poll") ? lookMsMax : lookMsMin;
  try {
    const next = await deps.store.nextDueAt([...deps.connectors.keys()]);
    const aheadMs = next === null ? longWaitMs : next - deps.clock.now();
    return aheadMs >= longWaitMs ? 0 : Math.min(idleMsMax, Math.max(lookMsMin, aheadMs));
  } catch (error) {
    if (!(error instanceof StoreFailure)) throw error;
    return lookMsMax;
  }
}
