import { z } from "zod";
import { roles } from "../model/match-role.ts";
import { durationSchema } from "./duration.ts";
import { fieldKinds } from "./field-kinds.ts";
import { objectSchema } from "./mapping-schema.ts";
import { nameSchema } from "./name-schema.ts";
import { ruleSchema } from "./rule-schema.ts";

const clearsSchema = z
  .enum(["propagate", "hold", "restore"])
  .describe("When someone empties the field: it travels, waits for a person (default), or is put back.");

const fieldObject = z.strictObject({
  type: z.enum(fieldKinds).describe("What the field holds."),
  country: z.string().describe("phone: the ISO 3166 country of numbers without a prefix.").optional(),
  currency: z.string().describe("money: the ISO 4217 currency of amounts that come without one.").optional(),
  decimals: z.number().int().min(0).max(20).describe("number: digits kept after the decimal point.").optional(),
  options: z.array(z.string()).min(1).describe("choice, set: the only values there are.").optional(),
  to: z.string().describe("reference: the entity it points to.").optional(),
  many: z.boolean().describe("reference: it points to any number of them. Default: false.").optional(),
  rule: ruleSchema.optional(),
  clears: clearsSchema.optional(),
});

const fieldSchema = z
  .union([z.enum(fieldKinds), fieldObject])
  .transform((field): z.output<typeof fieldObject> => (typeof field === "string" ? { type: field } : field));

const share = z.number().gt(0.5).lt(1);

export const matchingSchema = z.strictObject({
  autoLink: z
    .union([share, z.literal("never")])
    .default(0.995)
    .describe("Share of the links made without a person that are to be right; never: a person makes them all."),
  review: z.number().gt(0).lt(1).default(0.5).describe("Probability from which a person is asked."),
  fields: z
    .record(nameSchema, z.enum(roles))
    .default({})
    .describe("What a field tells, where its type and name do not: { nickname: given, note: ignore }"),
});

export const entitySchema = z.strictObject({
  fields: z.record(nameSchema, fieldSchema).describe("The entity's fields: a type, or { type, rule, clears, ... }."),
  rule: ruleSchema.optional(),
  clears: clearsSchema.optional(),
  groups: z
    .record(nameSchema, z.array(z.string()))
    .default({})
    .describe("Fields that are decided as a unit, by the rule of the first: address: [street, city, zip]"),
  identity: z
    .array(z.union([z.string(), z.array(z.string()).min(1)]))
    .default([])
    .transform((keys) => keys.map((key) => (typeof key === "string" ? [key] : key)))
    .describe("Keys that name one thing exactly, strongest first: [email, [phone, lastName]]"),
  matching: z
    .union([z.enum(["on", "off"]), matchingSchema])
    .default("off")
    .describe(
      "Whether records that share no identity key are matched by how much they agree: on, off, or { autoLink, review, fields }.",
    ),
  required: z.array(z.string()).default([]).describe("Fields without which a record is held as incomplete."),
  deletes: z
    .enum(["hold", "propagate", "archive", "ignore"])
    .default("hold")
    .describe("What a deletion in one system means for the others."),
  merges: z
    .enum(["hold", "link"])
    .default("hold")
    .describe(
      "Records merged in one system that are two in others: kept for a person, or made one; of two records there, see merged.",
    ),
  duplicates: z
    .enum(["hold", "link"])
    .default("hold")
    .describe("Two records of one system that are the same thing: kept for a person, or kept equal."),
  settle: durationSchema.prefault("0s").describe("Wait so long after a record's last change before it is written on."),
  systems: z.record(z.string(), objectSchema).describe("Where the entity lives, by the names under systems."),
});
