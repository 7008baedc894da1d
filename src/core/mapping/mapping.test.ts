import fc from "fast-check";
import { expect, test } from "vitest";
import type { FieldType } from "../../model/field-type.ts";
import type { FieldForm, FieldMapping, ObjectMapping, Policy } from "../../model/policy.ts";
import type { FieldValue, RawValue } from "../../model/value.ts";
import { compose } from "../compose.ts";
import { emptyGolden, newLink } from "../draft.ts";
import { testPolicy } from "../testing/policy.ts";
import { scene } from "../testing/scene.ts";
import { passes } from "./expression.ts";
import { knownFields } from "./known-fields.ts";
import { readField } from "./read-field.ts";
import { writeField } from "./write-field.ts";

const name: FieldType = { kind: "name" };
const text: FieldType = { kind: "text" };

const fullName = (index: number): FieldMapping => ({
  cell: "full_name",
  direction: "both",
  form: { kind: "part", cellType: name, by: null, index, fields: ["first", "last"] },
});

const stages: FieldForm = {
  kind: "values",
  cellType: { kind: "choice", options: ["New", "Won", "Closed won"] },
  toCell: { lead: "New", customer: "Won" },
  toField: { New: "lead", Won: "customer", "Closed won": "customer" },
  otherwise: { read: null, write: null },
};

/** The test policy, in which one system keeps some fields in forms of its own. */
function withForms(policy: Policy, system: string, changes: Partial<ObjectMapping>): Policy {
  const contact = policy.entities["contact"]!;
  const mappings = contact.mappings.map((one) =>
    one.system === system ? { ...one, ...changes, fields: { ...one.fields, ...changes.fields } } : one,
  );
  return { ...policy, entities: { contact: { ...contact, mappings } } };
}

const named = testPolicy(
  { email: { type: { kind: "email" } }, first: { type: name }, last: { type: name } },
  { systems: ["crm", "db"] },
);
const inOneCell = withForms(named, "db", { fields: { first: fullName(0), last: fullName(1) } });

test("two fields that one cell holds together travel there and back", () => {
  const world = scene(inOneCell);
  world.says("crm", "1", { email: "ana@x.org", first: "Ana", last: "de la Cruz" });
  expect(world.dispatch()).toEqual(['db: {"email":"ana@x.org","full_name":"Ana de la Cruz"}']);
  const id = "db-g1";
  expect(world.says("db", id, { email: "ana@x.org", full_name: "Ana de la Cruz" })).toBe("no-op");
  world.says("db", id, { email: "ana@x.org", full_name: "Ana Maria de la Cruz" });
  expect(world.dispatch()).toEqual(['crm: {"first":"Ana Maria"}']);
  world.says("crm", "1", { email: "ana@x.org", first: "Ana Maria", last: "Cruz Diaz" });
  expect(world.dispatch()).toEqual(['db: {"full_name":"Ana Maria Cruz Diaz"}']);
  expect(world.says("db", id, { email: "ana@x.org", full_name: "Ana Maria Cruz Diaz" })).toBe("no-op");
  expect(world.values()).toMatchObject({ first: "Ana Maria", last: "Cruz Diaz" });
});

test("a full name that can't be told apart is refused, and the record's other fields go on", () => {
  const world = scene(inOneCell);
  world.says("db", "1", { email: "cher@x.org", full_name: "Cher" });
  expect(world.values()).toEqual({ email: "cher@x.org" });
  expect(world.journal.filter((line) => line.kind === "refused").map((line) => line.why)).toEqual([
    '"Cher" can\'t be told apart into first and last',
    '"Cher" can\'t be told apart into first and last',
  ]);
});

