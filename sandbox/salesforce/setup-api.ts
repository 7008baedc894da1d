import type { SandboxAnswer } from "../core/serve.ts";
import { isObject, type JsonObject } from "./body.ts";
import { completeField } from "./field.ts";
import { makeId } from "./id.ts";
import { type Org, showField, tableOf } from "./org.ts";
import { Refusal, refuse } from "./refusal.ts";

/** `POST /tooling/sobjects/CustomField`: a text field, which nobody sees until `FieldPermissions` say so. */
export function createCustomField(org: Org, body: JsonObject): SandboxAnswer {
  mustBeAllowed(org);
  const [object = "", name = ""] = String(body["FullName"] ?? "").split(".");
  const metadata = isObject(body["Metadata"]) ? body["Metadata"] : {};
  if (!/^[A-Za-z]\w*__c$/u.test(name))
    throw refuse("FIELD_INTEGRITY_EXCEPTION", `Invalid field name ${name}`, ["FullName"]);
  if (metadata["type"] !== "Text")
    throw refuse("FIELD_INTEGRITY_EXCEPTION", "Only text fields are emulated", ["Metadata"]);
  const table = tableOf(org, object);
  if (table.fields.has(name) || table.hiddenFields.has(name)) {
    const message = `There is already a field named ${name.replace(/__c$/u, "")} on ${table.type.label}.`;
    throw refuse("DUPLICATE_DEVELOPER_NAME", message, ["DeveloperName"]);
  }
  const field = completeField({
    name,
    type: "string",
    label: String(metadata["label"]),
    length: Number(metadata["length"]),
    unique: metadata["unique"] === true,
    externalId: metadata["externalId"] === true,
    caseSensitive: metadata["caseSensitive"] === true,
  });
  table.hiddenFields.set(name, field);
  return {
    status: 201,
    body: { id: makeId("00N", table.fields.size), success: true, errors: [], warnings: [], infos: [] },
  };
}

/** What `FieldPermissions` that were just made lead to. */
export function grantField(org: Org, body: JsonObject): void {
  const [object = "", name = ""] = String(body["Field"] ?? "").split(".");
  const table = tableOf(org, object);
  const field = table.hiddenFields.get(name);
  if (field !== undefined && body["PermissionsEdit"] === true) showField(table, field);
}

export function mustBeAllowed(org: Org): void {
  if (org.mayCustomize) return;
  throw new Refusal(403, [
    { errorCode: "INSUFFICIENT_ACCESS", message: "insufficient access rights on entity: CustomField" },
  ]);
}
