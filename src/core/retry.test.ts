import { describe, expect, test } from "vitest";
import type { SyncError } from "../model/sync-error.ts";
import { afterFailure } from "./retry.ts";

const policy = { attemptsMax: 5, delayMsBase: 500, delayMsMax: 60_000 };
const unreachable: SyncError = { code: "UNREACHABLE", message: "no connection" };
const unknown: SyncError = { code: "UNKNOWN_OUTCOME", message: "the answer never came" };
const delays = (error: SyncError, tries: readonly number[], jitter: number) =>
  tries.map((n) => {
    const next = afterFailure(error, n, policy, jitter);
    return next.kind === "retry" ? next.delayMs : next.kind;
  });

describe("when a failed try is followed by the next", () => {
  test("what the system refuses is never tried again", () => {
    const refused: SyncError = { code: "REJECTED", message: "not allowed", cells: {} };
    expect(delays(refused, [1, 99], 0)).toEqual(["dead-letter", "dead-letter"]);
  });

  test("each time twice as long, up to the longest, and never less than half of it", () => {
    expect(delays(unreachable, [1, 2, 3, 4, 8, 9, 1_000], 0)).toEqual([250, 500, 1_000, 2_000, 30_000, 30_000, 30_000]);
    expect(delays(unreachable, [1, 2], 0.5)).toEqual([375, 750]);
    expect(delays(unreachable, [1], 0.9999)).toEqual([500]);
  });

  test("no connection, no access and being told to wait use up no tries; outcomes that stay unknown do", () => {
    expect(delays(unreachable, [5], 0)).toEqual([4_000]);
    expect(delays({ code: "RATE_LIMITED", retryAfterMs: null, message: "slow down" }, [5], 0)).toEqual([4_000]);
    expect(delays(unknown, [4, 5, 6], 0)).toEqual([2_000, "dead-letter", "dead-letter"]);
  });

  test("no sooner than the system asks, but no figure beyond an hour is believed", () => {
    const limited = (retryAfterMs: number): SyncError => ({ code: "RATE_LIMITED", retryAfterMs, message: "slow down" });
    expect(delays(limited(7_000), [1], 0)).toEqual([7_000]);
    expect(delays(limited(100), [1], 0)).toEqual([250]);
    expect(delays(limited(9_999_999), [1], 0)).toEqual([3_600_000]);
  });
});
