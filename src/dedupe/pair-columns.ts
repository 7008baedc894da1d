import { TableError } from "../tables/read-table.ts";

/** Where the two sides of a pair stand in a row: for each field the column of either side. */
export type PairColumns = {
  readonly fields: readonly { readonly name: string; readonly a: number; readonly b: number }[];
  /** The column that names the pair, or -1. */
  readonly id: number;
  /** The column that says what the pair is about (person, company), or -1. */
  readonly kind: number;
  /** The column with the right answer, where there is one, or -1. Matching never looks at it. */
  readonly answer: number;
};

const sides: readonly (readonly [string, string])[] = [
  ["a", "b"],
  ["left", "right"],
  ["l", "r"],
  ["1", "2"],
  ["x", "y"],
];

/**
 * Finds the two sides of a table of pairs: a_name and b_name, name_a and name_b, left_name and right_name, name1 and name2. Throws
 * TableError when no field stands on both sides.
 */
export function pairColumns(columns: readonly string[]): PairColumns {
  for (const [a, b] of sides) {
    const fields = fieldsOf(columns, a, b);
    if (fields.length > 0)
      return {
        fields,
        id: named(columns, ["id", "pair_id", "pairid"]),
        kind: kindColumn(columns),
        answer: named(columns, ["answer", "label", "match", "is_match"]),
      };
  }
  throw new TableError(
    `no column stands for both sides, such as a_name and b_name, or name_a and name_b; there are ${columns.join(", ")}`,
  );
}

function fieldsOf(columns: readonly string[], a: string, b: string): PairColumns["fields"][number][] {
  const split = (column: string, side: string): string | null => {
    const lower = column.toLowerCase();
    for (const gap of ["_", " ", ".", "-"]) {
      if (lower.startsWith(side + gap)) return lower.slice(side.length + 1);
      if (lower.endsWith(gap + side)) return lower.slice(0, -side.length - 1);
    }
    return /\d/.test(side) && lower.endsWith(side) && lower.length > 1 ? lower.slice(0, -1) : null;
  };
  const fields: PairColumns["fields"][number][] = [];
  columns.forEach((column, i) => {
    const name = split(column, a);
    if (name === null) return;
    const j = columns.findIndex((other) => split(other, b) === name);
    if (j >= 0) fields.push({ name, a: i, b: j });
  });
  return fields;
}

const named = (columns: readonly string[], names: readonly string[]) =>
  columns.findIndex((column) => names.includes(column.toLowerCase()));
const kindColumn = (columns: readonly string[]) =>
  named(columns, ["record_type", "schema", "entity_type", "type", "kind"]);
