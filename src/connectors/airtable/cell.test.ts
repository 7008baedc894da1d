import { expect, test } from "vitest";
import { encodeValue, rawOf, wireOf } from "./cell.ts";
import type { Field } from "./schema.ts";
import { cell } from "./testing.ts";

function field(type: string): Field {
  return { id: "fld1", name: "F", type, choices: null };
}

test("record calls and payloads give one cell in two forms, and both are the same to Truce", () => {
  const forms = [
    ["singleSelect", "Lead", { id: "sel1", name: "Lead", color: "red" }, "Lead"],
    [
      "multipleSelects",
      ["b", "a"],
      [
        { id: "sel1", name: "b" },
        { id: "sel2", name: "a" },
      ],
      ["a", "b"],
    ],
    ["multipleRecordLinks", ["rec1"], [{ id: "rec1", name: "Acme" }], "rec1"],
    [
      "multipleRecordLinks",
      ["rec2", "rec1"],
      [
        { id: "rec2", name: "B" },
        { id: "rec1", name: "A" },
      ],
      ["rec1", "rec2"],
    ],
    [
      "multipleLookupValues",
      ["x", "y"],
      { valuesByLinkedRecordId: { rec1: ["y"], rec2: ["x"] }, linkedRecordIds: ["rec1", "rec2"] },
      ["x", "y"],
    ],
    ["checkbox", true, true, true],
    ["checkbox", undefined, null, false],
    ["singleLineText", undefined, null, null],
    ["richText", "hi\n", "hi\n", "hi"],
    ["number", 0, 0, 0],
  ] as const;
  for (const [type, rest, payload, raw] of forms) {
    expect(rawOf(field(type), rest), type).toEqual(raw);
    expect(rawOf(field(type), payload), type).toEqual(raw);
  }
});

test("files are known by name, as their addresses expire, and people by e-mail", () => {
  const file = (url: string) => [{ id: "att1", url, filename: "cv.pdf" }];
  expect(rawOf(field("multipleAttachments"), file("https://a"))).toEqual(
    rawOf(field("multipleAttachments"), file("https://b")),
  );
  expect(rawOf(field("singleCollaborator"), { id: "usr1", email: "a@b.example", name: "A" })).toBe("a@b.example");
});

test("a computed value that failed is passed on as it is, for normalizing to refuse", () => {
  expect(rawOf(field("formula"), { error: "#ERROR!" })).toEqual({ error: "#ERROR!" });
});

test("canonical values are written in the form that reads back equal", () => {
  expect(encodeValue(cell("Name"), "Ada")).toBe("Ada");
  expect(encodeValue(cell("Name"), "")).toBeNull();
  expect(encodeValue(cell("Customer"), null)).toBe(false);
  expect(encodeValue(cell("Score"), "1200.50")).toBe(1200.5);
  expect(encodeValue(cell("Tags"), ["b", "a"])).toEqual(["a", "b"]);
  expect(encodeValue(cell("Tags"), [])).toBeNull();
  expect(encodeValue(cell("Next call"), "2026-03-01T09:00:00Z")).toBe("2026-03-01T09:00:00.000Z");
  expect(wireOf(field("multipleRecordLinks"), encodeValue(cell("Company"), "rec1"))).toEqual(["rec1"]);
});

test("an amount goes bare into a field of its currency; another currency is spelled out, for Airtable to refuse", () => {
  expect(encodeValue(cell("Budget"), { amount: "12.50", currency: "EUR" })).toBe(12.5);
  expect(encodeValue(cell("Budget"), { amount: "12.50", currency: "USD" })).toBe("12.50 USD");
});

test("links to other records are written as they are read: one as its id, several in order", () => {
  const links = field("multipleRecordLinks");
  const one = cell("F", { type: { kind: "reference", to: "company" } });
  const many = cell("F", { type: { kind: "reference", to: "company", many: true } });
  expect(encodeValue(one, "rec1")).toEqual(rawOf(links, ["rec1"]));
  expect(encodeValue(many, ["rec1"])).toEqual(rawOf(links, ["rec1"]));
  expect(encodeValue(many, ["rec1", "rec2"])).toEqual(rawOf(links, ["rec2", "rec1"]));
  expect(encodeValue(many, null)).toEqual(rawOf(links, []));
  expect(wireOf(links, encodeValue(one, "rec1"))).toEqual(["rec1"]);
  expect(wireOf(links, encodeValue(many, ["rec1", "rec2"]))).toEqual(["rec1", "rec2"]);
});
