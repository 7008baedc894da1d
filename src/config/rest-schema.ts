// biome-ignore-all lint/suspicious/noTemplateCurlyInString: config references are written so.
import { z } from "zod";
import { durationSchema } from "./duration.ts";
import { referenceSchema, secretSchema, secretTextSchema } from "./secret-schema.ts";

const path = z.string().min(1).describe("A place in JSON: data.items, a.b");
const secrets = z.array(secretSchema).min(1).describe("Two while one replaces the other.");
const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const query = z
  .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
  .describe("Query parameters, sent as they are.");
const address = z
  .string()
  .startsWith("/")
  .describe("After url, beginning with a slash. {id} stands for the record's id.");
const web = referenceSchema.superRefine((text, context) => {
  if (text.startsWith("${") || /^https?:\/\/[^/?#]+(?:\/[^?#]*)?$/u.test(text)) return;
  const params = { remedy: "Write it as https://tool.example.com/api." };
  context.addIssue({ code: "custom", message: `"${text}" is no address of an API`, params });
});

const authSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("bearer"), token: secretSchema }),
  z.strictObject({ type: z.literal("basic"), user: referenceSchema, password: secretSchema }),
  z.strictObject({
    type: z.literal("header"),
    headers: z.record(z.string(), secretTextSchema).describe("X-Api-Key: ${TOOL_KEY}"),
  }),
  z.strictObject({
    type: z.literal("oauth"),
    tokenUrl: web.describe("Where client credentials are exchanged for a token."),
    clientId: referenceSchema,
    clientSecret: secretSchema,
    scope: z.string().optional(),
    credentials: z.enum(["body", "basic"]).describe("Where they go. Default: body.").optional(),
  }),
  z.strictObject({
    type: z.literal("login"),
    path: address,
    body: z
      .record(z.string(), referenceSchema)
      .describe("What is sent: { user: ${TOOL_USER}, password: ${TOOL_PASSWORD} }"),
    token: path.describe("Where the token is in the answer. Default: token.").optional(),
    header: z.string().describe("The header that carries it. Default: authorization.").optional(),
    prefix: z.string().describe('What stands before it. Default: "Bearer " in authorization, else nothing.').optional(),
    lasts: durationSchema.describe("How long a token is used. It is renewed on a 401 as well.").optional(),
  }),
]);

const fieldSchema = z.strictObject({
  type: z.enum(["text", "number", "boolean", "date", "datetime", "list", "email", "phone", "url"]),
  readOnly: z.boolean().optional(),
  unique: z.boolean().optional(),
  as: z
    .enum(["text", "number", "seconds", "milliseconds"])
    .describe("Its form in JSON, if not the usual one.")
    .optional(),
  link: z
    .strictObject({
      id: path.describe("Where the id is in it."),
      also: z.record(z.string(), scalar).describe("What stands beside the id in one that is written.").optional(),
      sends: z
        .enum(["link", "id"])
        .describe("What is written. Default: link, an object like those that are read.")
        .optional(),
    })
    .describe("A reference that is an object around an id: { id: id, also: { type: companies } }")
    .optional(),
});

const versionSchema = z.union([
  z.literal("etag"),
  z.strictObject({
    field: path,
    in: z.enum(["body", "query", "header"]).describe("Where it goes in a write."),
    name: z.string().describe("Of the parameter, header or field there. Default: the field's, If-Match.").optional(),
  }),
]);

const sizes = {
  sizeParam: z.string().describe("The parameter for the size of a page.").optional(),
  size: z.number().int().min(1).describe("Default: 100.").optional(),
};

