import { expect, test } from "vitest";
import { outcome } from "./testing/outcome.ts";

test.each([true, "true", "TRUE", "yes", "Y", "t", "1", 1])("boolean %j is true", (raw) => {
  expect(outcome({ kind: "boolean" }, raw)).toBe(true);
});

test.each([false, "false", "No", "n", "f", "0", 0])("boolean %j is false", (raw) => {
  expect(outcome({ kind: "boolean" }, raw)).toBe(false);
});

test.each(["maybe", 2, "on the fence", "truе"])("boolean %j is refused", (raw) => {
  expect(outcome({ kind: "boolean" }, raw)).toMatch(/^refused: .*neither true nor false/);
});