test("a part that is held does not travel with the other one", () => {
  const world = scene(inOneCell);
  world.says("crm", "1", { email: "ana@x.org", first: "Ana", last: "Cruz" });
  world.dispatch();
  world.says("crm", "1", { email: "ana@x.org", first: "Anna", last: "Cruz" });
  world.says("db", "db-g1", { email: "ana@x.org", full_name: "Anne Cruz" });
  expect(world.openHolds().map((hold) => hold.fields)).toEqual([["first"]]);
  world.says("crm", "1", { email: "ana@x.org", first: "Anna", last: "Diaz" });
  expect(world.dispatch()).toEqual(['db: {"full_name":"Anne Diaz"}']);
});

test("one field that several cells hold travels there and back", () => {
  const policy = withForms(
    testPolicy({ email: { type: { kind: "email" } }, full: { type: name } }, { systems: ["crm", "db"] }),
    "crm",
    {
      fields: {
        full: {
          cell: "firstname",
          direction: "both",
          form: { kind: "parts", cellType: name, by: null, cells: ["firstname", "lastname"] },
        },
      },
    },
  );
  const world = scene(policy);
  world.says("db", "1", { email: "ana@x.org", full: "Ana de la Cruz" });
  expect(world.dispatch()).toEqual(['crm: {"email":"ana@x.org","firstname":"Ana","lastname":"de la Cruz"}']);
  world.says("crm", "crm-g1", { email: "ana@x.org", firstname: "Ana", lastname: "Cruz" });
  expect(world.dispatch()).toEqual(['db: {"full":"Ana Cruz"}']);
  // An event that names one of the cells says nothing about the other.
  world.says("crm", "crm-g1", { firstname: "Anna" }, { complete: false });
  expect(world.dispatch()).toEqual(['db: {"full":"Anna Cruz"}']);
});

const staged = withForms(
  testPolicy({ email: { type: { kind: "email" } }, stage: { type: { kind: "choice" } } }, { systems: ["crm", "db"] }),
  "db",
  { fields: { stage: { cell: "status", direction: "both", form: stages } } },
);

test("a picklist's values are called by their names, and another name of the same is nobody's to correct", () => {
  const world = scene(staged);
  world.says("crm", "1", { email: "a@x.org", stage: "lead" });
  expect(world.dispatch()).toEqual(['db: {"email":"a@x.org","status":"New"}']);
  world.says("db", "db-g1", { email: "a@x.org", status: "Closed won" });
  expect(world.dispatch()).toEqual(['crm: {"stage":"customer"}']);
  expect(world.dispatch()).toEqual([]);
});

test("a value without a name is not written, the others are, and the next value is", () => {
  const world = scene(staged);
  world.says("crm", "1", { email: "a@x.org", stage: "lead" });
  world.dispatch();
  world.says("crm", "1", { email: "b@x.org", stage: "churned" });
  expect(world.dispatch()).toEqual(['db: {"email":"b@x.org"}']);
  expect(world.dispatch()).toEqual([]);
  world.says("crm", "1", { email: "b@x.org", stage: "customer" });
  expect(world.dispatch()).toEqual(['db: {"status":"Won"}']);
});

test("a value that the picklist does not list is refused when it is read, and not written over", () => {
  const world = scene(staged);
  world.says("crm", "1", { email: "a@x.org", stage: "lead" });
  world.dispatch();
  world.says("db", "db-g1", { email: "a@x.org", status: "Weird" });
  expect(world.values()).toMatchObject({ stage: "lead" });
  expect(world.dispatch()).toEqual([]);
});

test("constants are written when a record is made, and never after", () => {
  const world = scene(withForms(named, "db", { constants: { source: "truce", active: true } }));
  world.says("crm", "1", { email: "a@x.org", first: "Ana", last: null });
  expect(world.dispatch()).toEqual(['db: {"email":"a@x.org","first":"Ana","source":"truce","active":true}']);
  world.says("crm", "1", { email: "a@x.org", first: "Anna", last: null });
  expect(world.dispatch()).toEqual(['db: {"first":"Anna"}']);
});

