import { describe, expect as sure, test } from "vitest";
import { expect } from "./expect.ts";

const held: readonly (readonly [string, () => void])[] = [
  ["to be", () => expect(1).toBe(1)],
  ["null", () => expect(null).toBeNull()],
  ["equal in depth", () => expect({ a: [{ b: 1 }], c: undefined }).toEqual({ a: [{ b: 1 }] })],
  ["match", () => expect({ a: { b: 1, c: 2 }, d: 3 }).toMatchObject({ a: { b: 1 } })],
  ["contain", () => expect(new Set([1])).toContain(1)],
  ["contain a match", () => expect([{ a: 1, b: 2 }]).toContainMatch({ a: 1 })],
];

const broken: readonly (readonly [string, () => void])[] = [
  ["to be", () => expect("1").toBe(1)],
  ["undefined is not null", () => expect(undefined).toBeNull()],
  ["more members are not equal", () => expect({ a: 1, b: 2 }).toEqual({ a: 1 })],
  ["another order", () => expect([1, 2]).toEqual([2, 1])],
  ["an object is no list", () => expect({ 0: "a" }).toEqual(["a"])],
  ["a missing member", () => expect({ a: 1 }).toMatchObject({ a: 1, b: null })],
  ["a longer list", () => expect({ a: [1, 2] }).toMatchObject({ a: [1] })],
  ["absent", () => expect(["a"]).toContain("b")],
  ["no match", () => expect([{ a: 1 }]).toContainMatch({ a: 2 })],
  ["nothing at all", () => expect(undefined).toMatchObject({})],
];

describe("what the contracts expect", () => {
  test.each(held)("holds: %s", (_what, check) => check());
  test.each(broken)("is broken: %s", (_what, check) => sure(check).toThrow(/expected/));
});

test("a failure says what it is about, and shows both", () => {
  sure(() => expect({ kind: "failed" }, "the third write").toMatchObject({ kind: "written" })).toThrow(
    "the third write: expected { kind: 'failed' } to match { kind: 'written' }",
  );
});