const pagingSchema = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("page"),
    param: z.string().optional(),
    first: z.number().int().optional(),
    ...sizes,
  }),
  z.strictObject({
    type: z.literal("offset"),
    param: z.string().optional(),
    first: z.number().int().describe("Of the first record: 1 where they are counted from 1. Default: 0.").optional(),
    ...sizes,
  }),
  z.strictObject({ type: z.literal("cursor"), param: z.string(), next: path, ...sizes }),
  z.strictObject({ type: z.literal("link"), ...sizes }),
  z.strictObject({ type: z.literal("next"), next: path, ...sizes }),
  z.strictObject({
    type: z.literal("after"),
    param: z.string(),
    value: z.string().describe("Of the last record's id: {id} or {json}. Default: {id}.").optional(),
    query: query.optional(),
    ...sizes,
  }),
]);

const listSchema = z.strictObject({
  path: address.optional(),
  items: path.describe("Where the list is in the answer. Default: the answer is the list.").optional(),
  record: path.describe("Where the record is in an item, if it is not the item.").optional(),
  query: query.optional(),
  total: path.describe("Where the number of all records is.").optional(),
  more: path.describe("Where it says whether there is more.").optional(),
  paging: pagingSchema.describe("Default: one answer holds all.").optional(),
});

const readSchema = z.strictObject({
  record: path.describe("Where the record is in the answer. Default: the answer is the record.").optional(),
  many: z.string().describe("Query that answers several as a list: ids={ids}, keys={json}").optional(),
  max: z.number().int().min(1).describe("Most ids in one. Default: 50.").optional(),
  query: query.optional(),
});

const changesSchema = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("since"),
    query: z.record(z.string(), z.string()).describe("updated_since: {since}"),
    format: z.enum(["iso", "date", "seconds", "milliseconds"]).describe("Default: iso.").optional(),
    overlap: durationSchema.describe("How far back each question looks again. Default: 1m.").optional(),
  }),
  z.strictObject({
    type: z.literal("token"),
    path: address,
    query: query.optional(),
    param: z.string().describe("The parameter that carries the token."),
    next: path.describe("Where the next token is in the answer."),
    start: z.string().describe("The token that means now. Without one the feed begins at its beginning.").optional(),
    items: path.optional(),
    id: path.describe("Where the record's id is in a change."),
    record: path.describe("Where the record is in a change; without it the record is read.").optional(),
    deleted: path.describe("Where a change says that the record is gone.").optional(),
    more: path.optional(),
  }),
  z.strictObject({ type: z.literal("list") }),
  z.strictObject({ type: z.literal("none") }),
]);

const writing = {
  body: path.describe("Where in the body the fields go. Default: the top.").optional(),
  also: z
    .record(z.string(), scalar)
    .describe("Put into the body as well, by path; {id} is the record's id.")
    .optional(),
  query: query.optional(),
  answer: path.describe("Where the record is in the answer. Default: as in read.").optional(),
};

const objectSchema = z.strictObject({
  path: address.optional(),
  itemPath: address.describe("Default: path/{id}.").optional(),
  id: path.describe("Where the id is in a record. Default: id.").optional(),
  fieldsAt: path.describe("Where in a record its fields are: attributes. Default: the top.").optional(),
  fields: z
    .record(z.string(), z.union([fieldSchema.shape.type, fieldSchema]).transform(spelledOut))
    .describe("The fields by name; without it, records show them.")
    .optional(),
  absent: z
    .enum(["unknown", "blank"])
    .describe("What a field that a record leaves out means. Default: unknown, it was not mentioned.")
    .optional(),
  modifiedAt: path.describe("Where a record tells when it was last changed.").optional(),
  version: versionSchema.describe("etag, or the field that a write must send back.").optional(),
  deleted: z
    .strictObject({ field: z.string(), value: scalar.optional() })
    .describe("The field that marks a deleted record.")
    .optional(),
  only: z.record(z.string(), scalar).describe("Only records with these values are of this object.").optional(),
  key: z.string().describe("The text field that keeps Truce's create key.").optional(),
  keyUnique: z.boolean().describe("The tool refuses a second record with the same key. Default: false.").optional(),
  lookup: z
    .record(z.string(), z.string())
    .describe("By field, the query that finds records by its value: email={value}, $filter=email eq {quoted}")
    .optional(),
  list: listSchema.optional(),
  read: readSchema.optional(),
  changes: changesSchema.optional(),
  create: z
    .strictObject({
      method: z.enum(["POST", "PUT"]).optional(),
      path: z.string().startsWith("/").describe("{key}: Truce names the record.").optional(),
      id: path.describe("Where the new id is in the answer, if that holds no record.").optional(),
      ...writing,
    })
    .optional(),
  update: z
    .strictObject({
      method: z.enum(["PATCH", "PUT", "POST"]).describe("Default: PATCH.").optional(),
      path: address.optional(),
      sends: z
        .enum(["record", "changes"])
        .describe("The whole record, or what changes of it. Default: record with PUT, else changes.")
        .optional(),
      clear: z.enum(["null", "omit", "empty"]).describe("How a field is emptied. Default: null.").optional(),
      ...writing,
    })
    .optional(),
  delete: z
    .strictObject({
      method: z.enum(["DELETE", "POST", "mark"]).describe("mark: the field under deleted is set.").optional(),
      path: address.optional(),
      query: query.optional(),
    })
    .optional(),
});

