import { setImmediate as soon } from "node:timers/promises";
import { expect, test } from "vitest";
import type { LimitPolicy } from "../core/limits.ts";
import { SyncFailure } from "../model/sync-error.ts";
import { createLimiter, type Limiter } from "./limiter.ts";
import { type Lane, laneBackfill, laneDecision, laneLive } from "./store.ts";

const second = 1_000;

const policy: LimitPolicy = {
  windows: [],
  counts: "answered",
  parallelMax: 8,
  silenceMsMin: second,
  silenceMsMax: 10 * second,
  askedMsMax: 60 * second,
  penaltyMs: 0,
};

/** A clock that jumps on when someone sleeps, once nothing else is left to do. */
function jumpingClock(at = 0) {
  const clock = {
    at,
    now: () => clock.at,
    async sleep(ms: number) {
      const until = clock.at + ms;
      await soon();
      clock.at = Math.max(clock.at, until);
    },
  };
  return clock;
}

function limiterWith(also: Partial<LimitPolicy>, clock = jumpingClock()) {
  return { clock, limiter: createLimiter(clock, "calls", { ...policy, ...also }) };
}

/** Sends one call after the other; returns when each was sent. */
async function sendAll(limiter: Limiter, clock: { readonly at: number }, count: number): Promise<number[]> {
  const sentAt: number[] = [];
  for (let n = 0; n < count; n++) {
    const answered = await limiter.turn();
    sentAt.push(clock.at);
    answered();
  }
  return sentAt;
}

function askedMs(call: () => unknown): number | null {
  try {
    call();
    return null;
  } catch (error) {
    const { error: told } = error as SyncFailure;
    return told.code === "RATE_LIMITED" ? told.retryAfterMs : null;
  }
}

test("calls go at once while there is room, then as the window moves on", async () => {
  const { clock, limiter } = limiterWith({ windows: [{ max: 3, windowMs: second }] });
  expect(await sendAll(limiter, clock, 7)).toEqual([0, 0, 0, 1_000, 1_000, 1_000, 2_000]);
});

test("of two windows the narrower one counts", async () => {
  const windows = [
    { max: 2, windowMs: second },
    { max: 3, windowMs: 10 * second },
  ];
  const { clock, limiter } = limiterWith({ windows });
  expect(await sendAll(limiter, clock, 4)).toEqual([0, 0, 1_000, 10_000]);
});

test("a call that is slow to be answered takes up room until a window after its answer", async () => {
  const { clock, limiter } = limiterWith({ windows: [{ max: 1, windowMs: second }] });
  const answered = await limiter.turn();
  const next = limiter.turn().then(() => clock.at);
  clock.at = 5_000;
  answered();
  expect(await next).toBe(6_000);
});

test("no more than eight calls are under way at once", async () => {
  const { limiter } = limiterWith({ windows: [{ max: 100, windowMs: second }] });
  const turns = Array.from({ length: 9 }, () => limiter.turn());
  const answered = await Promise.all(turns.slice(0, 8));
  expect(limiter.usage()).toMatchObject({ sent: 8, waiting: 1 });
  answered[0]?.();
  await turns[8];
});

test("live calls go first, then decisions; backfill gets a tenth of the turns all the same", async () => {
  const { limiter } = limiterWith({ windows: [{ max: 1, windowMs: second }], parallelMax: 1 });
  const order: string[] = [];
  const call = async (lane: Lane) => {
    const answered = await limiter.turn(lane);
    order.push(`${lane}`);
    answered();
  };
  const lanes: Lane[] = [laneBackfill, laneBackfill, laneDecision, ...Array.from({ length: 12 }, (): Lane => laneLive)];
  await Promise.all(lanes.map(call));
  // The first found an empty queue.
  expect(order.join("")).toBe("200000000012000");
});

test("a clock that is set back holds no call for longer than a window", async () => {
  const { clock, limiter } = limiterWith({ windows: [{ max: 1, windowMs: second }] }, jumpingClock(1_000_000));
  (await limiter.turn())();
  clock.at = 0;
  await limiter.turn();
  expect(clock.at).toBe(0);
});

