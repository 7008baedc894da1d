import { expect, test } from "vitest";
import { createOwnWrites } from "./own-writes.ts";

test("a change is an echo when both its sides are as noted, covered when only the new one is, else unknown", () => {
  const own = createOwnWrites();
  own.note("rec1", 7, [{ fieldId: "f", before: "a", after: "b" }]);
  expect(own.shown("rec1", "f", "a", "c")).toEqual({ kind: "unknown" });
  expect(own.shown("rec1", "g", "a", "b")).toEqual({ kind: "unknown" });
  expect(own.shown("rec1", "f", "x", "b")).toEqual({ kind: "covered", lookedAt: 7 });
  expect(own.shown("rec1", "f", "x", "b")).toEqual({ kind: "unknown" });
});

test("a write that was never shown does not make the next one look like a cover", () => {
  const own = createOwnWrites();
  // Someone had written "b" just before us: Airtable tells no change.
  own.note("rec1", 1, [{ fieldId: "f", before: "a", after: "b" }]);
  own.note("rec1", 2, [{ fieldId: "f", before: "c", after: "b" }]);
  expect(own.shown("rec1", "f", "c", "b")).toEqual({ kind: "echo" });
});

test("the form that Airtable keeps is the one that it shows", () => {
  const own = createOwnWrites();
  const note = own.note("rec1", 1, [{ fieldId: "f", before: null, after: " b" }]);
  note.kept({ f: "b" });
  expect(own.shown("rec1", "f", null, "b")).toEqual({ kind: "echo" });
});

test("a refused write is forgotten", () => {
  const own = createOwnWrites();
  own.note("rec1", 1, [{ fieldId: "f", before: "a", after: "b" }]).refused();
  expect(own.shown("rec1", "f", "a", "b")).toEqual({ kind: "unknown" });
});

test("creates and deletes are shown once", () => {
  const own = createOwnWrites();
  own.noteCreated("rec1");
  own.noteDeleted("rec2");
  expect([own.shownCreated("rec1"), own.shownCreated("rec1")]).toEqual([true, false]);
  expect([own.shownDeleted("rec2"), own.shownDeleted("rec1")]).toEqual([true, false]);
});
