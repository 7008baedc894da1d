import type { JsonObject } from "./json.ts";
import { type AirtableSandbox, type AirtableSandboxOptions, createAirtableSandbox } from "./sandbox.ts";
import type { TableInput } from "./schema.ts";

/** People and companies, with a field of every type that the emulator knows. */
export const crmSchema: readonly TableInput[] = [
  {
    name: "Companies",
    fields: [
      { name: "Company", type: "singleLineText" },
      { name: "Website", type: "url" },
    ],
  },
  {
    name: "People",
    fields: [
      { name: "Name", type: "singleLineText" },
      { name: "Email", type: "email" },
      { name: "Phone", type: "phoneNumber" },
      { name: "Notes", type: "multilineText" },
      { name: "Bio", type: "richText" },
      { name: "Customer", type: "checkbox", options: { icon: "check", color: "greenBright" } },
      { name: "Score", type: "number", options: { precision: 2 } },
      { name: "Budget", type: "currency", options: { precision: 2, symbol: "€" } },
      { name: "Chance", type: "percent", options: { precision: 0 } },
      { name: "Call", type: "duration", options: { durationFormat: "h:mm" } },
      { name: "Stars", type: "rating", options: { icon: "star", max: 5, color: "yellowBright" } },
      { name: "Born", type: "date", options: { dateFormat: { name: "iso", format: "YYYY-MM-DD" } } },
      { name: "Next call", type: "dateTime", options: { timeZone: "Europe/Berlin" } },
      { name: "Stage", type: "singleSelect", options: { choices: [{ name: "Lead" }, { name: "Won" }] } },
      { name: "Tags", type: "multipleSelects", options: { choices: [{ name: "a" }, { name: "b" }, { name: "c" }] } },
      { name: "Company", type: "multipleRecordLinks", options: { linkedTableId: "Companies", inverseName: "People" } },
      { name: "Owner", type: "singleCollaborator" },
      { name: "Watchers", type: "multipleCollaborators" },
      { name: "Files", type: "multipleAttachments" },
      { name: "Badge", type: "barcode" },
      { name: "Truce ID", type: "singleLineText" },
      { name: "Greeting", type: "formula", options: { formula: "IF({Name}, 'Dear ' & {Name}, BLANK())" } },
      { name: "Ratio", type: "formula", options: { formula: "{Score} / {Stars}" } },
      {
        name: "Websites",
        type: "multipleLookupValues",
        options: { recordLinkFieldId: "Company", fieldIdInLinkedTable: "Website" },
      },
      { name: "Companies", type: "count", options: { recordLinkFieldId: "Company" } },
      { name: "No", type: "autoNumber" },
      { name: "Made", type: "createdTime" },
      { name: "Touched", type: "lastModifiedTime" },
      { name: "Mail touched", type: "lastModifiedTime", options: { referencedFieldIds: ["Email"] } },
      { name: "Made by", type: "createdBy" },
      { name: "Touched by", type: "lastModifiedBy" },
      { name: "Summary", type: "aiText" },
    ],
    views: [{ name: "Customers", filter: "{Customer}", visibleFields: ["Name", "Email"] }],
  },
];

/** Fast enough that no limit is met. */
const unhurried = 1_000;

/** A sandbox with `crmSchema`, without limits that a test could meet by accident. */
export function crmSandbox(options: Partial<AirtableSandboxOptions> = {}): Promise<AirtableSandbox> {
  return createAirtableSandbox({ schema: crmSchema, speed: unhurried, ...options });
}

export type Answer = { readonly status: number; readonly body: JsonObject };

/** One call of the Web API; `path` goes after `/v0/`. A body that is a string is sent as it is. */
export async function call(
  sandbox: AirtableSandbox,
  method: string,
  path: string,
  body?: unknown,
  token = sandbox.token,
): Promise<Answer> {
  const response = await fetch(`${sandbox.url}/v0/${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === "" ? {} : (JSON.parse(text) as JsonObject) };
}

/** Status and error of an answer, in one line: `422 UNKNOWN_FIELD_NAME`. */
export function errorOf({ status, body }: Answer): string {
  const error = body["error"];
  return `${status} ${typeof error === "string" ? error : ((error as JsonObject | undefined)?.["type"] ?? "")}`;
}
