import { expect, test } from "vitest";
import { earn, newRetryBudget, spend } from "./retry-budget.ts";

test("second tries that fail are a tenth of the first ones, and ten a minute beyond that", () => {
  const budget = newRetryBudget(0);
  let retried = 0;
  for (let second = 0; second < 600; second++) {
    earn(budget, 100, 0);
    for (let n = 0; n < 100; n++) if (spend(budget, second * 1_000)) retried++;
  }
  expect(retried / 60_000).toBeLessThanOrEqual(0.102);
  expect(retried / 60_000).toBeGreaterThanOrEqual(0.1);
});

test("a quiet system may be tried again ten times a minute", () => {
  const budget = newRetryBudget(0);
  let retried = 0;
  for (let second = 0; second < 600; second++) if (spend(budget, second * 1_000)) retried++;
  expect(retried).toBeGreaterThanOrEqual(100);
  expect(retried).toBeLessThanOrEqual(111);
});

test("second tries that go well hold up nothing", () => {
  const budget = newRetryBudget(0);
  let left = 10_000;
  let batches = 0;
  for (; left > 0; batches++) {
    let sent = 0;
    while (sent < 100 && spend(budget, 0)) sent++;
    earn(budget, 0, sent);
    left -= sent;
  }
  expect(batches).toBeLessThan(110);
});
