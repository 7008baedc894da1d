import type { SeededRandom } from "./random.ts";

/**
 * One fault switch. It concerns the requests that `match` names (all, if absent), happens with probability `chance` (default 1)
 * and at most `times` times (default: until switched off).
 */
export type Fault = FaultKind & {
  readonly match?: FaultMatch;
  readonly chance?: number;
  readonly times?: number;
};

/** `method` exactly, `path` as a part of the path; webhook faults look at neither. */
export type FaultMatch = { readonly method?: string; readonly path?: string };

type FaultKind =
  /** The answer starts `ms` later. */
  | { readonly kind: "latency"; readonly ms: number }
  /** 429; Retry-After true, an hour too long ("absurd"), or left out. */
  | { readonly kind: "rate-limit"; readonly retryAfter: "honest" | "absurd" | "missing" }
  /** 5xx, and nothing has been done. */
  | { readonly kind: "error-before"; readonly status: number }
  /** 5xx, but it has been done. */
  | { readonly kind: "error-after"; readonly status: number }
  /** Half-open socket: no answer ever comes, nothing has been done. */
  | { readonly kind: "hang-before" }
  /** Half-open socket: no answer ever comes, but it has been done. */
  | { readonly kind: "hang-after" }
  /** The connection is reset after the effect, without an answer. */
  | { readonly kind: "reset-after" }
  /** Status and length are fine, the JSON ends in the middle. */
  | { readonly kind: "truncated" }
  /** Fewer bytes than Content-Length says, then the connection ends. */
  | { readonly kind: "wrong-length" }
  /** An HTML page with the status of success. */
  | { readonly kind: "html" }
  /** Every connection is dropped at once. */
  | { readonly kind: "outage" }
  /** A delivery is sent twice. */
  | { readonly kind: "webhook-duplicate" }
  /** The events of a delivery and waiting deliveries change places. */
  | { readonly kind: "webhook-reorder" }
  /** A delivery never comes. */
  | { readonly kind: "webhook-drop" }
  /** Some events of a delivery are missing. */
  | { readonly kind: "webhook-partial" }
  /** A delivery comes `ms` later. */
  | { readonly kind: "webhook-delay"; readonly ms: number };

export type FaultName = FaultKind["kind"];

/** The switches of one sandbox; can be changed while it runs. */
export type FaultBoard = {
  /** Replaces all faults. */
  set(faults: readonly Fault[]): void;
  /** The faults still switched on. */
  list(): readonly Fault[];
  /** Draws the faults of these kinds that strike now, and counts them. */
  strike(kinds: readonly FaultName[], request?: { readonly method: string; readonly path: string }): readonly Fault[];
};

export function createFaultBoard(random: SeededRandom, initial: readonly Fault[] = []): FaultBoard {
  let active: { readonly fault: Fault; left: number }[] = [];
  const set = (faults: readonly Fault[]) => {
    active = faults.map((fault) => ({ fault, left: fault.times ?? Number.POSITIVE_INFINITY }));
  };
  set(initial);
  return {
    set,
    list: () => active.filter(({ left }) => left > 0).map(({ fault }) => fault),
    strike: (kinds, request) => {
      const struck = active.filter(
        ({ fault, left }) =>
          left > 0 &&
          kinds.includes(fault.kind) &&
          (request === undefined || matches(fault, request)) &&
          (fault.chance === undefined || random.chance(fault.chance)),
      );
      for (const entry of struck) entry.left--;
      return struck.map(({ fault }) => fault);
    },
  };
}

function matches({ match }: Fault, request: { readonly method: string; readonly path: string }): boolean {
  if (match?.method !== undefined && match.method !== request.method) return false;
  return match?.path === undefined || request.path.includes(match.path);
}
