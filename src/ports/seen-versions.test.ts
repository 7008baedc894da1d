import { expect, test } from "vitest";
import { createSeenVersions } from "./seen-versions.ts";

test("what a pull told counts once the next pull says that it is stored", () => {
  const seen = createSeenVersions();
  seen.acknowledge("0");
  seen.add("contacts", "1", "a");
  expect([seen.has("contacts", "1", "a"), seen.has("contacts", "1", "b"), seen.has("deals", "1", "a")]).toEqual([
    true,
    false,
    false,
  ]);
  seen.handOver("1");
  seen.acknowledge("1");
  expect(seen.has("contacts", "1", "a")).toBe(true);
});

test("a pull that is made again, or from elsewhere, is told everything again", () => {
  const seen = createSeenVersions();
  seen.acknowledge("0");
  seen.add("contacts", "1", "a");
  seen.handOver("1");
  seen.acknowledge("0");
  expect(seen.has("contacts", "1", "a")).toBe(false);
});

test("a record that goes back to what it held before is told again", () => {
  const seen = createSeenVersions();
  for (const [n, version] of ["a", "b"].entries()) {
    seen.acknowledge(String(n));
    seen.add("contacts", "1", version);
    seen.handOver(String(n + 1));
  }
  seen.acknowledge("2");
  expect(seen.has("contacts", "1", "a")).toBe(false);
});

test("what a receipt told counts at once, until a pull begins anew", () => {
  const seen = createSeenVersions();
  seen.acknowledge("0");
  seen.handOver("1");
  seen.addStored("contacts", "1", "a");
  seen.acknowledge("1");
  expect(seen.has("contacts", "1", "a")).toBe(true);
  seen.acknowledge("0");
  expect(seen.has("contacts", "1", "a")).toBe(false);
});

test("a receipt is later than what the pull before it told", () => {
  const seen = createSeenVersions();
  seen.acknowledge("0");
  seen.add("contacts", "1", "a");
  seen.handOver("1");
  seen.addStored("contacts", "1", "b");
  seen.acknowledge("1");
  expect(seen.has("contacts", "1", "b")).toBe(true);
});
