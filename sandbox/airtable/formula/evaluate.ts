import { type Expression, FormulaError } from "./parse.ts";

/** What a formula computes with; `null` is blank. */
export type FormulaValue = null | string | number | boolean | Date;

/** How a formula reads one record. */
export type FormulaRecord = {
  readonly id: string;
  readonly createdAt: number;
  /** Last change of any of the given fields; of any field where none are given. */
  modifiedAt(fieldIds: readonly string[]): number;
  cell(fieldId: string): FormulaValue;
};

export type Compiled = (record: FormulaRecord) => FormulaValue;

export type CompileContext = {
  /** A field's id by name or id; undefined for an unknown field. */
  fieldId(key: string): string | undefined;
  now(): number;
};

type Compiler = (args: readonly Compiled[], context: CompileContext) => Compiled;

/** Turns a tree into a function of a record. Throws `FormulaError` for an unknown field or function. */
export function compileFormula(expression: Expression, context: CompileContext): Compiled {
  const compile = (node: Expression): Compiled => compileFormula(node, context);
  switch (expression.kind) {
    case "literal":
      return () => expression.value;
    case "field": {
      const id = fieldIdOf(expression.key, context);
      return (record) => record.cell(id);
    }
    case "operator": {
      const [left, right] = [compile(expression.left), compile(expression.right)];
      const operate = operators[expression.operator]!;
      return (record) => operate(left(record), right(record));
    }
    case "call":
      if (expression.name === "LAST_MODIFIED_TIME") return lastModified(expression.args, context);
      return functionNamed(expression.name)(expression.args.map(compile), context);
  }
}

/** True where a filter keeps a record: blank, 0, "" and false do not. */
export function isTrue(value: FormulaValue): boolean {
  return value instanceof Date ? true : Boolean(value);
}

/**
 * The record ids that alone can satisfy a filter, or undefined where any record could: lets a read by ids
 * skip the rest of the table.
 */
export function idsOf(expression: Expression): readonly string[] | undefined {
  if (expression.kind === "operator" && expression.operator === "=") {
    const { left, right } = expression;
    if (isRecordId(left) && right.kind === "literal") return [String(right.value)];
    if (isRecordId(right) && left.kind === "literal") return [String(left.value)];
  }
  if (expression.kind !== "call") return undefined;
  const parts = expression.args.map(idsOf);
  if (expression.name === "OR") return parts.every((ids) => ids !== undefined) ? parts.flat() : undefined;
  if (expression.name === "AND") return parts.find((ids) => ids !== undefined);
  return undefined;
}

function isRecordId(expression: Expression): boolean {
  return expression.kind === "call" && expression.name === "RECORD_ID";
}

function fieldIdOf(key: string, context: CompileContext): string {
  const id = context.fieldId(key);
  if (id === undefined) throw new FormulaError(`Unknown field names: ${key.toLowerCase()}`);
  return id;
}

function lastModified(args: readonly Expression[], context: CompileContext): Compiled {
  const ids = args.map((arg) => {
    if (arg.kind !== "field") throw new FormulaError("LAST_MODIFIED_TIME takes fields");
    return fieldIdOf(arg.key, context);
  });
  return (record) => new Date(record.modifiedAt(ids));
}

function functionNamed(name: string): Compiler {
  const compiler = functions[name];
  if (!compiler) throw new FormulaError(`Unknown function ${name}`);
  return compiler;
}

function text(value: FormulaValue): string {
  if (value === null) return "";
  if (value instanceof Date) return value.toISOString();
  if (typeof value === "boolean") return value ? "1" : "0";
  return String(value);
}

function number(value: FormulaValue): number {
  if (value instanceof Date) return value.getTime();
  return value === null || value === "" ? 0 : Number(value);
}

function time(value: FormulaValue): number {
  if (value instanceof Date) return value.getTime();
  return typeof value === "string" ? Date.parse(value) : Number.NaN;
}

