// biome-ignore-all lint/suspicious/noTemplateCurlyInString: config references are written so.
import { z } from "zod";
import { durationSchema } from "./duration.ts";
import { hoursSchema } from "./hours-schema.ts";
import { nameSchema } from "./name-schema.ts";
import { referenceSchema, secretSchema } from "./secret-schema.ts";

const slackSchema = z.strictObject({
  to: z.literal("slack"),
  url: secretSchema.describe("The incoming webhook's address, which is a secret: ${SLACK_WEBHOOK_URL}"),
});
const webhookSchema = z.strictObject({
  to: z.literal("webhook"),
  url: referenceSchema.describe("Takes a POST of JSON."),
  secret: secretSchema.describe("Signs each notice, in the header truce-signature.").optional(),
});
const emailSchema = z.strictObject({
  to: z.literal("email"),
  smtp: secretSchema.describe("smtp://user:password@host:587 or smtps://..., as a reference: ${SMTP_URL}"),
  from: referenceSchema,
  recipients: z.array(referenceSchema).min(1),
});
const pagerDutySchema = z.strictObject({
  to: z.literal("pagerduty"),
  routingKey: secretSchema.describe("The integration key of an Events API v2 integration."),
  url: referenceSchema.default("https://events.pagerduty.com/v2/enqueue"),
});
const commandSchema = z.strictObject({
  to: z.literal("command"),
  command: z.array(referenceSchema).min(1).describe("A program and its arguments; the notice comes on standard input."),
});

const routeSchema = z.discriminatedUnion("to", [
  slackSchema,
  webhookSchema,
  emailSchema,
  pagerDutySchema,
  commandSchema,
]);

const momentSchema = z.string().transform((text, context) => {
  const at = Date.parse(text);
  if (!Number.isNaN(at) && /T.*(?:Z|[+-]\d\d:\d\d)$/u.test(text)) return at;
  const params = { remedy: "Write date, time and zone: 2026-11-28T22:00:00+01:00." };
  context.addIssue({ code: "custom", message: `"${text}" is no moment`, params });
  return z.NEVER;
});

const percent = z.number().min(0).max(100);
const orNever = z.union([z.literal("never"), durationSchema]);

export const alertsSchema = z.strictObject({
  routes: z.record(nameSchema, routeSchema).default({}).describe("How people are told, each way under a name."),
  send: z
    .strictObject({
      info: z.array(z.string()).default([]),
      warning: z.array(z.string()).optional(),
      critical: z.array(z.string()).optional(),
    })
    .prefault({})
    .describe("Which routes are told by severity. Default: warning and critical by all, info by none."),
  repeatEvery: orNever.prefault("4h").describe("Told again while nobody has acknowledged it. Default: 4h."),
  escalateAfter: orNever
    .prefault("1h")
    .describe("A warning that nobody has acknowledged goes to the routes for critical. Default: 1h."),
  quiet: hoursSchema.describe("Hours in which only what is critical is told; the rest follows after them.").optional(),
  maintenance: z
    .array(z.strictObject({ from: momentSchema, until: momentSchema, systems: z.array(nameSchema).optional() }))
    .default([])
    .describe("Nothing is told meanwhile, of these systems or of any."),
  targets: z
    .array(
      z.strictObject({
        entity: nameSchema.optional(),
        from: nameSchema.optional(),
        to: nameSchema.optional(),
        undecided: durationSchema.optional().describe("How long what `from` tells may wait to be decided."),
        behind: durationSchema.optional().describe("How long a record of `to` may differ from what is agreed on."),
        latency: durationSchema.optional().describe("Within how long 95 of 100 writes from `from` to `to` arrive."),
      }),
    )
    .default([])
    .describe("Stricter times for an entity, a system, or changes from one to another; the first that fits counts."),
  thresholds: z
    .strictObject({
      undecided: durationSchema.prefault("5m").describe("How long a change may wait to be decided. Default: 5m."),
      behind: durationSchema
        .prefault("15m")
        .describe("How long a record may differ from what is agreed on. Default: 15m."),
      latency: durationSchema.prefault("5m").describe("Within how long 95 of 100 writes are to arrive. Default: 5m."),
      deadLetters: z.number().int().min(1).default(1).describe("Default: 1."),
      holds: z.number().int().min(1).default(100).describe("Default: 100."),
      heldFor: durationSchema.prefault("3d").describe("How long a decision may wait. Default: 3d."),
      duplicates: percent.default(2).describe("Percent of all records. Default: 2."),
      drift: percent.default(1).describe("Percent of an object that a sweep finds changed unnoticed. Default: 1."),
      failures: percent.default(20).describe("Percent of the writes of 15 minutes. Default: 20."),
      down: durationSchema.prefault("2m").describe("How long a system may be out of reach. Default: 2m."),
    })
    .prefault({})
    .describe("Above these, people are told; times are warned of at four fifths."),
});
