import type { Value } from "./database.ts";

/** Conditions of a query, joined by "and"; those on something undefined are left out. */
export type Where = {
  equals(column: string, value: Value | undefined): void;
  holds(condition: string, value: Value | undefined): void;
  sql(): string;
  readonly values: readonly Value[];
};

export function newWhere(): Where {
  const conditions: string[] = [];
  const values: Value[] = [];
  const holds = (condition: string, value: Value | undefined) => {
    if (value === undefined) return;
    conditions.push(condition);
    values.push(value);
  };
  return {
    equals: (column, value) => holds(`${column} = ?`, value),
    holds,
    sql: () => (conditions.length === 0 ? "" : `where ${conditions.join(" and ")}`),
    values,
  };
}
