import { type Column, type EntityKind, isRole, plain, recogniseColumns } from "../core/match/scored/columns.ts";
import type { RawRecord } from "../core/match/scored/record.ts";
import type { Role } from "../model/match-role.ts";
import { TableError } from "../tables/read-table.ts";

/** Which columns hold what, as the caller says: role to column name. */
export type ColumnMap = Readonly<Record<string, string>>;

/**
 * The role of each column: as mapped, by name, or by the sample of rows. Throws TableError for a mapping that names no column or no role, and when
 * nothing is left to compare.
 */
export function columnsOf(
  names: readonly string[],
  sample: readonly (readonly string[])[],
  {
    kind,
    idColumn,
    map,
  }: { readonly kind: EntityKind | null; readonly idColumn: string | null; readonly map: ColumnMap },
): Column[] {
  const given = new Map<string, Role>();
  for (const [role, column] of Object.entries(map)) {
    if (!isRole(role)) throw new TableError(`"${role}" is no field; see the list of fields in docs/matching.md`);
    given.set(columnNamed(names, column), role);
  }
  if (idColumn !== null) given.set(columnNamed(names, idColumn), "id");
  const columns = recogniseColumns(names, (column) => sample.map((row) => row[column] ?? ""), kind, given);
  const ids = columns.filter((column) => column.role === "id");
  const id =
    ids.find((column) => column.name === idColumn) ?? ids.find((column) => plain(column.name) === "recordid") ?? ids[0];
  const single = columns.map((column) =>
    column.role === "id" && column !== id ? { ...column, role: "ignore" as const } : column,
  );
  if (!single.some((column) => identifying.has(column.role))) {
    throw new TableError(
      `no column to match on was recognised among ${names.join(", ")}; say what they hold with --map field=column`,
    );
  }
  return single;
}

const identifying: ReadonlySet<Role> = new Set([
  "given",
  "family",
  "full-name",
  "organisation",
  "title",
  "email",
  "phone",
]);

function columnNamed(names: readonly string[], wanted: string): string {
  const found = names.find((name) => name === wanted) ?? names.find((name) => plain(name) === plain(wanted));
  if (found === undefined) throw new TableError(`there is no column "${wanted}"; there are ${names.join(", ")}`);
  return found;
}

const isCoordinate = /^(?:latitude|longitude|lat|lon|lng|long)$/;

/** A coordinate to about a kilometre: two sources never measure one place alike. */
function placeOf(text: string): string {
  const degrees = Number(text.replace(",", "."));
  return text.trim() === "" || Number.isNaN(degrees) ? text : degrees.toFixed(2);
}

/** A row's values by role. */
export function rawRecordOf(columns: readonly Column[], row: readonly string[]): RawRecord {
  const raw: Partial<Record<Role, string[]>> = {};
  columns.forEach(({ name, role }, i) => {
    if (role === "ignore" || role === "id") return;
    const values = raw[role] ?? [];
    raw[role] = values;
    values.push(isCoordinate.test(plain(name)) ? placeOf(row[i] ?? "") : (row[i] ?? ""));
  });
  return raw;
}
