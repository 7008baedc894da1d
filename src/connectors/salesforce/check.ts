import type { FieldTypeKind } from "../../model/field-type.ts";
import type { CellName, ObjectName } from "../../model/record.ts";
import type { MappedCell, MappedObject, SchemaProblem } from "../../ports/connector.ts";
import type { Client } from "./client.ts";
import { RefusedCall } from "./errors.ts";
import { makeKeyField } from "./prepare.ts";
import type { Field, Schema, SObject } from "./schema.ts";

export type CheckDeps = { readonly client: Client; readonly schema: Schema; readonly keyField: CellName };

/** What the mapping of one object asks of the org and the org can't do; makes the key field if `prepare`. */
export async function checkObject(
  deps: CheckDeps,
  mapped: MappedObject,
  prepare: boolean,
): Promise<readonly SchemaProblem[]> {
  const { object } = mapped;
  const problem = (cell: CellName | null, found: Problem): SchemaProblem => ({ object, cell, ...found });
  let sobject: SObject;
  try {
    sobject = await deps.schema.sobject(object);
  } catch (error) {
    if (error instanceof RefusedCall) return [problem(null, asError(refusalRemedy(error, object)))];
    throw error;
  }
  const whole = [
    ...accessProblems(sobject, mapped),
    ...(mapped.create ? [...(await keyProblems(deps, sobject, prepare)), ...recordTypeProblems(sobject, mapped)] : []),
  ];
  const required = mapped.create ? requiredProblems(sobject, mapped, deps.keyField) : [];
  const cells = mapped.cells.flatMap((cell) => cellProblems(sobject, cell).map((one) => problem(cell.cell, one)));
  return [...whole.map((one) => problem(null, one)), ...required.map((one) => problem(null, one)), ...cells];
}

type Problem = Omit<SchemaProblem, "object" | "cell">;

function asError(message: string): Problem {
  return { severity: "error", message };
}

function warning(message: string): Problem {
  return { severity: "warning", message };
}

function refusalRemedy({ error }: RefusedCall, object: ObjectName): string {
  if (error.code === "UNAUTHORIZED") return `${error.message}; give the integration user access to ${object}`;
  const remedy = "use its API name (a custom object's ends in __c), and let the integration user see it";
  return `Salesforce has no object ${object}; ${remedy}`;
}

function accessProblems(sobject: SObject, { create, cells }: MappedObject): readonly Problem[] {
  const { name } = sobject;
  const problems: Problem[] = [];
  const lacks = (right: string) => asError(`the integration user may not ${right} ${name}; give it that permission`);
  if (!sobject.queryable) problems.push(lacks("read"));
  if (create && !sobject.createable) problems.push(lacks("create"));
  if (cells.some(({ direction }) => direction !== "read") && !sobject.updateable) problems.push(lacks("edit"));
  if (!sobject.fields.has("SystemModstamp")) {
    problems.push(asError(`${name} has no SystemModstamp, by which changes are found; it can't be synchronized`));
  }
  if (!sobject.replicateable) {
    problems.push(warning(`${name} keeps no log of deletes: what is purged at once is found only by a sweep`));
  }
  return problems;
}

async function keyProblems(
  { client, schema, keyField }: CheckDeps,
  { name, fields }: SObject,
  prepare: boolean,
): Promise<readonly Problem[]> {
  const field = fields.get(keyField);
  const make = `in Setup, Object Manager, ${name}, make a field: Text(36), External ID, Unique (case sensitive), API name ${keyField}; let the integration user edit it`;
  if (field === undefined) {
    if (!prepare) {
      const remedy = `truce run and truce check --prepare make it, or ${make}`;
      const message = `${name} has no field ${keyField} to tell the records that Truce creates; ${remedy}`;
      return [{ severity: "error", message, preparable: true }];
    }
    const refusal = await makeKeyField(client, name, keyField);
    schema.forget();
    return refusal === null ? [] : [asError(`${refusal}; ${make}`)];
  }
  if (!field.unique || !field.externalId || field.type !== "string") {
    return [
      asError(`${keyField} of ${name} is not a unique external id of text; ${make}, or name another with keyField`),
    ];
  }
  if (!field.createable) return [asError(`${keyField} of ${name} can't be written by the integration user; ${make}`)];
  return field.length < 36 ? [asError(`${keyField} of ${name} holds ${field.length} characters; it needs 36`)] : [];
}

function recordTypeProblems({ name, recordTypes }: SObject, { cells }: MappedObject): readonly Problem[] {
  if (recordTypes.length < 2 || cells.some(({ cell }) => cell === "RecordTypeId")) return [];
  const own = recordTypes.find(({ isDefault }) => isDefault)?.name ?? "the master";
  const others = recordTypes.map((one) => one.name).join(", ");
  return [warning(`new ${name} records get the record type ${own} (there are ${others}); map RecordTypeId to choose`)];
}

