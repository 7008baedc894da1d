// biome-ignore-all lint/suspicious/noTemplateCurlyInString: config references are written so.
import { z } from "zod";
import type { CustomConnector } from "../ports/custom-connector.ts";
import { durationSchema } from "./duration.ts";
import { isReference } from "./reference.ts";
import { restSettings } from "./rest-schema.ts";
import { referenceSchema, secretSchema } from "./secret-schema.ts";

/** A database address, whose password, if it has one, is a reference. */
export const databaseUrlSchema = referenceSchema.superRefine((text, context) => {
  const password = /^[a-z]+:\/\/[^/?#@]*?:(?<password>[^/?#@]*)@/iu.exec(text)?.groups?.["password"];
  const inQuery = /[?&]password=(?<password>[^&]*)/iu.exec(text)?.groups?.["password"];
  if ([password, inQuery].every((secret) => !secret || isReference(secret))) return;
  context.addIssue({
    code: "custom",
    message: "the address holds a password in plain text",
    params: { remedy: "secret" },
  });
});

const recordUrl = z
  .string()
  .regex(/^https?:\/\/\S*\{id\}\S*$/u, "an address begins with https:// and holds {id}")
  .describe("Where people look at a record: https://admin.example.com/{object}/{id}. Vendors' own are known.")
  .optional();

const common = {
  recordUrl,
  clockSkew: durationSchema.prefault("2s").describe("How far the system's clock may be off. Default: 2s."),
  sweepEvery: z
    .union([z.literal("never"), durationSchema])
    .describe("How often it is compared in full. Default: settings.sweepEvery.")
    .optional(),
};
const pollEvery = durationSchema.describe("How often changes are asked for.").optional();
const url = referenceSchema.describe("Another address than the vendor's own, a sandbox for example.").optional();

const postgresSchema = z.strictObject({
  connector: z.literal("postgres"),
  url: databaseUrlSchema.describe("postgres://user:${PASSWORD}@host:5432/database, or ${DATABASE_URL}"),
  capture: z
    .enum(["auto", "replication", "triggers", "poll"])
    .default("auto")
    .describe("How changes are learned. auto: the best that the database allows."),
  pollEvery,
  ...common,
});

const mysqlSchema = z.strictObject({
  connector: z.literal("mysql"),
  url: databaseUrlSchema.describe("mysql://user:${PASSWORD}@host:3306/database, or ${MYSQL_URL}; also for MariaDB"),
  capture: z
    .enum(["auto", "binlog", "poll"])
    .default("auto")
    .describe("How changes are learned. auto: the binary log, where the server and the user's rights allow it."),
  pollEvery,
  ...common,
});

const hubspotSchema = z.strictObject({
  connector: z.literal("hubspot"),
  token: secretSchema.describe("A private app's access token.").optional(),
  oauth: z
    .strictObject({ clientId: referenceSchema, clientSecret: secretSchema, refreshToken: secretSchema })
    .describe("An OAuth app, instead of a token.")
    .optional(),
  webhookSecrets: z
    .array(secretSchema)
    .default([])
    .describe("Client secrets that sign webhooks; two while one replaces the other."),
  keyProperty: z.string().describe("The unique property for Truce's create key. Default: truce_id.").optional(),
  url,
  pollEvery,
  ...common,
});

const airtableSchema = z.strictObject({
  connector: z.literal("airtable"),
  token: secretSchema.describe("A personal access token."),
  base: referenceSchema.describe("The base's id: app..."),
  keyField: z.string().describe('The text field for Truce\'s create key. Default: "Truce ID".').optional(),
  url,
  pollEvery,
  ...common,
});

const filesObjectSchema = z.strictObject({
  key: z.string().min(1).describe("The column that names a record."),
  files: z
    .string()
    .describe("Names of files with changed records, with * and ?. Default: the object's name and *.")
    .optional(),
  full: z.string().describe("Names of files that state all records: what they leave out is deleted.").optional(),
  columns: z.array(z.string()).min(1).describe("Default: those of the files read so far.").optional(),
  format: z.enum(["csv", "jsonl"]).describe("Of the files that Truce writes. Default: csv.").optional(),
  delimiter: z.enum([",", ";", "\t", "|"]).describe("In CSV files that Truce writes. Default: a comma.").optional(),
});

const filesSchema = z.strictObject({
  connector: z.literal("files"),
  folder: referenceSchema.describe("Where files are left and taken, relative to the config."),
  objects: z.record(z.string().regex(/^[^/]+$/u), filesObjectSchema).describe("The kinds of records, by name."),
  settle: durationSchema
    .describe("How long a file must have been left alone before it is read. Default: 5s.")
    .optional(),
  pollEvery,
  ...common,
});

const customSchema = z.strictObject({
  connector: z.literal("custom"),
  use: z
    .custom<CustomConnector>(isCustomConnector, {
      params: { remedy: "Call what defineConnector returned: tool({ ... })." },
      message: "no connector stands here",
    })
    .describe("The connector, in TypeScript: docs/connectors/custom.md"),
  options: z.unknown(),
  ...common,
});

const activeCampaignSchema = z.strictObject({
  connector: z.literal("activecampaign"),
  url: referenceSchema.describe("The account's own address, from Settings, Developer: https://acme.api-us1.com"),
  token: secretSchema.describe("The API key of a user."),
  webhookSecret: secretSchema
    .describe("Part of the webhooks' address that nobody else knows. Without one there are no webhooks.")
    .optional(),
  keyField: z
    .string()
    .describe("The personalization tag of the text field for Truce's create key. Default: TRUCE_ID.")
    .optional(),
  pollEvery,
  ...common,
});

const restSchema = z.strictObject({ ...restSettings, pollEvery, ...common });

const salesforceSchema = z.strictObject({
  connector: z.literal("salesforce"),
  url: referenceSchema.describe("The org's own address: https://acme.my.salesforce.com"),
  clientId: referenceSchema.describe("The connected app's consumer key."),
  clientSecret: secretSchema
    .describe("Its consumer secret: alone for the client credentials flow, or with refreshToken.")
    .optional(),
  refreshToken: secretSchema.describe("The refresh token of one user.").optional(),
  username: referenceSchema.describe("With privateKey: the user that the JWT flow logs in as.").optional(),
  privateKey: secretSchema
    .describe("JWT flow: the private key, PEM, of the app's certificate: ${file:PATH}.")
    .optional(),
  capture: z
    .enum(["auto", "poll"])
    .default("auto")
    .describe("How changes are learned. auto: streamed for objects that are selected for Change Data Capture."),
  pubsub: referenceSchema.describe("Another address of the Pub/Sub API than Salesforce's: host:port.").optional(),
  keyField: z
    .string()
    .describe("The unique external id field for Truce's create key. Default: Truce_ID__c.")
    .optional(),
  allocationShare: z
    .number()
    .min(0.2)
    .max(1)
    .describe("Share of the org's daily API calls, by all clients, at which Truce stops by itself. Default: 0.9.")
    .optional(),
  pollEvery,
  ...common,
});

export const systemSchema = z.discriminatedUnion("connector", [
  postgresSchema,
  mysqlSchema,
  hubspotSchema,
  airtableSchema,
  activeCampaignSchema,
  restSchema,
  salesforceSchema,
  customSchema,
  filesSchema,
]);

function isCustomConnector(value: unknown): boolean {
  const isThing = typeof value === "object" && value !== null;
  return isThing && "connect" in value && typeof value.connect === "function";
}
