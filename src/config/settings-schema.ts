// biome-ignore-all lint/suspicious/noTemplateCurlyInString: config references are written so.
import { z } from "zod";
import { alertsSchema } from "./alerts-schema.ts";
import { durationSchema } from "./duration.ts";
import { hoursSchema } from "./hours-schema.ts";
import { referenceSchema, secretSchema } from "./secret-schema.ts";
import { databaseUrlSchema } from "./system-schema.ts";

const valuesSchema = z.array(z.string().min(1)).default([]);

const oidcSchema = z
  .strictObject({
    issuer: referenceSchema.describe("The provider's address: https://login.example.com"),
    clientId: referenceSchema.describe(
      "As the provider knows Truce. Its redirect address: <publicUrl>/auth/oidc/callback",
    ),
    clientSecret: secretSchema.describe("Without one Truce is a public client.").optional(),
    label: z.string().min(1).max(40).default("single sign-on").describe("On the button. Default: single sign-on."),
    scope: z.string().default("openid profile email").describe("Default: openid profile email."),
    name: z.string().default("email").describe("The claim that people are called by. Default: email."),
    roles: z
      .strictObject({
        claim: z.string().describe("The claim whose values give roles: groups"),
        admin: valuesSchema,
        operator: valuesSchema,
        reviewer: valuesSchema,
        viewer: valuesSchema,
        others: z
          .enum(["nobody", "viewer", "reviewer", "operator", "admin"])
          .default("viewer")
          .describe("What everybody else is; nobody: they may not come in. Default: viewer."),
      })
      .describe("Roles from a claim, taken anew at each sign-in. Without this, new people are viewers.")
      .optional(),
  })
  .describe("Signing in at an OpenID Connect provider, besides passwords.");

const massSchema = z.union([
  z.literal("never"),
  z.strictObject({
    records: z.number().int().min(20).default(500).describe("Default: 500."),
    percent: z.number().gt(0).max(100).default(5).describe("Of the records known. Default: 5."),
  }),
]);

const keptMin = 24 * 60 * 60_000;

const keptSchema = z.union([z.literal("forever"), durationSchema]).superRefine((kept, context) => {
  if (kept === "forever" || kept >= keptMin) return;
  const params = { remedy: "Write a day or more: 365d." };
  context.addIssue({ code: "custom", message: "less than a day is too short to look into anything", params });
});

export const settingsSchema = z.strictObject({
  dataFolder: referenceSchema
    .default(".truce")
    .describe("Where the embedded store lies, relative to the config file. Default: .truce"),
  store: databaseUrlSchema
    .optional()
    .describe("sqlite, or a PostgreSQL address. Default: ${TRUCE_DATABASE_URL} if that is set, else sqlite."),
  listen: referenceSchema
    .default("127.0.0.1:4400")
    .describe("Address and port for console, API, webhooks and health. Default: 127.0.0.1:4400"),
  publicUrl: referenceSchema
    .optional()
    .describe("Under which address vendors and people reach Truce: https://truce.example.com"),
  oidc: oidcSchema.optional(),
  sweepEvery: z
    .union([z.literal("never"), durationSchema])
    .prefault("1d")
    .describe("How often every system is compared in full. Default: 1d."),
  sweepHours: hoursSchema.describe("Full comparisons begin in these hours alone. Default: at any time.").optional(),
  guard: z
    .strictObject({
      deletes: massSchema.prefault({}).describe("Deletions that are let travel."),
      blanks: massSchema.prefault({}).describe("Emptied fields that are let travel."),
      rewrites: massSchema
        .prefault("never")
        .describe("Records with changed values, imports among them. Default: never."),
    })
    .prefault({})
    .describe(
      "Of one object in a day, more than this waits for a person: { records: 500, percent: 5 }, the less of both.",
    ),
  keep: z
    .strictObject({
      journal: keptSchema.prefault("forever").describe("Lines of the journal. Default: forever."),
      attempts: keptSchema.prefault("90d").describe("What was sent when, and what came of it. Default: 90d."),
      deadLetters: keptSchema.prefault("90d").describe("Dead letters that have ended. Default: 90d."),
    })
    .prefault({})
    .describe("How long what is over is kept: a number of days, 365d, or forever."),
  alerts: alertsSchema.prefault({}).describe("What people are told of, and how."),
  retry: z
    .strictObject({
      attempts: z
        .number()
        .int()
        .min(1)
        .default(10)
        .describe("Tries of a write whose outcome stays unknown. Default: 10."),
      delay: durationSchema.prefault("500ms").describe("After the first failure; doubles with each. Default: 500ms."),
      delayMax: durationSchema.prefault("1m").describe("The longest. Default: 1m."),
    })
    .prefault({}),
});
