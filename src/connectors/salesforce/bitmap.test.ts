import { expect, test } from "vitest";
import { namedFields, type RecordSchema } from "./bitmap.ts";

const schema: RecordSchema = {
  type: "record",
  name: "ContactChangeEvent",
  fields: [
    { name: "ChangeEventHeader", type: "string" },
    {
      name: "Name",
      type: [
        "null",
        "string",
        {
          type: "record",
          name: "PersonName",
          fields: [
            { name: "Salutation", type: "string" },
            { name: "FirstName", type: "string" },
            { name: "LastName", type: "string" },
          ],
        },
      ],
    },
    ...Array.from({ length: 70 }, (_, n) => ({ name: `Field${n + 2}`, type: "string" as const })),
  ],
};

test.for<[readonly string[], readonly string[]]>([
  [[], []],
  [["0x4"], ["Field2"]],
  [["0xC"], ["Field2", "Field3"]],
  [
    ["0x0", "1-0x6"],
    ["Name.FirstName", "Name.LastName"],
  ],
  [["0x800000000000000008"], ["Field3", "Field71"]],
  [["0x0", "9-0x1"], []],
  [
    ["Email", "Name.LastName"],
    ["Email", "Name.LastName"],
  ],
])("%o stands for %o", ([maps, names]) => {
  expect(namedFields(schema, maps)).toEqual(names);
});