function spelledOut(field: z.output<typeof fieldSchema> | z.output<typeof fieldSchema.shape.type>) {
  return typeof field === "string" ? { type: field } : field;
}

const verifySchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("standard"), secrets, tolerance: durationSchema.optional() }),
  z.strictObject({
    type: z.literal("hmac"),
    secrets,
    header: z.string(),
    prefix: z.string().optional(),
    algorithm: z.enum(["sha256", "sha512", "sha1"]).optional(),
    encoding: z.enum(["hex", "base64"]).optional(),
    signed: z.string().describe("{body}, {timestamp}. Default: {body}.").optional(),
    timestamp: z.string().describe("The header with the moment, or NAME PART.").optional(),
    tolerance: durationSchema.optional(),
  }),
  z.strictObject({ type: z.literal("path"), secrets }),
]);

const webhookSchema = z.strictObject({
  verify: verifySchema,
  events: path.optional(),
  eventId: path.optional(),
  id: path.describe("Where the record's id is in an event."),
  object: z
    .strictObject({ at: path, is: z.record(z.string(), z.string()) })
    .describe("Which object an event is about: { at: type, is: { contact.updated: contacts } }")
    .optional(),
  record: path.describe("Where the record is in an event; without it the record is read.").optional(),
  carries: z.enum(["full", "partial"]).optional(),
  deleted: z
    .strictObject({ at: path, is: z.array(z.string()).min(1) })
    .describe("Events about deletions.")
    .optional(),
});

/** What a system of connector `rest` takes beside what all have in common. */
export const restSettings = {
  connector: z.literal("rest"),
  url: web.describe("Where the API begins: https://tool.example.com/api"),
  auth: authSchema.optional(),
  headers: z.record(z.string(), referenceSchema).describe("Sent with every request.").optional(),
  rateLimit: z
    .strictObject({ requests: z.number().int().min(1), per: durationSchema })
    .describe("{ requests: 10, per: 1s }")
    .optional(),
  parallel: z.number().int().min(1).max(64).describe("Requests under way at once. Default: 4.").optional(),
  timeout: durationSchema.describe("Longest wait for an answer. Default: 30s.").optional(),
  linkLocal: z.boolean().describe("Let requests reach link-local and cloud metadata addresses.").optional(),
  errors: z
    .strictObject({
      message: path.optional(),
      fields: path.describe("What is said of single fields.").optional(),
      name: path.optional(),
      text: path.optional(),
    })
    .describe("Where a refusal says what is wrong.")
    .optional(),
  webhook: webhookSchema.optional(),
  defaults: objectSchema.describe("What all objects have in common.").optional(),
  objects: z
    .record(z.string().regex(/^[^/]+$/u), objectSchema)
    .describe("The kinds of records, by a name of your choice."),
};
