import { expect, test } from "vitest";
import { createOwnWrites } from "./own-writes.ts";
import { readPayloads } from "./payload.ts";
import type { BoundTable, Field } from "./schema.ts";

const name: Field = { id: "fldName", name: "Name", type: "singleLineText" } as Field;
const people = {
  object: "People",
  table: { id: "tblPeople" },
  cells: new Map([["Name", name]]),
} as unknown as BoundTable;

function told(...payloads: readonly object[]) {
  const reading = readPayloads(
    {
      system: "base",
      tables: new Map([["tblPeople", people]]),
      own: createOwnWrites(),
      userId: "usrTruce",
      observedAt: 5,
    },
    payloads as readonly Readonly<Record<string, unknown>>[],
  );
  const lines = reading.observations.map(({ kind, ref }) => `${kind} ${ref.id}`);
  return reading.schemaChanged ? [...lines, "schema"] : lines;
}

const changed = (change: object) => ({ changedTablesById: { tblPeople: change } });
const values = (cells: object) => ({ cellValuesByFieldId: cells });

test("records that were made, changed and deleted are named, each once", () => {
  expect(
    told(
      changed({ createdRecordsById: { recA: { createdTime: "2026", ...values({ fldName: "A" }) } } }),
      changed({
        changedRecordsById: {
          recA: { current: values({ fldName: "B" }), previous: values({ fldName: "A" }), unchanged: values({}) },
          recB: { current: values({ fldName: null }) },
          recC: { current: values({ fldOther: 1 }) },
        },
      }),
      changed({ destroyedRecordIds: ["recD"] }),
    ),
  ).toEqual(["delete recD", "hint recA", "hint recB"]);
});

test("one that was changed and then deleted is only deleted", () => {
  const change = { changedRecordsById: { recA: { current: values({ fldName: "B" }) } } };
  expect(told(changed(change), changed({ destroyedRecordIds: ["recA"] }))).toEqual(["delete recA"]);
});

test("what leaves a view is not deleted", () => {
  const view = { destroyedRecordIds: ["recA"], changedRecordsById: { recB: { current: values({ fldName: "B" }) } } };
  expect(told(changed({ changedViewsById: { viw1: view } }))).toEqual([]);
});

test.each([
  changed({ createdFieldsById: { fldNew: { name: "new", type: "number" } } }),
  changed({ changedFieldsById: { fldName: { current: { type: "number" }, previous: { type: "rating" } } } }),
  changed({ destroyedFieldIds: ["fldName"] }),
  changed({ changedMetadata: { current: { name: "Persons" }, previous: { name: "People" } } }),
  { destroyedTableIds: ["tblPeople"] },
  { createdTablesById: { tblNew: { fieldsById: {}, recordsById: {}, metadata: { name: "New" } } } },
])("fields and tables that come, change and go make the schema be read anew (%j)", (payload) => {
  expect(told(payload)).toEqual(["schema"]);
});

test.each([
  "client",
  "formSubmission",
  "formPageSubmission",
  "automation",
  "system",
  "sync",
  "anonymousUser",
  "unknown",
])("a change by %s is somebody else's", (source) => {
  const actionMetadata = { source, sourceMetadata: { user: { id: "usrTruce" } } };
  const change = { changedRecordsById: { recA: { current: values({ fldName: "B" }) } } };
  expect(told({ actionMetadata, ...changed(change) })).toEqual(["hint recA"]);
});

test("tables that nobody maps, and what is no table at all, say nothing", () => {
  expect(told({ changedTablesById: { tblOther: { destroyedRecordIds: ["recA"] } } })).toEqual([]);
  expect(told({}, { changedTablesById: null }, { changedTablesById: { tblPeople: null } })).toEqual([]);
});