const filtered = (leaves: "pause" | "keep") =>
  withForms(
    testPolicy(
      { email: { type: { kind: "email" } }, stage: { type: { kind: "choice" } }, note: {} },
      { systems: ["crm", "db"] },
    ),
    "db",
    { filter: { expression: 'stage == "customer"', leaves } },
  );

test("records that do not pass a filter take no part: neither read nor made", () => {
  const world = scene(filtered("pause"));
  expect(world.says("db", "1", { email: "b@x.org", stage: "lead", note: "x" })).toBe("no-op");
  world.says("crm", "1", { email: "a@x.org", stage: "lead", note: null });
  expect(world.dispatch()).toEqual([]);
  world.says("crm", "1", { email: "a@x.org", stage: "customer", note: null });
  expect(world.dispatch()).toEqual(['db: {"email":"a@x.org","stage":"customer"}']);
});

test("a record that leaves the filter is told so and then left alone; back again, what was edited meanwhile counts", () => {
  const world = scene(filtered("pause"));
  world.says("crm", "1", { email: "a@x.org", stage: "customer", note: "one" });
  world.dispatch();
  const id = "db-g1";
  world.says("crm", "1", { email: "a@x.org", stage: "lead", note: "one" });
  expect(world.dispatch()).toEqual(['db: {"stage":"lead"}']);
  world.says("crm", "1", { email: "a@x.org", stage: "lead", note: "two" });
  expect(world.dispatch()).toEqual([]);
  expect(world.says("db", id, { email: "a@x.org", stage: "lead", note: "there" })).toBe("no-op");
  expect(world.values()).toMatchObject({ note: "two" });
  world.says("db", id, { email: "a@x.org", stage: "customer", note: "there" });
  expect(world.openHolds().map((hold) => hold.fields)).toEqual([["note"]]);
  expect(world.values()).toMatchObject({ stage: "customer", note: "two" });
  expect(world.journal.filter((line) => ["paused", "resumed"].includes(line.kind)).map((line) => line.kind)).toEqual([
    "paused",
    "resumed",
  ]);
});

test("with keep, a record that leaves the filter goes on as before", () => {
  const world = scene(filtered("keep"));
  world.says("crm", "1", { email: "a@x.org", stage: "customer", note: "one" });
  world.dispatch();
  world.says("crm", "1", { email: "a@x.org", stage: "lead", note: "two" });
  expect(world.dispatch()).toEqual(['db: {"stage":"lead","note":"two"}']);
});

test("an expression reaches nothing but its variables, and one that fails is a refusal", () => {
  const entity = staged.entities["contact"]!;
  for (const reaching of ["stage.constructor", "this", "process", "globalThis", "stage.__proto__"])
    expect(
      passes(`${reaching} != null`, entity, () => "a"),
      reaching,
    ).toBe(false);
  expect(passes("stage > 3", entity, () => null)).toBe(false);
});

const words = fc
  .array(fc.constantFrom("Ana", "de", "la", "Cruz", "van", "der", "Berg", "O'Neil", "Li", "Jr."), {
    minLength: 1,
    maxLength: 3,
  })
  .map((all) => all.join(" "));
const anyText = fc.oneof(
  words,
  fc.string({ minLength: 1, maxLength: 12 }).map((one) => one.trim() || "x"),
);

