import { expect, test } from "vitest";
import { checkConfig } from "./check-config.ts";
import { compileConfig } from "./compile-config.ts";
import { pathText } from "./problem.ts";
import { readYaml } from "./yaml-source.ts";

const yaml = (crm: string, more = "") => `\
systems:
  crm: { connector: postgres, url: postgres://localhost/crm }
  db: { connector: postgres, url: postgres://localhost/app }
entities:
  contact:
    fields:
      email: email
      first: name
      last: name
      stage: { type: choice, options: [lead, customer] }
      fee: number
    identity: [email]
    systems:
      crm:
        object: people
        create: true
        fields: { email: email, ${crm} }
${more}
      db: { object: people, fields: { email: email, first: first, last: last, stage: stage, fee: fee } }
`;

/** What is wrong with the crm's fields, and the rest of its mapping. */
function found(crm: string, more = ""): string[] {
  const { data } = readYaml(yaml(crm, more));
  return checkConfig(data, null)
    .findings.filter((one) => !one.message.includes("mapped in one system only"))
    .map((one) => `${one.severity} ${pathText(one.path.slice(4))}: ${one.message}`);
}

function mapped(crm: string, more = "") {
  const { config } = checkConfig(readYaml(yaml(crm, more)).data, null);
  return compileConfig(config!).policy.entities["contact"]!.mappings[0]!;
}

test("a picklist's values are compiled both ways, and only its names are taken", () => {
  expect(mapped("stage: { cell: status, values: { lead: [New, Open], customer: Won } }").fields["stage"]).toEqual({
    cell: "status",
    direction: "both",
    form: {
      kind: "values",
      cellType: { kind: "choice", options: ["New", "Open", "Won"] },
      toCell: { lead: "New", customer: "Won" },
      toField: { New: "lead", Open: "lead", Won: "customer" },
      otherwise: { read: null, write: null },
    },
  });
});

test("numbers and switches as a picklist's names are compared as what they are", () => {
  const { form } = mapped("stage: { cell: status, as: number, values: { lead: 1.0, customer: 2 } }").fields["stage"]!;
  expect(form).toMatchObject({ cellType: { kind: "number" }, toCell: { lead: "1", customer: "2" } });
});

test("fields together in a cell are parts of it", () => {
  const { fields } = mapped("stage: stage", "        together: { full_name: { fields: [first, last], by: name } }");
  expect(fields["last"]).toEqual({
    cell: "full_name",
    direction: "both",
    form: { kind: "part", cellType: { kind: "name" }, by: null, index: 1, fields: ["first", "last"] },
  });
});

test("an expression alone makes a mapping one-way", () => {
  expect(mapped('fee: { cell: cents, read: "value / 100" }').fields["fee"]?.direction).toBe("read");
  expect(mapped('fee: { cell: cents, write: "value * 100" }').fields["fee"]?.direction).toBe("write");
});

test("an inverse that is none makes a mapping one-way, with the value that shows it", () => {
  const crm = 'first: { cell: shout, read: value, write: "value.upperAscii()" }';
  expect(found(crm)).toEqual([
    'warning fields.first: read does not undo write: "Ana" is written as "ANA", which is read as "ANA"',
  ]);
  expect(mapped(crm).fields["first"]?.direction).toBe("read");
  expect(mapped('fee: { cell: cents, read: "value / 100", write: "value * 100" }').fields["fee"]?.direction).toBe(
    "both",
  );
});

test("filters and constants are compiled", () => {
  const more =
    '        only: { when: stage == "customer", leaves: keep }\n        constants: { source: truce, tier: 3 }';
  expect(mapped("stage: stage", more)).toMatchObject({
    filter: { expression: 'stage == "customer"', leaves: "keep" },
    constants: { source: "truce", tier: 3 },
  });
});

const cases: readonly (readonly [title: string, crm: string, more: string, told: string])[] = [
  ["no cell", "first: { direction: read }", "", "error fields.first: cell is missing"],
  ["cell and cells", "first: { cell: a, cells: [b, c] }", "", "error fields.first: cell and cells exclude each other"],
  [
    "cells that nothing joins",
    "first: { cells: [a, b] }",
    "",
    "error fields.first: nothing says how the cells are one field",
  ],
  [
    "a name of three",
    "first: { cells: [a, b, c], by: name }",
    "",
    "error fields.first.by: a name has two parts, not 3",
  ],
  ["by for one cell", 'first: { cell: a, by: " " }', "", "error fields.first.by: by needs several cells"],
  [
    "two forms",
    "stage: { cell: a, values: { lead: L }, read: value }",
    "",
    "error fields.stage: values and read exclude each other",
  ],
  ["as alone", "stage: { cell: a, as: number }", "", "error fields.stage.as: as changes nothing by itself"],
  [
    "otherwise alone",
    "stage: { cell: a, otherwise: refuse }",
    "",
    "error fields.stage.otherwise: otherwise belongs to values",
  ],
  [
    "a value that is none",
    "stage: { cell: a, values: { lead: L, custommer: C } }",
    "",
    'error fields.stage.values: "custommer" is no value of the field',
  ],
  [
    "one name for two values",
    "stage: { cell: a, values: { lead: X, customer: X } }",
    "",
    'error fields.stage.values: lead and customer are both written as "X"',
  ],
  [
    "a value without a name",
    "stage: { cell: a, values: { lead: L } }",
    "",
    "warning fields.stage.values: customer has no name here, so it is not written",
  ],
  [
    "an expression that is none",
    'fee: { cell: a, read: "value +" }',
    "",
    'error fields.fee.read: "value +" is no expression: Unexpected token: EOF',
  ],
  [
    "an unknown variable",
    "fee: { cell: a, read: cents }",
    "",
    'error fields.fee.read: "cents" is no expression: Unknown variable: cents',
  ],
  [
    "one expression for two cells",
    "fee: { cells: [a, b], read: value, write: value }",
    "",
    "error fields.fee.write: 2 cells have 1 expressions",
  ],
  [
    "one way for both",
    "fee: { cell: a, read: value, direction: both }",
    "",
    "error fields.fee.direction: read alone is one-way, and the direction is both",
  ],
  [
    "a field together twice",
    "first: first",
    "        together: { full: { fields: [first, last] } }",
    'error together.full.fields[0]: first is in "first" too',
  ],
  [
    "together with a stranger",
    "stage: stage",
    "        together: { full: { fields: [first, lst] } }",
    'error together.full.fields[1]: contact has no field "lst"',
  ],
  [
    "a constant in a field's cell",
    "stage: stage",
    "        constants: { stage: lead }",
    'error constants.stage: "stage" is the cell of stage',
  ],
  [
    "a filter that is none",
    "stage: stage",
    "        only: stge == 3",
    'error only: "stge == 3" is no filter: Unknown variable: stge',
  ],
  [
    "a filter that is no question",
    "stage: stage",
    "        only: size(stage)",
    'error only: "size(stage)" is no filter: it is a int, not a bool',
  ],
];

for (const [title, crm, more, told] of cases) test(`${title} is told`, () => expect(found(crm, more)).toContain(told));