/** Without them every create is refused. */
function requiredProblems({ name, fields }: SObject, { cells }: MappedObject, keyField: CellName): readonly Problem[] {
  const written = new Set(cells.flatMap(({ cell, direction }) => (direction === "read" ? [] : [cell])));
  // An account is named by its person, where there are person accounts.
  const hasPerson = fields.has("IsPersonAccount") && written.has("LastName");
  const missing = [...fields.values()].filter(
    (field) =>
      field.createable &&
      !field.nillable &&
      !field.defaultedOnCreate &&
      !written.has(field.name) &&
      field.name !== keyField &&
      !(hasPerson && field.name === "Name"),
  );
  if (missing.length === 0) return [];
  const named = missing.map((field) => field.name).join(", ");
  return [asError(`${name} can't be created without ${named}; map them, or set create: false`)];
}

function cellProblems(sobject: SObject, mapped: MappedCell): readonly Problem[] {
  const field = sobject.fields.get(mapped.cell);
  if (field === undefined) {
    const near = [...sobject.fields.keys()].find((name) => name.toLowerCase() === mapped.cell.toLowerCase());
    const remedy =
      near === undefined
        ? "use its API name (a custom field's ends in __c), and let the integration user see it"
        : `it is written ${near}`;
    return [asError(`${sobject.name} has no field ${mapped.cell}; ${remedy}`)];
  }
  if (field.type === "address" || field.type === "location") {
    const parts = [...sobject.fields.values()].map(({ name }) => name).filter((name) => isPartOf(name, field.name));
    return [asError(`${field.name} is a compound of other fields; map its parts: ${parts.join(", ")}`)];
  }
  if (mapped.direction === "read") return [];
  return writeProblems(field, mapped);
}

function isPartOf(name: string, compound: string): boolean {
  const prefix = compound.replace(/Address(__c)?$/u, "");
  return ["Street", "City", "State", "PostalCode", "Country"].some((part) => name === `${prefix}${part}`);
}

function writeProblems(field: Field, mapped: MappedCell): readonly Problem[] {
  const { name, type } = field;
  if (!field.updateable && !field.createable) {
    const why = field.calculated ? "is a formula" : "can't be written by the integration user";
    return [asError(`${name} ${why}; map it with direction "read", or give it field-level access`)];
  }
  if (!field.updateable) {
    return [asError(`${name} can be set at creation alone; map it with direction "read"`)];
  }
  const fitting = Object.hasOwn(fittingKinds, type) ? fittingKinds[type] : undefined;
  if (fitting !== undefined && !fitting.includes(mapped.type.kind)) {
    return [asError(`${name} is a ${type} field; its field needs type ${fitting.join(" or ")}`)];
  }
  if (mapped.type.kind === "reference" && mapped.type.many === true) {
    return [asError(`${name} points to one record; many need an object between the two`)];
  }
  return [...optionProblems(field, mapped), ...formProblems(field, mapped)];
}

/** Field types that a Salesforce type takes; texts take any. */
const fittingKinds: Readonly<Record<string, readonly FieldTypeKind[]>> = {
  boolean: ["boolean"],
  int: ["number", "money"],
  long: ["number", "money"],
  double: ["number", "money"],
  currency: ["money", "number"],
  percent: ["number"],
  date: ["date"],
  datetime: ["datetime"],
  reference: ["reference", "text"],
  picklist: ["choice", "text"],
  multipicklist: ["set", "text"],
  email: ["email", "text"],
};

function optionProblems(field: Field, { type }: MappedCell): readonly Problem[] {
  if (field.type !== "picklist" && field.type !== "multipicklist") return [];
  if (type.kind !== "choice" && type.kind !== "set") {
    return field.restrictedPicklist
      ? [warning(`${field.name} is a restricted picklist; a field of type choice names its values`)]
      : [];
  }
  const known = field.options.join(", ");
  if (type.options === undefined) {
    if (!field.restrictedPicklist) return [];
    return [warning(`${field.name} refuses values that it does not list (${known}); list them in the field's type`)];
  }
  const missing = type.options.filter((option) => !field.options.includes(option));
  if (missing.length === 0) return [];
  const message = `${field.name} lacks the values ${missing.join(", ")} (it has ${known})`;
  return field.restrictedPicklist
    ? [asError(`${message}; it is restricted: add them in Salesforce`)]
    : [warning(`${message}; people can't choose them there`)];
}

function formProblems({ name, type, scale, length }: Field, mapped: MappedCell): readonly Problem[] {
  const { kind } = mapped.type;
  if (type === "int" && mapped.type.kind === "number" && mapped.type.decimals !== 0) {
    return [warning(`${name} holds whole numbers; give its field decimals: 0`)];
  }
  if (["double", "currency", "percent"].includes(type) && mapped.type.kind === "number") {
    const { decimals } = mapped.type;
    if (decimals === undefined || decimals > scale) {
      return [warning(`${name} is rounded to ${scale} decimals; give its field decimals: ${scale}`)];
    }
  }
  if (type === "string" && length < 80 && (kind === "text" || kind === "address")) {
    return [warning(`${name} holds ${length} characters; longer texts are refused`)];
  }
  return [];
}