const forms: readonly {
  readonly title: string;
  readonly type: FieldType;
  readonly fields: Readonly<Record<string, FieldMapping>>;
  readonly value: fc.Arbitrary<FieldValue>;
}[] = [
  {
    title: "a person's name in one cell",
    type: name,
    fields: { first: fullName(0), last: fullName(1) },
    value: anyText,
  },
  {
    title: "parts with a separator",
    type: text,
    fields: Object.fromEntries(
      ["street", "city", "zip"].map((field, index) => [
        field,
        {
          cell: "address",
          direction: "both",
          form: { kind: "part", cellType: text, by: ", ", index, fields: ["street", "city", "zip"] },
        },
      ]),
    ),
    value: fc.oneof(anyText, fc.constant(null)),
  },
  {
    title: "a name in two cells",
    type: name,
    fields: {
      full: {
        cell: "a",
        direction: "both",
        form: { kind: "parts", cellType: name, by: null, cells: ["a", "b"] },
      },
    },
    value: anyText,
  },
  {
    title: "a picklist",
    type: { kind: "choice" },
    fields: { stage: { cell: "status", direction: "both", form: stages } },
    value: fc.constantFrom("lead", "customer"),
  },
  {
    title: "a picklist in which what is not listed has one name",
    type: { kind: "choice" },
    fields: {
      stage: {
        cell: "status",
        direction: "both",
        form: { ...stages, cellType: { kind: "choice" }, otherwise: { read: "lead", write: "Other" } },
      },
    },
    value: fc.constantFrom("lead", "customer", "churned", "new"),
  },
  {
    title: "an expression with its inverse",
    type: { kind: "number" },
    fields: {
      yearly: {
        cell: "monthly",
        direction: "both",
        form: {
          kind: "expression",
          cellType: { kind: "number" },
          cells: ["monthly"],
          read: "value * 12",
          write: ["value / 12"],
        },
      },
    },
    value: fc.integer({ min: -1_000_000, max: 1_000_000 }).map(String),
  },
];

for (const { title, type, fields, value } of forms) {
  const names = Object.keys(fields);
  const policy = testPolicy(Object.fromEntries(names.map((field) => [field, { type }])), { identity: [] });
  const entity = policy.entities["contact"]!;
  const mapping: ObjectMapping = { system: "crm", object: "contacts", create: true, fields };
  const values = fc.record(Object.fromEntries(names.map((field) => [field, value])));
  const read = (cells: Readonly<Record<string, RawValue>>, shadow: Readonly<Record<string, FieldValue>>) => {
    const known = knownFields(cells, entity, mapping, [(field) => shadow[field]]);
    return Object.fromEntries(
      names.map((field) => {
        const one = readField(type, fields[field]!, cells);
        return [field, field in known ? known[field] : one?.ok === true ? one.value : undefined];
      }),
    );
  };

  test(`${title}: reading back what was written gives it`, () => {
    fc.assert(
      fc.property(values, (golden) => {
        const written = names.map((field) => writeField(field, type, fields[field]!, (one) => golden[one] ?? null));
        fc.pre(written.every((one) => one.ok));
        const cells = Object.assign({}, ...written.map((one) => (one.ok ? one.cells : {})));
        expect(read(cells, golden)).toEqual(golden);
      }),
    );
  });

  test(`${title}: writing back what was read changes nothing`, () => {
    const cellNames = [
      ...new Set(Object.values(fields).flatMap(({ cell, form }) => (form?.kind === "parts" ? form.cells : [cell]))),
    ];
    const raw =
      type.kind === "number"
        ? fc.integer().map(String)
        : fc.oneof(anyText, fc.constantFrom("New", "Closed won", "Odd"));
    fc.assert(
      fc.property(fc.record(Object.fromEntries(cellNames.map((cell) => [cell, raw]))), (cells) => {
        const seen = read(cells, {});
        fc.pre(names.every((field) => seen[field] !== undefined));
        const golden = {
          ...emptyGolden("g", entity),
          fields: Object.fromEntries(
            names.map((field) => [
              field,
              {
                value: seen[field] ?? null,
                version: 2,
                changedAt: { from: 0, until: 0 },
                source: { kind: "person" as const, name: "Ann" },
              },
            ]),
          ),
        };
        const link = { ...newLink(mapping, "1", 0), cells };
        const attempt = { id: "a", startedAt: 0, expiresAt: 1 };
        const next = compose(
          golden,
          link,
          entity,
          mapping,
          { encode: (_f, _c, one) => one as RawValue, policy, goldenById: () => undefined },
          attempt,
        );
        expect(next.kind).toBe("settled");
      }),
    );
  });
}
