import type { Value } from "./database.ts";

/** Conditions of a query, joined by "and"; those on something undefined are left out. In a condition "?" stands for its value. */
export type Where = {
  equals(column: string, value: Value | undefined): void;
  holds(condition: string, value: Value | undefined): void;
  /** The place of a further value. */
  add(value: Value): string;
  sql(): string;
  readonly values: readonly Value[];
};

export function newWhere(): Where {
  const conditions: string[] = [];
  const values: Value[] = [];
  const add = (value: Value) => `$${values.push(value)}`;
  const holds = (condition: string, value: Value | undefined) => {
    if (value !== undefined) conditions.push(condition.replace("?", add(value)));
  };
  return {
    equals: (column, value) => holds(`${column} = ?`, value),
    holds,
    add,
    sql: () => (conditions.length === 0 ? "" : `where ${conditions.join(" and ")}`),
    values,
  };
}
