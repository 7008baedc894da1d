import type { MappedCell, MappedObject, SchemaProblem } from "../../ports/connector.ts";
import { type Client, RefusedCall } from "./client.ts";
import { type Field, findNamed, isWritable, nativeTypesFor, noTable, type Schema, type Table } from "./schema.ts";

export type CheckDeps = {
  readonly client: Client;
  readonly baseId: string;
  readonly keyField: string;
};

/** What the mapping asks of the base and the base can't do. */
export function schemaProblems(schema: Schema, objects: readonly MappedObject[]): readonly SchemaProblem[] {
  return objects.flatMap((mapped): SchemaProblem[] => {
    const table = findNamed(schema.tables, mapped.object);
    if (table === undefined) {
      return [{ object: mapped.object, cell: null, severity: "error", message: noTable(schema, mapped.object) }];
    }
    return mapped.cells.flatMap((cell) =>
      cellProblems(table, cell).map((problem) => ({ object: mapped.object, cell: cell.cell, ...problem })),
    );
  });
}

type Problem = Pick<SchemaProblem, "severity" | "message">;

function cellProblems(table: Table, mapped: MappedCell): readonly Problem[] {
  const field = findNamed(table.fields, mapped.cell);
  if (field === undefined) {
    const names = table.fields.map(({ name }) => name).join(", ");
    return [error(`table ${table.name} has no field ${mapped.cell}; it has ${names}`)];
  }
  if (mapped.direction === "read") return [];
  if (!isWritable(field)) {
    return [error(`${field.name} is a ${field.type} field, which can't be written; map it with direction "read"`)];
  }
  if (!nativeTypesFor(mapped).includes(field.type)) {
    const fitting = nativeTypesFor(mapped).join(" or ");
    return [error(`${field.name} is a ${field.type} field; values of type ${mapped.type.kind} need ${fitting}`)];
  }
  return [...missingOptions(field, mapped), ...lossyForms(field)];
}

/** Truce makes no options: they are the base's vocabulary, and a typing error would add to it. */
function missingOptions({ name, choices }: Field, { type }: MappedCell): readonly Problem[] {
  if (choices === null || (type.kind !== "choice" && type.kind !== "set")) return [];
  if (type.options === undefined) {
    const known = choices.join(", ");
    return [warning(`${name} refuses values that are not among its options (${known}); list them in the field's type`)];
  }
  const missing = type.options.filter((option) => !choices.includes(option));
  return missing.length === 0 ? [] : [error(`${name} lacks the options ${missing.join(", ")}; add them in Airtable`)];
}

function lossyForms({ name, type }: Field): readonly Problem[] {
  if (type !== "richText") return [];
  return [warning(`${name} is rich text, which Airtable reformats; long text keeps what is written`)];
}

/** The create key's field in each table where Truce creates records; made where it is missing and `prepare` is set. */
export async function keyFieldProblems(
  { client, baseId, keyField }: CheckDeps,
  schema: Schema,
  objects: readonly MappedObject[],
  prepare: boolean,
): Promise<readonly SchemaProblem[]> {
  const problems: SchemaProblem[] = [];
  for (const { object } of objects.filter(({ create }) => create)) {
    const table = findNamed(schema.tables, object);
    if (table === undefined) continue;
    const field = findNamed(table.fields, keyField);
    if (field === undefined && prepare) {
      const path = `meta/bases/${baseId}/tables/${table.id}/fields`;
      const description = "Made by Truce: tells which record is which. Please leave it as it is.";
      const body = { name: keyField, type: "singleLineText", description };
      const what = `adding ${keyField} to ${table.name}`;
      const refusal = await refusalOf(client.call({ method: "POST", path, body, effect: "write", what }));
      if (refusal === null) continue;
      const message = `${refusal}; give the token the scope schema.bases:write, or add the text field ${keyField} yourself`;
      problems.push({ object, cell: null, severity: "error", message });
    } else if (field === undefined) {
      const message = `table ${table.name} has no text field ${keyField}, which keeps creates from doubling; truce run and truce check --prepare make it`;
      problems.push({ object, cell: null, severity: "error", message, preparable: true });
    } else if (field.type !== "singleLineText") {
      const message = `${keyField} of table ${table.name} is a ${field.type} field; it must be a single line text`;
      problems.push({ object, cell: null, severity: "error", message });
    }
  }
  return problems;
}

/** Why a call was refused, or `null` where it was not. */
async function refusalOf(call: Promise<unknown>): Promise<string | null> {
  try {
    await call;
    return null;
  } catch (failure) {
    if (failure instanceof RefusedCall) return failure.message;
    throw failure;
  }
}

const neededScopes: readonly (readonly [string, SchemaProblem["severity"], string])[] = [
  ["schema.bases:read", "error", "tables and fields can't be looked up"],
  ["data.records:read", "error", "records can't be read"],
  ["data.records:write", "error", "records can't be written"],
  ["webhook:manage", "warning", "there is no change feed: changes are found by sweeps alone, hours later"],
];

/** Scopes that the token lacks. Tokens whose scopes Airtable does not tell are not doubted. */
export function scopeProblems(
  scopes: readonly string[] | null,
  objects: readonly MappedObject[],
): readonly SchemaProblem[] {
  const object = objects[0]?.object;
  if (scopes === null || object === undefined) return [];
  const isWritten = objects.some(({ create, cells }) => create || cells.some(({ direction }) => direction !== "read"));
  return neededScopes
    .filter(([scope]) => !scopes.includes(scope) && (isWritten || scope !== "data.records:write"))
    .map(([scope, severity, so]) => ({
      object,
      cell: null,
      severity,
      message: `the token lacks the scope ${scope}: ${so}`,
    }));
}

function error(message: string): Problem {
  return { severity: "error", message };
}

function warning(message: string): Problem {
  return { severity: "warning", message };
}
