import {
  isReserved,
  type LimitLane,
  type LimitPolicy,
  type LimitWindow,
  newLimitState,
  noteAnswered,
  noteFine,
  noteRefused,
  noteSent,
  roomInMs,
} from "../core/limits.ts";
import { type SyncError, SyncFailure } from "../model/sync-error.ts";
import type { Clock } from "./clock.ts";

/**
 * The one gate that all calls to an account go through, whatever object they are about. A connector makes one for each limit that its system has
 * and shows them as `limiters`; where it has none, its calls as a whole are kept within what the system was seen to take.
 */
export type Limiter = {
  /** What is limited, for people: "calls", "searches". */
  readonly name: string;
  /**
   * Resolves when a call may be sent, with what to call once it is answered. Live calls go before decisions, those before backfill, which
   * gets a tenth of the turns all the same. Rejects with RATE_LIMITED, unsent, after a refusal and while the rest of the day is for others.
   */
  turn(lane?: LimitLane): Promise<() => void>;
  /** Throws RATE_LIMITED while nothing may be sent. */
  refuse(): void;
  /** A call was refused for being one too many. `askedMs`: Retry-After; `isLong`: the allowance of a day or month is used up. */
  limited(askedMs: number | null, message: string, isLong?: boolean): SyncError & { readonly code: "RATE_LIMITED" };
  /** A call went well. */
  fine(): void;
  /** The system told its limits. */
  learn(windows: readonly LimitWindow[]): void;
  /** The system told how many calls of the day there are and are left. */
  learnDay(max: number, left: number): void;
  /** An answer's Date header: what the system's clock says. */
  heard(date: string | null): void;
  /** This process may use so much of the limits: 1 when it is alone. */
  share(part: number): void;
  usage(): LimitUsage;
};

/** Since the start, and now. */
export type LimitUsage = {
  readonly sent: number;
  readonly refused: number;
  readonly waiting: number;
  readonly windows: readonly LimitWindow[];
  /** Part of the windows that is used at present: the fullest one's. */
  readonly inUse: number;
  readonly day: { readonly max: number; readonly left: number } | null;
  readonly silentForMs: number;
  /** How far the system's clock is before Truce's, at least, by its latest answers; `null` when none told. */
  readonly clockAheadMs: number | null;
};

/** A lane that was passed over so often in a row goes first. */
const passedMax = 9;
const datesMax = 20;
/** How long calls of a lane stay away once the rest of the day is for others. */
const reservedMs = 15 * 60_000;

export function createLimiter(clock: Clock, name: string, policy: LimitPolicy): Limiter {
  const state = newLimitState(policy);
  const waiting: ((answered: () => void) => void)[][] = [[], [], []];
  const passed = [0, 0, 0];
  const counts = { sent: 0, refused: 0 };
  let message = "";
  /** Of the latest answers: their dates less the times at which they came. The quickest one says most. */
  let ahead: number[] = [];
  let isAsleep = false;

  const answered = () => {
    noteAnswered(state, clock.now());
    pump();
  };
  /** The next in line: a lane passed over for too long, else the most urgent. */
  const next = () => {
    const starved = waiting.findIndex((queue, lane) => queue.length > 0 && (passed[lane] ?? 0) >= passedMax);
    const lane = starved === -1 ? waiting.findIndex((queue) => queue.length > 0) : starved;
    waiting.forEach((queue, other) => {
      passed[other] = other === lane || queue.length === 0 ? 0 : (passed[other] ?? 0) + 1;
    });
    return waiting[lane]?.shift();
  };
  const pump = (): void => {
    for (;;) {
      if (!waiting.some((queue) => queue.length > 0)) return;
      const waitMs = roomInMs(state, clock.now());
      if (waitMs === 0) {
        noteSent(state, clock.now());
        counts.sent++;
        next()?.(answered);
        continue;
      }
      if (waitMs === null || isAsleep) return;
      isAsleep = true;
      void clock.sleep(Math.ceil(waitMs)).then(() => {
        isAsleep = false;
        pump();
      });
      return;
    }
  };
  const refuse = (): void => {
    const leftMs = state.silentUntil - clock.now();
    if (leftMs > 0) throw new SyncFailure({ code: "RATE_LIMITED", retryAfterMs: leftMs, message });
  };

  return {
    name,
    refuse,
    async turn(lane = 0) {
      refuse();
      if (isReserved(state, lane)) {
        const left = `${state.day?.left} of ${state.day?.max} ${name} of the day are left, and kept for live changes`;
        throw new SyncFailure({ code: "RATE_LIMITED", retryAfterMs: reservedMs, message: left });
      }
      const end = await new Promise<() => void>((resolve) => {
        waiting[lane]?.push(resolve);
        pump();
      });
      try {
        // While this call waited for its turn another one may have met the limit.
        refuse();
      } catch (error) {
        counts.sent--;
        end();
        throw error;
      }
      return end;
    },
    limited(askedMs, said, isLong = false) {
      counts.refused++;
      message = said;
      const retryAfterMs = noteRefused(state, clock.now(), askedMs, isLong);
      return { code: "RATE_LIMITED", retryAfterMs, message };
    },
    fine: () => noteFine(state),
    learn: (windows) => {
      state.windows = windows.map(({ max, windowMs }) => ({ max: Math.max(1, max), windowMs }));
    },
    learnDay: (max, left) => {
      state.day = { max, left };
    },
    heard: (date) => {
      const at = Date.parse(date ?? "");
      if (!Number.isNaN(at)) ahead = [...ahead.slice(1 - datesMax), at - clock.now()];
    },
    share: (part) => {
      state.share = part;
      pump();
    },
    usage() {
      const now = clock.now();
      const inWindow = (windowMs: number) => state.times.filter((at) => at > now - windowMs && at <= now).length;
      return {
        ...counts,
        waiting: waiting.reduce((sum, queue) => sum + queue.length, 0),
        windows: state.windows,
        inUse: Math.max(0, ...state.windows.map(({ max, windowMs }) => inWindow(windowMs) / max)),
        day: state.day,
        silentForMs: Math.max(0, state.silentUntil - now),
        clockAheadMs: ahead.length === 0 ? null : Math.max(...ahead),
      };
    },
  };
}
