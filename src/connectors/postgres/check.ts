import type pg from "pg";
import type { FieldType } from "../../model/field-type.ts";
import type { MappedCell, MappedObject, SchemaProblem } from "../../ports/connector.ts";
import type { Choice } from "./capture.ts";
import { type Column, qualified, quoted, quotedTable, type Table } from "./catalog.ts";
import { usesOwnTables } from "./setup.ts";

/** What the mapping asks of the tables and they can't do, or this user may not. */
export async function tableProblems(
  pool: pg.Pool,
  objects: readonly MappedObject[],
  tables: ReadonlyMap<string, Table>,
): Promise<SchemaProblem[]> {
  const { rows } = await pool.query<{ user: string; database: string; keys: "foreign" | "makes" | "cannot" }>(
    `select quote_ident(current_user) as user, quote_ident(current_database()) as database,
      case when exists (select 1 from pg_class c join pg_namespace n on n.oid = c.relnamespace
          where n.nspname = 'truce' and c.relname = 'created' and not pg_has_role(c.relowner, 'USAGE')) then 'foreign'
        when has_database_privilege(current_database(), 'CREATE')
          or coalesce((select has_schema_privilege(oid, 'CREATE') from pg_namespace where nspname = 'truce'), false) then 'makes'
        else 'cannot' end as keys`,
  );
  const { user = "", database = "", keys = "cannot" } = rows[0] ?? {};
  const message =
    keys === "cannot"
      ? `user ${user} may not make the schema truce, which keeps creates from doubling: GRANT CREATE ON DATABASE ${database} TO ${user};`
      : keys === "foreign" && !(await usesOwnTables(pool))
        ? `user ${user} may not use truce.created, which keeps creates from doubling and is another user's: GRANT USAGE ON SCHEMA truce TO ${user}; GRANT SELECT, INSERT, UPDATE ON truce.created TO ${user};`
        : null;
  return objects.flatMap((object) => {
    const problems = objectProblems(object, tables.get(qualified(object.object)), user);
    if (!object.create || message === null) return problems;
    return [...problems, { object: object.object, cell: null, severity: "error" as const, message }];
  });
}

/** How changes are learned, where that is not the best way or does not work. */
export function captureProblems(choice: Choice, wanted: string): SchemaProblem[] {
  const { capture, obstacles } = choice;
  const problem = (severity: SchemaProblem["severity"], message: string): SchemaProblem => {
    return { object: "", cell: null, severity, message };
  };
  if (wanted === "replication" || wanted === "triggers")
    return obstacles.map((obstacle) => problem("error", `capture: ${wanted} does not work: ${obstacle}`));
  if (wanted === "poll" || obstacles.length === 0) return [];
  const way =
    capture === "triggers"
      ? "changes are learned by triggers, which make each write of the tables a little slower"
      : "changes are asked for, and deletes are found by sweeps only";
  return obstacles.map((obstacle) => problem("warning", `${way}, because ${obstacle}`));
}

