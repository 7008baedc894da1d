import type { CellName } from "../../model/record.ts";
import type { WriteResult } from "../../ports/connector.ts";
import type { Table } from "./catalog.ts";
import { syncErrorOf } from "./errors.ts";
import type { Create, Delete, Update } from "./write-session.ts";

/** What the server said to a row, with the cells that it objects to as far as that can be told. */
export function refusal(table: Table, request: Update | Create | Delete, error: unknown): WriteResult {
  const judged = syncErrorOf(error);
  if (judged.code !== "REJECTED" || request.kind === "delete") return { kind: "failed", error: judged };
  const given = Object.keys(request.patch);
  const named = namedCells(table, judged.message).filter((cell) => given.includes(cell));
  const cells = Object.fromEntries(named.map((cell): [CellName, string] => [cell, judged.message]));
  return { kind: "failed", error: { ...judged, cells: { ...cells, ...judged.cells } } };
}

/** The server names the column of a value that does not fit, the index of one that is taken, and the columns of a foreign key. */
function namedCells({ columns, uniques, name }: Table, message: string): readonly CellName[] {
  const column = /(?:column|field) '([^']+)'/iu.exec(message)?.[1];
  if (column !== undefined) return [column];
  // "Incorrect integer value: 'x' for column `app`.`people`.`age` at row 1"
  const path = /column `[^`]*`\.`[^`]*`\.`([^`]+)`/iu.exec(message)?.[1];
  if (path !== undefined) return [path];
  const index = /for key '(?:.*\.)?([^']+)'$/iu.exec(message)?.[1];
  if (index !== undefined) return uniques.get(index) ?? [];
  const foreign = /foreign key \(([^)]*)\)/iu.exec(message)?.[1];
  if (foreign !== undefined) return [...foreign.matchAll(/`([^`]+)`/gu)].map(([, one = ""]) => one);
  // MariaDB names the check of a column by the column: "CONSTRAINT `people.age` failed".
  const check = /constraint `([^`]+)`/iu.exec(message)?.[1]?.replace(`${name}.`, "");
  return columns.some((one) => one.name === check) ? [check ?? ""] : [];
}
