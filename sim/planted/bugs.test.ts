import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { bugs } from "./bugs.ts";

test.each(bugs)("can still be planted: $id", ({ file, find, put }) => {
  const source = readFileSync(new URL(`../../src/${file}`, import.meta.url), "utf8");
  expect(source.split(find)).toHaveLength(2);
  expect(put).not.toBe(find);
});

test("there are at least 40, each with a name of its own", () => {
  expect(new Set(bugs.map((bug) => bug.id)).size).toBe(bugs.length);
  expect(bugs.length).toBeGreaterThanOrEqual(40);
});
