import type { CellName, ObjectName } from "../../model/record.ts";
import { SyncFailure } from "../../model/sync-error.ts";
import { objectsOf, own, textOf } from "../../ports/json-object.ts";
import type { Client } from "./client.ts";
import { RefusedCall } from "./errors.ts";
import { askQuery } from "./query.ts";
import { soqlText } from "./soql.ts";

/** Permission sets that come with a package can't be changed: a few are tried. */
const permissionSetsMax = 5;

/**
 * Makes the field of the create key, and lets the integration user see and edit it: a field that the API makes is nobody's to see. Returns why it could not
 * be done, `null` if it was.
 */
export async function makeKeyField(client: Client, object: ObjectName, keyField: CellName): Promise<string | null> {
  try {
    await createField(client, object, keyField);
    await allowField(client, object, keyField);
    return null;
  } catch (error) {
    if (error instanceof SyncFailure) return error.message;
    throw error;
  }
}

async function createField(client: Client, object: ObjectName, keyField: CellName): Promise<void> {
  const what = `adding the field ${keyField} to ${object}`;
  const body = {
    FullName: `${object}.${keyField}`,
    Metadata: {
      label: "Truce ID",
      description: "Made by Truce: tells which record is which. Please leave it as it is.",
      type: "Text",
      length: 36,
      externalId: true,
      unique: true,
      caseSensitive: true,
      required: false,
    },
  };
  try {
    await client.call({ method: "POST", path: "tooling/sobjects/CustomField", body, effect: "write", what });
  } catch (error) {
    // It is there, and only not to be seen.
    const isThere =
      error instanceof RefusedCall && error.complaints.some(({ code }) => code === "DUPLICATE_DEVELOPER_NAME");
    if (!isThere) throw error;
  }
}

async function allowField(client: Client, object: ObjectName, keyField: CellName): Promise<void> {
  const what = `letting the integration user edit ${keyField} of ${object}`;
  let failure: RefusedCall | null = null;
  for (const id of await permissionSetsOf(client, what)) {
    const body = {
      ParentId: id,
      SobjectType: object,
      Field: `${object}.${keyField}`,
      PermissionsRead: true,
      PermissionsEdit: true,
    };
    try {
      await client.call({ method: "POST", path: "sobjects/FieldPermissions", body, effect: "write", what });
      return;
    } catch (error) {
      if (!(error instanceof RefusedCall)) throw error;
      failure = error;
    }
  }
  throw failure ?? new SyncFailure({ code: "UNAUTHORIZED", message: `${what}: it has no permission set` });
}

/** Those of the integration user, its profile's own last. */
async function permissionSetsOf(client: Client, what: string): Promise<readonly string[]> {
  const { identity } = await client.session();
  if (identity === null) return [];
  const soql = `SELECT PermissionSetId FROM PermissionSetAssignment WHERE AssigneeId = ${soqlText(identity.userId)} ORDER BY PermissionSet.IsOwnedByProfile LIMIT ${permissionSetsMax}`;
  const answer = await askQuery(client, { soql, all: false, urgency: "live", what });
  return objectsOf(own(answer, "records")).map((record) => textOf(own(record, "PermissionSetId")));
}
