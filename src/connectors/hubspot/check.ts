import type { FieldTypeKind } from "../../model/field-type.ts";
import type { CellName, ObjectName } from "../../model/record.ts";
import { SyncFailure } from "../../model/sync-error.ts";
import type { MappedCell, MappedObject, SchemaProblem } from "../../ports/connector.ts";
import { type AssociationCell, type AssociationLabel, associationOf, readLabels } from "./associations.ts";
import type { Client } from "./client.ts";
import { RefusedCall } from "./errors.ts";
import { typeIdOf } from "./object-name.ts";
import { isEmail, type Property, type Schema } from "./schema.ts";

export type CheckDeps = { readonly client: Client; readonly schema: Schema; readonly keyProperty: string };

/** What the mapping of one object asks of the account and the account can't do; makes the key property if `prepare`. */
export async function checkObject(
  deps: CheckDeps,
  mapped: MappedObject,
  prepare: boolean,
): Promise<readonly SchemaProblem[]> {
  const { object } = mapped;
  const problem = (cell: CellName | null, found: Problem): SchemaProblem => ({ object, cell, ...found });
  let properties: ReadonlyMap<CellName, Property>;
  try {
    properties = await deps.schema.properties(object);
  } catch (error) {
    if (error instanceof RefusedCall) return [problem(null, asError(refusalRemedy(error, object)))];
    throw error;
  }
  const cells = mapped.cells.flatMap((cell) =>
    associationOf(cell) === null ? cellProblems(object, properties, cell).map((one) => problem(cell.cell, one)) : [],
  );
  for (const cell of mapped.cells) {
    const association = associationOf(cell);
    if (association === null) continue;
    const found = await associationProblems(deps.client, mapped, cell, association);
    cells.push(...found.map((one) => problem(cell.cell, one)));
  }
  const access = (await accessProblems(deps.client, mapped)).map((one) => problem(null, one));
  if (!mapped.create) return [...access, ...cells];
  const key = (await keyProblems(deps, mapped, properties, prepare)).map((one) => problem(null, one));
  return [...access, ...cells, ...key];
}

type Problem = Omit<SchemaProblem, "object" | "cell">;

function asError(message: string): Problem {
  return { severity: "error", message };
}

function warning(message: string): Problem {
  return { severity: "warning", message };
}

function refusalRemedy({ error, refusal }: RefusedCall, object: ObjectName): string {
  if (error.code !== "UNAUTHORIZED") return `HubSpot has no object ${object}: ${refusal.message}`;
  return `${error.message}; give the app the scopes crm.objects.* and crm.schemas.* of ${object}`;
}

/** A scope for properties is not one for records: a page of one shows whether these may be read. */
async function accessProblems(client: Client, { object }: MappedObject): Promise<readonly Problem[]> {
  const path = `/crm/v3/objects/${encodeURIComponent(object)}?limit=1`;
  try {
    await client.call({ method: "GET", path, effect: "read", what: `reading ${object}` });
    return [];
  } catch (error) {
    if (error instanceof RefusedCall && error.error.code === "UNAUTHORIZED") {
      return [asError(`${error.message}; give the app the scopes crm.objects.* of ${object}`)];
    }
    throw error;
  }
}

/** An association is a reference, to the object that its name says, by a label that is there. */
async function associationProblems(
  client: Client,
  object: MappedObject,
  { cell, type, target }: MappedCell,
  { to, label, many }: AssociationCell,
): Promise<readonly Problem[]> {
  if (type.kind !== "reference") return [asError(`${cell} is an association; its field needs type reference`)];
  if (target !== undefined && (typeIdOf(target) ?? target) !== (typeIdOf(to) ?? to))
    return [asError(`${cell} points to ${to}, and the field to ${target}`)];
  let labels: readonly AssociationLabel[];
  try {
    labels = await readLabels(client, object, to);
  } catch (error) {
    if (!(error instanceof RefusedCall)) throw error;
    return [asError(`HubSpot has no associations from ${object.object} to ${to}: ${error.refusal.message}`)];
  }
  const known = labels.flatMap((one) => one.label ?? []);
  if (label !== null && !known.includes(label))
    return [
      asError(`there is no label ${label} from ${object.object} to ${to}; there is ${known.join(", ") || "none"}`),
    ];
  if (many || label !== null || !known.includes("Primary")) return [];
  return [warning(`${cell} may be several, and the field is one: map ${cell}:Primary, or make the field many`)];
}

