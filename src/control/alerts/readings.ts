import type { Arrival, EngineEvent } from "../../engine/deps.ts";
import type { EntityType } from "../../model/golden.ts";
import type { SystemId } from "../../model/record.ts";
import type { Instant } from "../../model/time.ts";

/** What one system was like of late, as far as this process has seen. */
export type SystemReading = {
  /** Since when something has failed without going well again, what, and why. */
  readonly troubles: readonly Trouble[];
  /** Of the last quarter of an hour. */
  readonly written: number;
  readonly failed: number;
  /** Of the last hour: 95 of 100 writes arrived within so many ms; `null` with too few to tell. */
  readonly latencyP95Ms: number | null;
  /** The same by where the news came from, of those with enough to tell. */
  readonly ways: readonly { readonly from: SystemId; readonly entity: EntityType; readonly latencyP95Ms: number }[];
  /** By object. */
  readonly sweeps: Readonly<Record<string, SweepReading>>;
  /** Objects whose last full reading showed far fewer records than are known. */
  readonly doubted: Readonly<Record<string, { readonly missing: number; readonly known: number }>>;
  /** By object: fields that are paused, as the system does not have them as the config says. */
  readonly paused: Readonly<Record<string, Paused>>;
};

type Paused = {
  readonly fields: readonly string[];
  readonly problems: readonly { readonly cell: string; readonly message: string }[];
};
export type Trouble = {
  readonly doing: string;
  readonly code: string;
  readonly message: string;
  readonly since: Instant;
};
type SweepReading = { readonly scanned: number; readonly drifted: number };

/** Takes in what the engine tells, and says what it comes to. */
export type Readings = {
  note(event: EngineEvent): void;
  of(system: SystemId): SystemReading;
  /** Troubles with Truce's own store. */
  store(): readonly Trouble[];
};

const shortMs = 15 * 60_000;
const longMs = 60 * 60_000;
/** Fewer samples say nothing. */
const samplesMin = 20;
/** Of an hour, in all: enough for a percentile, however much is written. */
const samplesMax = 2_000;
/** What was not told of again for so long, nor went well, is no trouble any more. The store is used all the time. */
const forgottenMs = 10 * 60_000;
const storeForgottenMs = 90_000;

type Counted = { readonly at: Instant; readonly written: number; readonly failed: number };
type Sample = Arrival & { readonly at: Instant };
type State = {
  readonly troubles: Map<string, Trouble & { readonly lastAt: Instant }>;
  counts: Counted[];
  samples: Sample[];
  readonly sweeps: Record<string, SweepReading>;
  readonly doubted: Record<string, { readonly missing: number; readonly known: number }>;
  readonly paused: Record<string, Paused>;
};

export function createReadings(now: () => Instant): Readings {
  const systems = new Map<SystemId, State>();
  const stateOf = (system: SystemId): State => {
    const state = systems.get(system) ?? {
      troubles: new Map(),
      counts: [],
      samples: [],
      sweeps: {},
      doubted: {},
      paused: {},
    };
    systems.set(system, state);
    return state;
  };
  return {
    note: (event) => {
      if ("system" in event) note(stateOf(event.system), event, now());
    },
    of: (system) => readingOf(stateOf(system), now()),
    store: () => [...systems.values()].flatMap((state) => present(state, now())).filter(({ code }) => code === "STORE"),
  };
}

function note(state: State, event: EngineEvent, now: Instant): void {
  switch (event.kind) {
    case "trouble": {
      const { doing, code, message } = event;
      // Being told to wait is not being broken.
      if (code === "RATE_LIMITED") return;
      state.troubles.set(doing, { doing, code, message, since: state.troubles.get(doing)?.since ?? now, lastAt: now });
      return;
    }
    case "breaker": {
      const doing = "calling it";
      const before = state.troubles.get(doing);
      if (event.forMs === 0) state.troubles.delete(doing);
      else {
        const trouble = { doing, code: "UNREACHABLE", message: event.reason, since: before?.since ?? now };
        state.troubles.set(doing, { ...trouble, lastAt: now + event.forMs });
      }
      return;
    }
    case "recovered":
      state.troubles.delete(event.doing);
      return;
    case "written": {
      const { written = 0, changed = 0, missing = 0, exists = 0, RATE_LIMITED: limited = 0 } = event.results;
      const all = Object.values(event.results).reduce((sum, count) => sum + count, 0);
      state.counts.push({ at: now, written, failed: all - written - changed - missing - exists - limited });
      state.counts = state.counts.filter(({ at }) => at > now - shortMs);
      addSamples(state, event.arrivals, now);
      return;
    }
    case "swept": {
      const { object, scanned, drifted } = event;
      state.sweeps[object] = { scanned, drifted };
      return;
    }
    case "many-missing":
      state.doubted[event.object] = { missing: event.missing, known: event.known };
      return;
    case "paused-fields":
      if (event.problems.length === 0) delete state.paused[event.object];
      else state.paused[event.object] = { fields: event.fields, problems: event.problems };
      return;
    case "scanned":
      // Should the records be missing still, that is told again at the end of this reading.
      if (event.done) delete state.doubted[event.object];
      return;
  }
}

function addSamples(state: State, arrivals: readonly Arrival[], now: Instant): void {
  state.samples.push(...arrivals.map((one) => ({ ...one, at: now })));
  if (state.samples.length > samplesMax * 2) state.samples = state.samples.slice(-samplesMax);
  state.samples = state.samples.filter(({ at }) => at > now - longMs);
}

function readingOf(state: State, now: Instant): SystemReading {
  const samples = state.samples.filter(({ at }) => at > now - longMs);
  const recent = state.counts.filter(({ at }) => at > now - shortMs);
  return {
    troubles: present(state, now).filter(({ code }) => code !== "STORE"),
    written: recent.reduce((sum, { written }) => sum + written, 0),
    failed: recent.reduce((sum, { failed }) => sum + failed, 0),
    latencyP95Ms: percentile(samples),
    ways: waysIn(samples),
    sweeps: { ...state.sweeps },
    doubted: { ...state.doubted },
    paused: { ...state.paused },
  };
}

function present(state: State, now: Instant): Trouble[] {
  return [...state.troubles.values()]
    .filter(({ lastAt, code }) => lastAt > now - (code === "STORE" ? storeForgottenMs : forgottenMs))
    .map(({ lastAt: _, ...trouble }) => trouble);
}

function waysIn(samples: readonly Sample[]): SystemReading["ways"] {
  return [...Map.groupBy(samples, ({ from, entity }) => `${from ?? ""}/${entity}`).values()].flatMap((ofWay) => {
    const latencyP95Ms = percentile(ofWay);
    const [first] = ofWay;
    if (latencyP95Ms === null || first === undefined || first.from === null) return [];
    return [{ from: first.from, entity: first.entity, latencyP95Ms }];
  });
}

function percentile(samples: readonly Sample[]): number | null {
  if (samples.length < samplesMin) return null;
  const sorted = samples.map(({ ms }) => ms).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.95)] ?? null;
}