function equal(a: FormulaValue, b: FormulaValue): boolean {
  if (a === null || b === null || a === "" || b === "")
    return text(a) === text(b) || (isEmptyNumber(a) && isEmptyNumber(b));
  if (a instanceof Date || b instanceof Date) return time(a) === time(b);
  if (typeof a === "string" && typeof b === "string") return a === b;
  if (typeof a === "string" || typeof b === "string") return text(a) === text(b);
  return number(a) === number(b);
}

// Airtable takes a blank and an unchecked box, or 0, as equal only to FALSE() and 0, never to text.
function isEmptyNumber(value: FormulaValue): boolean {
  return value === null || value === false || value === 0;
}

const operators: Readonly<Record<string, (a: FormulaValue, b: FormulaValue) => FormulaValue>> = {
  "=": equal,
  "!=": (a, b) => !equal(a, b),
  "<": (a, b) => number(a) < number(b),
  "<=": (a, b) => number(a) <= number(b),
  ">": (a, b) => number(a) > number(b),
  ">=": (a, b) => number(a) >= number(b),
  "&": (a, b) => text(a) + text(b),
  "+": (a, b) => number(a) + number(b),
  "-": (a, b) => number(a) - number(b),
  "*": (a, b) => number(a) * number(b),
  "/": (a, b) => number(a) / number(b),
};

const unitMs: Readonly<Record<string, number>> = {
  milliseconds: 1,
  seconds: 1_000,
  minutes: 60_000,
  hours: 3_600_000,
  days: 86_400_000,
};

function sameTime(a: FormulaValue, b: FormulaValue, unit: FormulaValue): boolean {
  const sizeMs = unitMs[text(unit).replace(/([^s])$/, "$1s")] ?? 1;
  return Math.floor(time(a) / sizeMs) === Math.floor(time(b) / sizeMs);
}

function parsedDate(value: FormulaValue): FormulaValue {
  const ms = time(value);
  return Number.isNaN(ms) ? null : new Date(ms);
}

const functions: Readonly<Record<string, Compiler>> = {
  RECORD_ID: () => (record) => record.id,
  CREATED_TIME: () => (record) => new Date(record.createdAt),
  BLANK: () => () => null,
  TRUE: () => () => true,
  FALSE: () => () => false,
  NOW: (_, context) => () => new Date(context.now()),
  OR: (args) => (record) => args.some((arg) => isTrue(arg(record))),
  AND: (args) => (record) => args.every((arg) => isTrue(arg(record))),
  NOT: (args) => (record) => !isTrue(first(args, record)),
  IF: (args) => (record) => (isTrue(first(args, record)) ? args[1]?.(record) : args[2]?.(record)) ?? null,
  IS_AFTER: (args) => (record) => time(first(args, record)) > time(second(args, record)),
  IS_BEFORE: (args) => (record) => time(first(args, record)) < time(second(args, record)),
  IS_SAME: (args) => (record) => sameTime(first(args, record), second(args, record), args[2]?.(record) ?? null),
  DATETIME_PARSE: (args) => (record) => parsedDate(first(args, record)),
  LOWER: (args) => (record) => text(first(args, record)).toLowerCase(),
  UPPER: (args) => (record) => text(first(args, record)).toUpperCase(),
  TRIM: (args) => (record) => text(first(args, record)).trim(),
  LEN: (args) => (record) => text(first(args, record)).length,
  FIND: (args) => (record) => text(second(args, record)).indexOf(text(first(args, record))) + 1,
  CONCATENATE: (args) => (record) => args.map((arg) => text(arg(record))).join(""),
};

function first(args: readonly Compiled[], record: FormulaRecord): FormulaValue {
  return args[0]?.(record) ?? null;
}

function second(args: readonly Compiled[], record: FormulaRecord): FormulaValue {
  return args[1]?.(record) ?? null;
}