function cellProblems(
  object: ObjectName,
  properties: ReadonlyMap<CellName, Property>,
  mapped: MappedCell,
): readonly Problem[] {
  const property = properties.get(mapped.cell);
  if (property === undefined) {
    return [asError(`${object} has no property ${mapped.cell}; use its internal name, not its label`)];
  }
  if (mapped.direction === "read") return [];
  if (property.readOnly) return [asError(`${mapped.cell} can't be written; map it with direction "read"`)];
  const fitting = fittingTypes[property.type];
  if (fitting !== undefined && !fitting.includes(mapped.type.kind)) {
    const kinds = fitting.join(" or ");
    return [asError(`${mapped.cell} is a ${property.type} property; its field needs type ${kinds}`)];
  }
  return [...optionProblems(property, mapped), ...formProblems(property, mapped)];
}

/** Field types that a property takes; text takes any. */
const fittingTypes: Readonly<Record<string, readonly FieldTypeKind[]>> = {
  number: ["number", "money", "reference"],
  bool: ["boolean"],
  date: ["date"],
  datetime: ["datetime", "date"],
  enumeration: ["choice", "set", "boolean", "text"],
};

function optionProblems(property: Property, { cell, type }: MappedCell): readonly Problem[] {
  if (property.type !== "enumeration" || property.externalOptions) return [];
  if (type.kind !== "choice" && type.kind !== "set") return [];
  const known = property.options.join(", ");
  if (type.options === undefined) {
    return [warning(`${cell} refuses values that are not among its options (${known}); list them in the field's type`)];
  }
  const missing = type.options.filter((option) => !property.options.includes(option));
  if (missing.length === 0) return [];
  return [asError(`${cell} lacks the options ${missing.join(", ")} (it has ${known}); add them in HubSpot`)];
}

function formProblems(property: Property, { cell, type }: MappedCell): readonly Problem[] {
  if (type.kind === "set" && property.type === "enumeration" && property.fieldType !== "checkbox") {
    return [asError(`${cell} holds a single choice; its field needs type choice`)];
  }
  if (type.kind === "choice" && property.fieldType === "checkbox") {
    return [warning(`${cell} may hold several choices; a field of type set keeps them apart`)];
  }
  if (cell === "lifecyclestage") {
    return [
      warning(`${cell} only moves on: HubSpot passes over an earlier stage; resolve it by the rule forward-only`),
    ];
  }
  return [];
}

/** Without the key property a create whose answer is lost can be found again only by a contact's e-mail. */
async function keyProblems(
  deps: CheckDeps,
  mapped: MappedObject,
  properties: ReadonlyMap<CellName, Property>,
  prepare: boolean,
): Promise<readonly Problem[]> {
  const { keyProperty, schema } = deps;
  const { object } = mapped;
  const property = properties.get(keyProperty);
  if (property !== undefined) {
    if (property.unique && property.type === "string") return [];
    const message = `${keyProperty} of ${object} does not hold unique texts, which is settled when a property is made`;
    return [asError(`${message}; name another with keyProperty`)];
  }
  if (prepare) {
    const refusal = await makeKeyProperty(deps, object, properties);
    schema.forget();
    return refusal === null ? [] : [asError(refusal)];
  }
  const remedy = `truce run and truce check --prepare make it, or make it yourself: single-line text, unique values, internal name ${keyProperty}`;
  const message = `${object} has no property ${keyProperty} to tell the records that Truce creates; ${remedy}`;
  const severity = mapped.cells.some(({ cell }) => isEmail(object, cell)) ? "warning" : "error";
  return [{ severity, message, preparable: true }];
}

async function makeKeyProperty(
  { client, keyProperty }: CheckDeps,
  object: ObjectName,
  properties: ReadonlyMap<CellName, Property>,
): Promise<string | null> {
  const what = `adding the property ${keyProperty} to ${object}`;
  const body = {
    name: keyProperty,
    label: "Truce ID",
    description: "Made by Truce: tells which record is which. Please leave it as it is.",
    groupName: [...properties.values()][0]?.groupName ?? "",
    type: "string",
    fieldType: "text",
    hasUniqueValue: true,
    formField: false,
  };
  try {
    const path = `/crm/v3/properties/${encodeURIComponent(object)}`;
    await client.call({ method: "POST", path, body, effect: "write", what });
    return null;
  } catch (error) {
    // Another process made it at the same time.
    if (error instanceof RefusedCall && error.status === 409) return null;
    if (!(error instanceof SyncFailure)) throw error;
    return `${error.message}; give the app the scope crm.schemas.*.write of ${object}, or make the property yourself`;
  }
}
