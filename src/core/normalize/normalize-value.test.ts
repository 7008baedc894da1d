import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { FieldType } from "../../model/field-type.ts";
import { type Normalized, normalizeValue } from "./normalize-value.ts";
import { fieldTypes, hostileRaw, spellingsOf } from "./testing/arbitraries.ts";

const text: FieldType = { kind: "text" };

describe("every type", () => {
  test.each([null, "", "   ", "\r\n\t", "\u00a0", []])("takes %j for a known blank", (raw) => {
    fc.assert(
      fc.property(fieldTypes(), (type) => {
        expect(normalizeValue(type, raw)).toEqual({ ok: true, value: null });
      }),
      { numRuns: 50 },
    );
  });

  test("never throws, whatever JSON comes, and what it accepts it accepts again unchanged", () => {
    fc.assert(
      fc.property(fieldTypes(), hostileRaw(), (type, raw) => {
        const once = normalizeValue(type, raw);
        if (once.ok) expect(normalizeValue(type, once.value as never)).toEqual(once);
        else expectReadable(once.reason);
      }),
      { numRuns: 5000 },
    );
  });

  test("accepts its usual spellings, and normalizing twice is normalizing once", () => {
    const typed = fieldTypes().chain((type) => spellingsOf(type).map((raw) => ({ type, raw })));
    fc.assert(
      fc.property(typed, ({ type, raw }) => {
        const once = normalizeValue(type, raw);
        if (!once.ok) throw new Error(once.reason);
        expect(normalizeValue(type, once.value as never)).toEqual(once);
      }),
      { numRuns: 3000 },
    );
  });

  test.each(["a\ud800b", "\udc00"])("refuses half of a character: %j", (raw) => {
    fc.assert(
      fc.property(fieldTypes(), (type) => {
        expect(reasonOf(normalizeValue(type, raw))).toMatch(/surrogate/);
      }),
      { numRuns: 50 },
    );
  });

  test("refuses a NUL character", () => {
    fc.assert(
      fc.property(fieldTypes(), (type) => {
        expect(reasonOf(normalizeValue(type, "a\0b"))).toMatch(/NUL/);
      }),
      { numRuns: 50 },
    );
  });
});

describe("lists and structures", () => {
  test("a list of one stands for its item, as lookup fields send it", () => {
    expect(normalizeValue({ kind: "email" }, ["Lena@X.de"])).toEqual({ ok: true, value: "lena@x.de" });
    expect(normalizeValue({ kind: "reference", to: "company" }, ["rec1"])).toEqual({ ok: true, value: "rec1" });
  });

  test("two items where one belongs are refused, not cut to the first", () => {
    expect(reasonOf(normalizeValue(text, ["a", "b"]))).toBe("a list of 2 values where one belongs; map it to a set");
  });

  test("a structure is refused", () => {
    expect(reasonOf(normalizeValue(text, { street: "Main St" }))).toMatch(/structure/);
    expect(reasonOf(normalizeValue(text, [["a"]]))).toMatch(/structure|list/);
  });
});

describe("reasons", () => {
  test("show at most 80 characters of a value, and nothing invisible", () => {
    const reason = reasonOf(normalizeValue({ kind: "number" }, `x\u202e\u0007${"y".repeat(500)}`));
    expectReadable(reason);
    expect(reason.length).toBeLessThan(200);
    expect(reason).toContain("…");
  });
});

function expectReadable(reason: string): void {
  expect(reason).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u);
  expect(reason.length).toBeLessThan(400);
}

function reasonOf(normalized: Normalized): string {
  if (normalized.ok) throw new Error(`accepted as ${JSON.stringify(normalized.value)}`);
  return normalized.reason;
}
