import { z } from "zod";
import { fieldKinds } from "./field-kinds.ts";
import { nameSchema } from "./name-schema.ts";

const direction = z
  .enum(["both", "read", "write"])
  .describe("read: never written there. write: never taken from there. Default: both.");
const by = z
  .string()
  .min(1)
  .describe('What is between the parts: ", " for example; or name, for the given and family name of a person.');
const expression = z.string().min(1);
const scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String);

const mappingObject = z.strictObject({
  cell: z.string().min(1).describe("The system's own name of the field.").optional(),
  cells: z
    .array(z.string().min(1))
    .min(2)
    .describe("Several cells that are the field together: [First name, Last name] with by, or with expressions.")
    .optional(),
  direction: direction.optional(),
  values: z
    .record(z.string(), z.union([scalar, z.array(scalar).min(1)]))
    .describe("Values of the field and what they are called there; of several names the first is written.")
    .optional(),
  otherwise: z
    .union([z.literal("refuse"), z.strictObject({ read: scalar.optional(), write: scalar.optional() })])
    .describe("What a value that is not listed is read as, and written as. Default: refuse, the field is left alone.")
    .optional(),
  by: by.optional(),
  read: expression
    .describe("CEL: the field's value from value, the cell's, or from values, those of several cells.")
    .optional(),
  write: z
    .union([expression, z.array(expression).min(1)])
    .describe("CEL: the cell's value from value, the field's; a list for several cells.")
    .optional(),
  as: z.enum(fieldKinds).describe("The type of the cell, where it is another than the field's.").optional(),
});

type MappingObject = z.output<typeof mappingObject>;

/** A mapping with its short forms spelled out. `part`: one of several fields that are kept in one cell. */
export type ParsedMapping = Omit<MappingObject, "direction" | "cell"> & {
  readonly cell: string;
  readonly direction: "both" | "read" | "write";
  readonly part?: { readonly index: number; readonly fields: readonly string[] };
};

const mappingSchema = z.union([z.string().min(1), mappingObject]).transform((mapping, context): ParsedMapping => {
  if (typeof mapping === "string") return { cell: mapping, direction: "both" };
  const cell = mapping.cell ?? mapping.cells?.[0];
  if (cell === undefined || (mapping.cell !== undefined && mapping.cells !== undefined)) {
    const message = cell === undefined ? "cell is missing" : "cell and cells exclude each other";
    const params = { remedy: "Name the one cell as cell, or several as cells." };
    context.addIssue({ code: "custom", message, params });
    return z.NEVER;
  }
  return { ...mapping, cell, direction: mapping.direction ?? onlyDirection(mapping) };
});

/** An expression in one direction alone makes the mapping one-way. */
function onlyDirection({ read, write }: MappingObject): ParsedMapping["direction"] {
  if (read !== undefined && write === undefined) return "read";
  return write !== undefined && read === undefined ? "write" : "both";
}

const togetherSchema = z
  .strictObject({
    fields: z.array(z.string()).min(2).describe("The fields, in the order in which they stand in the cell."),
    by: by.default(" "),
    direction: direction.default("both"),
  })
  .describe("Fields that are kept in this one cell.");

const onlySchema = z
  .union([z.string().min(1), z.strictObject({ when: z.string().min(1), leaves: z.enum(["pause", "keep"]).optional() })])
  .transform((only) => ({ leaves: "pause" as const, ...(typeof only === "string" ? { when: only } : clean(only)) }))
  .describe(
    "CEL over the entity's fields: which records take part. { when, leaves }: what happens when one leaves: pause (default) or keep.",
  );

function clean<T extends object>(object: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as never;
}

/** How an entity appears in one system. */
export const objectSchema = z
  .strictObject({
    object: z.string().min(1).describe("Table or object type, by the system's own name: contacts, public.people ..."),
    fields: z
      .record(nameSchema, mappingSchema)
      .describe("Field of the entity: the system's own name of it, or { cell, direction, values, read, write ... }."),
    together: z
      .record(z.string(), togetherSchema)
      .default({})
      .describe("Cells that hold several fields: { full_name: { fields: [firstName, lastName], by: name } }"),
    create: z.boolean().default(false).describe("Whether Truce may create records here. Default: false."),
    constants: z
      .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
      .default({})
      .describe("What a record that Truce creates holds in cells that no field is kept in."),
    only: onlySchema.optional(),
    merged: z
      .enum(["keep", "merge", "delete"])
      .default("keep")
      .describe(
        "What becomes of a second record here when two become one: both are kept equal, the system merges them (HubSpot), or the second is deleted. Default: keep.",
      ),
  })
  .transform((object) => ({ ...object, fields: { ...partsOf(object.together), ...object.fields } }));

function partsOf(together: Readonly<Record<string, z.output<typeof togetherSchema>>>): Record<string, ParsedMapping> {
  return Object.fromEntries(
    Object.entries(together).flatMap(([cell, { fields, by: seam, direction: way }]) =>
      fields.map((field, index) => [field, { cell, direction: way, by: seam, part: { index, fields } }] as const),
    ),
  );
}
