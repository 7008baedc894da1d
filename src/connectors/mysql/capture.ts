import type { Pool } from "mysql2";
import type { ChangeFeed } from "../../ports/connector.ts";
import { quotedTable, type Table } from "./catalog.ts";
import { syncErrorOf } from "./errors.ts";
import { endStatement } from "./log-place.ts";
import type { ReadOrder } from "./read.ts";
import type { MappedTable } from "./rows.ts";
import { rowsOf, type Server } from "./session.ts";

/** How changes are learned: from the server's binary log, or by reading the tables again and again. */
export type Capture = "binlog" | "poll";

export type CaptureFeed = Pick<ChangeFeed, "start" | "pull"> & {
  /** How reads are put in order with the changes; `null` where the time of reading orders. */
  order(): ReadOrder;
  /** How writes are. */
  stamp(): ReadOrder;
  close(): Promise<void>;
};

/**
 * The tables that a place follows without a gap, with what each looks like. It is part of the place, so that what was missed is told again should we
 * stop before that is stored.
 */
export type Followed = readonly (readonly [object: string, layout: string])[];

export function following(tables: readonly MappedTable[]): Followed {
  return tables.map(({ object, table }) => [object.object, table.layout]);
}

/** Tables that were not followed up to a place: new to the mapping, or out of reach for a while. */
export function unfollowed(tables: readonly MappedTable[], followed: Followed): readonly MappedTable[] {
  return tables.filter((one) => !followed.some(([object]) => object === one.object.object));
}

export type Choice = {
  readonly capture: Capture;
  /** What stands in the way of the better way, or of the wanted one, each with its remedy. */
  readonly obstacles: readonly string[];
};

/** The wanted way with what stands in its way; for "auto" the log, where nothing does. */
export async function chooseCapture(
  pool: Pool,
  server: Server,
  wanted: Capture | "auto",
  tables: readonly Table[],
): Promise<Choice> {
  if (wanted === "poll") return { capture: "poll", obstacles: [] };
  const obstacles = await binlogObstacles(pool, server, tables);
  return { capture: wanted === "binlog" || obstacles.length === 0 ? "binlog" : "poll", obstacles };
}

async function binlogObstacles(pool: Pool, server: Server, tables: readonly Table[]): Promise<string[]> {
  const [[row] = [], rights = []] = await rowsOf(
    pool,
    `select @@log_bin as log, @@global.binlog_format as format, @@server_id as server, current_user() as user,
       ${server.isMariaDb ? "''" : "@@global.binlog_row_value_options"} as parts`,
    "show grants",
  );
  if (row?.["log"] !== "1")
    return [
      "the binary log is off: set log_bin = mysql-bin, binlog_format = ROW and server_id = 1 in the server's configuration, and restart it",
    ];
  const found: string[] = [];
  if (row["format"] !== "ROW")
    found.push(`binlog_format is ${row["format"]}: SET GLOBAL binlog_format = ROW; and in the server's configuration`);
  if (row["server"] === "0") found.push("server_id is 0: SET GLOBAL server_id = 1; and in the server's configuration");
  if (row["parts"] === "PARTIAL_JSON")
    found.push("the log holds parts of JSON documents only: SET GLOBAL binlog_row_value_options = '';");
  const user = userName(row["user"] ?? "");
  const texts = rights.flatMap((one) => Object.values(one)).join("\n");
  if (!/\b(?:REPLICATION SLAVE|REPLICATION REPLICA|ALL PRIVILEGES ON \*\.\*)/iu.test(texts))
    found.push(`user ${user} may not read the log: GRANT REPLICATION SLAVE ON *.* TO ${user};`);
  const end = await rowsOf(pool, endStatement(server)).catch((error: unknown) => syncErrorOf(error).message);
  if (typeof end === "string") {
    const right = server.isMariaDb ? "BINLOG MONITOR" : "REPLICATION CLIENT";
    found.push(`user ${user} may not ask where the log ends: GRANT ${right} ON *.* TO ${user};`);
  } else found.push(...filtered(end[0]?.[0] ?? {}, tables));
  for (const table of tables) {
    const column = table.key.find(({ base }) => unreadKeys.has(base));
    if (column !== undefined)
      found.push(
        `column ${column.name} of ${quotedTable(table)} is ${column.type}, and can't be read from the log as a key`,
      );
  }
  return found;
}

/** Types whose bytes in the log are not their text's. */
const unreadKeys = new Set(["uuid", "inet4", "inet6", "json"]);

/** A server may leave databases out of its log. */
function filtered(end: Readonly<Record<string, string | null>>, tables: readonly Table[]): string[] {
  const list = (name: string) => (end[name] ?? "").split(",").filter(Boolean);
  const [wanted, ignored] = [list("Binlog_Do_DB"), list("Binlog_Ignore_DB")];
  const schemas = [...new Set(tables.map((table) => table.schema))];
  return schemas
    .filter((schema) => ignored.includes(schema) || (wanted.length > 0 && !wanted.includes(schema)))
    .map(
      (schema) =>
        `database ${schema} is left out of the log: change binlog_do_db or binlog_ignore_db, and restart the server`,
    );
}

/** As a GRANT takes it. */
export function userName(user: string): string {
  const place = user.lastIndexOf("@");
  return `'${user.slice(0, place)}'@'${user.slice(place + 1)}'`;
}
