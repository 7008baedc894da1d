import { expect, test } from "vitest";
import { type Admission, admit, afterCallFailure, afterSuccess, type Breaker, closedBreaker } from "./breaker.ts";

function failing(times: number, from: Breaker = closedBreaker, now = 0): Breaker {
  let breaker = from;
  for (let n = 0; n < times; n++) breaker = afterCallFailure(breaker, now, "no answer");
  return breaker;
}

const go = (admission: Admission): Breaker => {
  if (admission.kind !== "go") throw new Error(`refused for ${admission.retryInMs} ms`);
  return admission.breaker;
};

test("a few failures are nothing, and a success forgets them", () => {
  expect(admit(failing(4), 0).kind).toBe("go");
  expect(afterSuccess()).toEqual(closedBreaker);
});

test("five failures in a row stop all calls for two seconds", () => {
  const open = failing(5);
  expect(admit(open, 500)).toEqual({ kind: "refused", retryInMs: 1_500, reason: "no answer" });
});

test("then one call finds out, while the others wait for it", () => {
  const probing = go(admit(failing(5), 2_000));
  expect(admit(probing, 2_001).kind).toBe("refused");
  // A probe that hangs does not keep the system out for ever.
  expect(admit(probing, 12_000).kind).toBe("go");
});

test("each failed probe doubles the wait, up to a minute", () => {
  let [breaker, now] = [failing(5), 0];
  const waits: number[] = [];
  for (let n = 0; n < 7; n++) {
    if (breaker.kind !== "open") throw new Error("it is not open");
    waits.push(breaker.until - now);
    now = breaker.until;
    breaker = failing(1, go(admit(breaker, now)), now);
  }
  expect(waits).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
});

test("calls that were under way when it opened change nothing", () => {
  const open = failing(5);
  expect(failing(3, open, 1_000)).toEqual(open);
});
