import { Environment } from "@marcbachmann/cel-js";
import type { FieldName } from "../../model/golden.ts";
import type { EntityPolicy } from "../../model/policy.ts";
import type { FieldValue, RawValue } from "../../model/value.ts";
import { type Refused, refused } from "../normalize/normalized.ts";

/** What an expression came to: any JSON, still to be brought into a type's form. */
export type Evaluated = { readonly ok: true; readonly value: RawValue } | Refused;

/** A variable as expressions see it: numbers as numbers, everything else in its canonical form. */
type Variables = Readonly<Record<string, unknown>>;

const limits = { maxAstNodes: 500, maxDepth: 50, maxListElements: 100, maxMapEntries: 100, maxCallArguments: 16 };

/** CEL, in which a field's number and a whole number of the expression count together. */
function newEnvironment(): Environment {
  const environment = new Environment({ limits });
  const count: readonly (readonly [string, (a: number, b: number) => number])[] = [
    ["+", (a, b) => a + b],
    ["-", (a, b) => a - b],
    ["*", (a, b) => a * b],
    ["/", (a, b) => a / b],
  ];
  for (const [sign, of] of count) {
    environment.registerOperator(`double ${sign} int`, (a: number, b: bigint) => of(a, Number(b)));
    environment.registerOperator(`int ${sign} double`, (a: bigint, b: number) => of(Number(a), b));
  }
  return environment;
}

const valueEnvironment = newEnvironment().registerVariable("value", "dyn").registerVariable("values", "list<dyn>");
/** Cleared by no one: there are as many as the config has. */
const values = new Map<string, (variables: Variables) => unknown>();

/** An expression over `value` and `values`. What it throws (a blank added to a text) is a refusal with its words. */
export function evaluateValue(expression: string, isNumber: boolean, all: readonly FieldValue[]): Evaluated {
  try {
    const run = values.get(expression) ?? valueEnvironment.parse(expression);
    values.set(expression, run);
    const seen = all.map((one) => variableOf(one, isNumber));
    return { ok: true, value: rawOf(run({ value: seen[0] ?? null, values: seen })) };
  } catch (error) {
    return refused(`${expression}: ${reasonOf(error)}`);
  }
}

/** Why an expression over `value` and `values` can't be used; `null`: it can. */
export function problemOfValue(expression: string): string | null {
  return problemIn(() => valueEnvironment, expression, null);
}

const filters = new WeakMap<EntityPolicy, Map<string, (variables: Variables) => unknown>>();

/** Whether fields pass a filter. One that throws (a blank compared with a number) is not passed. */
export function passes(
  expression: string,
  entity: EntityPolicy,
  valueFor: (field: FieldName) => FieldValue | undefined,
): boolean {
  const known = filters.get(entity) ?? new Map<string, (variables: Variables) => unknown>();
  filters.set(entity, known);
  const names = Object.keys(entity.fields);
  try {
    const run = known.get(expression) ?? filterEnvironment(names).parse(expression);
    known.set(expression, run);
    const variables = Object.fromEntries(
      names.map((name) => [variableName(name), variableOf(valueFor(name) ?? null, isNumeric(entity, name))]),
    );
    return run(variables) === true;
  } catch {
    return false;
  }
}

/** Why an expression over these fields can't be a filter; `null`: it can. */
export function problemOfFilter(expression: string, fields: readonly FieldName[]): string | null {
  return problemIn(() => filterEnvironment(fields), expression, "bool");
}

function filterEnvironment(fields: readonly FieldName[]): Environment {
  const environment = newEnvironment();
  for (const field of fields) environment.registerVariable(variableName(field), "dyn");
  return environment;
}

/** A field's name as expressions write it: "first-name" would be a subtraction. */
function variableName(field: FieldName): string {
  return field.replaceAll("-", "_");
}

function isNumeric(entity: EntityPolicy, field: FieldName): boolean {
  return entity.fields[field]?.type.kind === "number";
}

function problemIn(environment: () => Environment, expression: string, wanted: string | null): string | null {
  try {
    const { valid, type, error } = environment().parse(expression).check();
    if (!valid) return reasonOf(error);
    return wanted === null || type === wanted || type === "dyn" ? null : `it is a ${type}, not a ${wanted}`;
  } catch (error) {
    return reasonOf(error);
  }
}

function variableOf(value: FieldValue, isNumber: boolean): unknown {
  return isNumber && typeof value === "string" ? Number(value) : value;
}

function rawOf(value: unknown): RawValue {
  if (typeof value === "bigint") return value.toString();
  if (Array.isArray(value)) return value.map(rawOf);
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new Error("it gives no text, number, boolean or list");
}

/** The first line: the others show where in the expression it is. */
function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";
}