test("after a refusal nothing is sent for as long as was asked; an absurd wish is not believed, and no wish means longer each time", () => {
  const { clock, limiter } = limiterWith({});
  expect(limiter.limited(7_000, "slow down").retryAfterMs).toBe(7_000);
  expect(askedMs(limiter.refuse)).toBe(7_000);
  clock.at = 7_000;
  expect(askedMs(limiter.refuse)).toBeNull();
  limiter.fine();
  const own = [31_536_000_000, null, null, null, null].map((asked) => limiter.limited(asked, "slow down").retryAfterMs);
  expect(own).toEqual([1_000, 2_000, 4_000, 8_000, 10_000]);
});

test("what waited for its turn while another call was refused is not sent", async () => {
  const { limiter } = limiterWith({ parallelMax: 1, windows: [{ max: 100, windowMs: second }] });
  const answered = await limiter.turn();
  const next = limiter.turn();
  limiter.limited(7_000, "slow down");
  answered();
  await expect(next).rejects.toThrow(SyncFailure);
  expect(limiter.usage()).toMatchObject({ sent: 1, refused: 1 });
});

test("the last fifth of a day's calls is not for backfill, the last twentieth not for decisions", async () => {
  const { limiter } = limiterWith({});
  limiter.learnDay(1_000, 150);
  await expect(limiter.turn(laneBackfill)).rejects.toThrow("150 of 1000 calls of the day are left");
  (await limiter.turn(laneDecision))();
  limiter.learnDay(1_000, 40);
  await expect(limiter.turn(laneDecision)).rejects.toThrow("kept for live changes");
  (await limiter.turn(laneLive))();
});

test("two processes on one account take half of its limits each", async () => {
  const { clock, limiter } = limiterWith({ windows: [{ max: 4, windowMs: second }] });
  limiter.share(0.5);
  expect(await sendAll(limiter, clock, 4)).toEqual([0, 0, 1_000, 1_000]);
  limiter.share(0.125);
  expect((await sendAll(limiter, clock, 2)).map((at) => at - 1_000)).toEqual([2_000, 4_000]);
});

/** A system that takes so many calls within any ten seconds, and says nothing of it but 429. */
async function play(limiter: Limiter, clock: { readonly at: number }, max: number, forMs: number) {
  const taken: number[] = [];
  let refused = 0;
  while (clock.at < forMs) {
    try {
      const answered = await limiter.turn();
      const isRoom = taken.filter((at) => at > clock.at - 10 * second).length < max;
      if (isRoom) {
        taken.push(clock.at);
        limiter.fine();
      } else {
        refused++;
        limiter.limited(null, "429");
      }
      answered();
    } catch {
      await (clock as ReturnType<typeof jumpingClock>).sleep(100);
    }
  }
  const asked = taken.length + refused;
  return { used: taken.length / ((max * forMs) / (10 * second)), refused: refused / asked };
}

test("a known limit is used to nine tenths without a refusal", async () => {
  const { clock, limiter } = limiterWith({ windows: [{ max: 90, windowMs: 10 * second }] });
  const { used, refused } = await play(limiter, clock, 100, 3_600 * second);
  expect(used).toBeGreaterThanOrEqual(0.899);
  expect(refused).toBe(0);
});

test("an unknown limit is found out, and kept to from then on", async () => {
  const { clock, limiter } = limiterWith({});
  const { used, refused } = await play(limiter, clock, 100, 3_600 * second);
  expect(used).toBeGreaterThanOrEqual(0.9);
  expect(refused).toBeLessThanOrEqual(0.001);
});

test("a limit that was met once while hardly used does not stay low", async () => {
  const { clock, limiter } = limiterWith({});
  (await limiter.turn())();
  limiter.limited(null, "429");
  const { used } = await play(limiter, clock, 20, 3 * 3_600 * second);
  expect(used).toBeGreaterThan(0.7);
});

test("a limit that others use too is shared with them", async () => {
  const { clock, limiter } = limiterWith({ windows: [{ max: 90, windowMs: 10 * second }] });
  // Of the hundred that the system takes, another client uses forty.
  const { used, refused } = await play(limiter, clock, 60, 3_600 * second);
  expect(used).toBeGreaterThanOrEqual(0.9);
  expect(refused).toBeLessThanOrEqual(0.01);
});
