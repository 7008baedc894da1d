import { expect, test } from "vitest";
import { type Target, targetFor } from "./targets.ts";

const none: Target = { entity: null, from: null, to: null, undecidedMs: null, behindMs: null, latencyMs: null };

test("the first target that is about a way and says the time counts", () => {
  const targets = [
    { ...none, entity: "deal", to: "db", latencyMs: 5 },
    { ...none, entity: "deal", latencyMs: 7, behindMs: 9 },
  ];
  expect(targetFor(targets, { entity: "deal", from: "crm", to: "db" }, "latencyMs")).toBe(5);
  expect(targetFor(targets, { entity: "deal", from: "crm", to: "desk" }, "latencyMs")).toBe(7);
  expect(targetFor(targets, { entity: "deal", to: "db" }, "behindMs")).toBe(9);
  expect(targetFor(targets, { entity: "contact", to: "db" }, "behindMs")).toBeNull();
  expect(targetFor(targets, { entity: "deal", from: "crm" }, "undecidedMs")).toBeNull();
});