function objectProblems(object: MappedObject, table: Table | undefined, user: string): SchemaProblem[] {
  const problem = (cell: string | null, severity: SchemaProblem["severity"], message: string): SchemaProblem => ({
    object: object.object,
    cell,
    severity,
    message,
  });
  if (table === undefined) return [problem(null, "error", "there is no such table, or this user may not see it")];
  const problems: SchemaProblem[] = [];
  for (const right of missingRights(object, table))
    problems.push(
      problem(null, "error", `user ${user} may not ${right}: GRANT ${right} ON ${quotedTable(table)} TO ${user};`),
    );
  if (table.secured)
    problems.push(
      problem(
        null,
        "warning",
        `row-level security may hide rows from user ${user}, and a row that is hidden looks deleted to a sweep: ALTER ROLE ${user} BYPASSRLS; or a policy that lets ${user} see all`,
      ),
    );
  if (table.key.length === 0)
    problems.push(problem(null, "error", "the table has no primary key: add one; Truce names rows by it"));
  for (const mapped of object.cells)
    problems.push(...checkCell(mapped, table).map(([severity, message]) => problem(mapped.cell, severity, message)));
  for (const [cell, right] of missingColumnRights(object, table)) {
    const remedy = `GRANT ${right} (${quoted(cell)}) ON ${quotedTable(table)} TO ${user};`;
    problems.push(problem(cell, "error", `user ${user} may not ${right} this column: ${remedy}`));
  }
  if (object.create) {
    const given = new Set(object.cells.filter((one) => one.direction !== "read").map((one) => one.cell));
    for (const column of table.columns) {
      if (!column.notNull || column.hasDefault || column.readOnly || given.has(column.name)) continue;
      problems.push(
        problem(
          column.name,
          "error",
          "the column must not be null, has no default and is not mapped, so no row can be created: map it, give it a default, or set create: false",
        ),
      );
    }
  }
  return problems;
}

function missingRights({ create, cells }: MappedObject, { rights }: Table): string[] {
  const isWritten = cells.some(({ direction }) => direction !== "read");
  return [
    ...(rights.select ? [] : ["SELECT"]),
    ...(rights.insert || !create ? [] : ["INSERT"]),
    ...(rights.update || !isWritten ? [] : ["UPDATE"]),
  ];
}

/** Rights on single columns, where the user has that right on some of the table's. */
function missingColumnRights({ create, cells }: MappedObject, table: Table): [string, string][] {
  const needed = cells.map(({ cell, direction }) => ({ cell, isWritten: direction !== "read" }));
  for (const { name } of table.key)
    if (needed.every(({ cell }) => cell !== name)) needed.push({ cell: name, isWritten: false });
  return needed.flatMap(({ cell, isWritten }): [string, string][] => {
    const column = table.columns.find((one) => one.name === cell);
    if (column === undefined) return [];
    const missing: [string, string][] = [];
    if (table.rights.select && !column.rights.select) missing.push([cell, "SELECT"]);
    if (isWritten && table.rights.update && !column.rights.update) missing.push([cell, "UPDATE"]);
    if (isWritten && create && table.rights.insert && !column.rights.insert) missing.push([cell, "INSERT"]);
    return missing;
  });
}

function checkCell({ cell, direction, type }: MappedCell, table: Table): [SchemaProblem["severity"], string][] {
  const column = table.columns.find((one) => one.name === cell);
  if (column === undefined)
    return [["error", `the table has no such column; it has ${table.columns.map((one) => one.name).join(", ")}`]];
  const found: [SchemaProblem["severity"], string][] = [];
  if (column.readOnly && direction !== "read")
    found.push(["error", "the column is generated and can't be written: set direction: read"]);
  if (!fits(type, column)) found.push(["error", `the column is ${column.type}, which does not hold a ${type.kind}`]);
  return found;
}

const numbers = new Set(["int2", "int4", "int8", "float4", "float8", "numeric"]);
const texts = new Set(["text", "varchar", "bpchar", "citext", "name", "uuid"]);

function fits(type: FieldType, column: Column): boolean {
  const { base } = column;
  if (texts.has(base) && base !== "uuid") return true;
  switch (type.kind) {
    case "number":
    case "money":
      return numbers.has(base);
    case "boolean":
      return base === "bool";
    case "date":
      return base === "date" || base.startsWith("timestamp");
    case "datetime":
      return base.startsWith("timestamp");
    case "choice":
      return base === "enum" || numbers.has(base);
    case "set":
      return base.startsWith("_") || base.startsWith("json");
    case "reference":
      if (type.many === true) return base.startsWith("_") || base.startsWith("json");
      return base === "uuid" || numbers.has(base) || base === "enum";
    case "text":
      return base === "uuid" || numbers.has(base) || base === "enum" || base.startsWith("json");
    default:
      return false;
  }
}
