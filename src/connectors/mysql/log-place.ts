import { createHash } from "node:crypto";
import type { Revision } from "../../model/observation.ts";
import type { Table } from "./catalog.ts";
import { isAtLeast, rowsOf, type Server, type Session } from "./session.ts";

/** A place in a server's binary log, between two transactions. */
export type LogPlace = { readonly file: string; readonly position: number };

/** The log's end, and which transactions are before it: a GTID position of MariaDB, a GTID set of MySQL; "" where the server has none. */
export type LogEnd = LogPlace & { readonly gtid: string };

/** The statement that tells the log's end; its name changed. */
export function endStatement(server: Server): string {
  return !server.isMariaDb && isAtLeast(server, 8, 2) ? "show binary log status" : "show master status";
}

export async function readLogEnd(session: Session, server: Server): Promise<LogEnd> {
  const [[row] = []] = await rowsOf(session, endStatement(server));
  const place = { file: row?.["File"] ?? "", position: Number(row?.["Position"] ?? 0) };
  const gtid = server.isMariaDb
    ? await gtidAt(session, place)
    : (row?.["Executed_Gtid_Set"] ?? "").replaceAll(/\s/gu, "");
  return { ...place, gtid: gtid ?? "" };
}

/** MariaDB: the GTID position of a place; `null` when its log has no such place. */
export async function gtidAt(session: Session, { file, position }: LogPlace): Promise<string | null> {
  // The file's name comes from the server.
  const name = file.replaceAll(/[^\w.-]/gu, "");
  const [[row] = []] = await rowsOf(session, `select binlog_gtid_pos('${name}', ${position}) as gtid`);
  return row?.["gtid"] ?? null;
}

export function isBefore(a: LogPlace, b: LogPlace): boolean {
  const [one, other] = [fileNumber(a.file), fileNumber(b.file)];
  return one === other ? a.position < b.position : one < other;
}

/** Files are numbered: mysql-bin.000042. */
function fileNumber(file: string): number {
  return Number(/\.(\d+)$/u.exec(file)?.[1] ?? 0);
}

/**
 * The order of a row's versions: `epoch` grows whenever the log begins anew for us (another server, a gap), so that its numbers never fall.
 * `first`: how many changes of the same transaction come before.
 */
export function revisionAt(epoch: number, { file, position }: LogPlace, first = 0): Revision {
  const parts = [pad(epoch, 15), pad(fileNumber(file), 10), pad(position, 12)];
  return [...parts, ...(first === 0 ? [] : [pad(first, 12)])].join(".");
}

function pad(number: number, digits: number): string {
  return number.toString().padStart(digits, "0");
}

/** A lock's name, shared by all who write a table or read it in order with the log. Names are server-wide and at most 64 characters long. */
export function lockName({ schema, name }: Table): string {
  return `truce:${createHash("sha256").update(`${schema}.${name}`).digest("hex").slice(0, 40)}`;
}
