import type { Pool } from "mysql2";
import type { FieldType } from "../../model/field-type.ts";
import type { MappedCell, MappedObject, SchemaProblem } from "../../ports/connector.ts";
import { type Choice, userName } from "./capture.ts";
import { type Column, isBoolean, isNumber, isText, qualified, quoted, quotedTable, type Table } from "./catalog.ts";
import { isAtLeast, rowsOf, type Server } from "./session.ts";
import { keysTable, keysTableSql, usesKeys } from "./setup.ts";

/** What the mapping asks of the server and its tables and they can't do, or this user may not. */
export async function tableProblems(
  pool: Pool,
  server: Server,
  database: string,
  objects: readonly MappedObject[],
  tables: ReadonlyMap<string, Table>,
): Promise<SchemaProblem[]> {
  const [[row] = [], rights = []] = await rowsOf(pool, "select current_user() as user", "show grants");
  const user = userName(row?.["user"] ?? "");
  const found: SchemaProblem[] = [];
  if (!isKept(server)) {
    const message = `the server is version ${server.version}; Truce needs MySQL 8.0 or MariaDB 10.6, or newer`;
    found.push({ object: "", cell: null, severity: "error", message });
  }
  const grants = rights.flatMap((one) => Object.values(one)).join("\n");
  const makes =
    (await usesKeys(pool, database)) || mayCreate(grants, database)
      ? null
      : `user ${user} may not make the table ${database}.${keysTable}, which keeps creates from doubling: ${keysTableSql(database)}; GRANT SELECT, INSERT, UPDATE, DELETE ON ${quoted(database)}.${keysTable} TO ${user};`;
  for (const object of objects) {
    found.push(...objectProblems(object, tables.get(qualified(object.object, database)), user));
    if (object.create && makes !== null)
      found.push({ object: object.object, cell: null, severity: "error", message: makes });
  }
  return found;
}

function isKept(server: Server): boolean {
  return server.isMariaDb ? isAtLeast(server, 10, 6) : isAtLeast(server, 8, 0);
}

function mayCreate(grants: string, database: string): boolean {
  const places = ["*.*", `${quoted(database)}.*`].map((place) => place.replaceAll("*", "\\*").replaceAll(".", "\\."));
  return new RegExp(`GRANT [^\\n]*\\b(?:ALL PRIVILEGES|CREATE)\\b[^\\n]* ON (?:${places.join("|")})`, "iu").test(
    grants,
  );
}

/** How changes are learned, where that is not the best way or does not work. */
export function captureProblems({ obstacles }: Choice, wanted: string): SchemaProblem[] {
  return obstacles.map((obstacle) => ({
    object: "",
    cell: null,
    severity: wanted === "binlog" ? "error" : "warning",
    message:
      wanted === "binlog"
        ? `capture: binlog does not work: ${obstacle}`
        : `changes are asked for, and deletes are found by sweeps only, because ${obstacle}`,
  }));
}

/** What the log does not tell of a table. */
export function logProblems(objects: readonly MappedObject[], tables: ReadonlyMap<string, Table>, database: string) {
  return objects.flatMap((object): SchemaProblem[] => {
    const cascades = tables.get(qualified(object.object, database))?.cascades ?? [];
    if (cascades.length === 0) return [];
    const message = `what the server changes by itself for foreign key ${cascades.join(", ")} (ON DELETE or ON UPDATE) is not in its log: sweeps find it`;
    return [{ object: object.object, cell: null, severity: "warning", message }];
  });
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
  const name = quotedTable(table);
  const isWritten = object.create || object.cells.some(({ direction }) => direction !== "read");
  if (isWritten && table.engine !== "InnoDB")
    problems.push(
      problem(
        null,
        "error",
        `the table's engine is ${table.engine}, which can't hold a row while it is compared and written: ALTER TABLE ${name} ENGINE = InnoDB;`,
      ),
    );
  if (table.key.length === 0)
    problems.push(
      problem(
        null,
        "error",
        `the table has no primary key; Truce names rows by it: ALTER TABLE ${name} ADD COLUMN id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY;`,
      ),
    );
  for (const mapped of object.cells)
    problems.push(...checkCell(mapped, table).map(([severity, message]) => problem(mapped.cell, severity, message)));
  for (const [cell, right] of missingRights(object, table))
    problems.push(
      problem(
        cell,
        "error",
        `user ${user} may not ${right} this column: GRANT ${right} (${quoted(cell)}) ON ${name} TO ${user};`,
      ),
    );
  if (object.create)
    problems.push(...unfilled(object, table).map(([cell, message]) => problem(cell, "error", message)));
  return problems;
}

/** Columns that a new row needs and nobody gives. */
function unfilled(object: MappedObject, table: Table): [string, string][] {
  const given = new Set(object.cells.filter((one) => one.direction !== "read").map((one) => one.cell));
  return table.columns.flatMap((column): [string, string][] => {
    if (given.has(column.name) || column.readOnly || column.autoIncrement) return [];
    if (column.key > 0)
      return [
        [
          column.name,
          "the column is part of the key, counts not by itself and is not mapped, so a new row could not be named: map it, make it AUTO_INCREMENT, or set create: false",
        ],
      ];
    if (!column.notNull || column.hasDefault) return [];
    return [
      [
        column.name,
        "the column must not be null, has no default and is not mapped, so no row can be created: map it, give it a default, or set create: false",
      ],
    ];
  });
}

function missingRights({ create, cells }: MappedObject, table: Table): [string, string][] {
  const needed = cells.map(({ cell, direction }) => ({ cell, isWritten: direction !== "read" }));
  for (const { name } of table.key)
    if (needed.every(({ cell }) => cell !== name)) needed.push({ cell: name, isWritten: false });
  return needed.flatMap(({ cell, isWritten }): [string, string][] => {
    const column = table.columns.find((one) => one.name === cell);
    if (column === undefined || column.readOnly) return [];
    const missing: [string, string][] = [];
    if (!column.rights.select) missing.push([cell, "SELECT"]);
    if (isWritten && !column.rights.update) missing.push([cell, "UPDATE"]);
    if (isWritten && create && !column.rights.insert) missing.push([cell, "INSERT"]);
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
  if (direction !== "read" && column.base === "timestamp" && /^date/u.test(type.kind))
    found.push(["warning", "a TIMESTAMP holds years from 1970 to 2038 only; others are refused"]);
  return found;
}

function fits(type: FieldType, column: Column): boolean {
  const { base } = column;
  if (isText(column)) return true;
  switch (type.kind) {
    case "number":
    case "money":
      return isNumber(column);
    case "boolean":
      return isBoolean(column) || base === "bit" || base === "tinyint";
    case "date":
      return base === "date" || base === "datetime" || base === "timestamp";
    case "datetime":
      return base === "datetime" || base === "timestamp";
    case "choice":
      return base === "enum" || isNumber(column);
    case "set":
      return base === "set" || base === "json";
    case "text":
    case "reference":
      return !/^(?:date|datetime|timestamp|bit)$/u.test(base);
    default:
      return false;
  }
}
