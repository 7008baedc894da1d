import pg from "pg";
import { type SyncError, SyncFailure } from "../../model/sync-error.ts";

/** What the server says about itself, the session or the statement as a whole; all other codes are about a row. */
const aboutServer = /^(?:08|0A|25|26|28|2D|34|3B|3D|3F|40|42|53|55|57|58|F0|XX)/u;
/** A deadlock, two writers of one row, a lock that was not to be had: the transaction was surely undone, and may be tried again. */
const contended = new Set(["40001", "40P01", "55P03"]);
const unknownUser = new Set(["28000", "28P01"]);
const schema = new Set(["42P01", "42703", "3F000", "3D000"]);

/** What a failed call means. `sent`: the statement that ends a transaction was on its way, so its outcome may be unknown. */
export function syncErrorOf(error: unknown, sent = false): SyncError {
  if (error instanceof SyncFailure) return error.error;
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof pg.DatabaseError ? (error.code ?? "") : "";
  if (isRowError(error)) return rejected(error as pg.DatabaseError);
  // A server that goes down while it commits may have committed.
  if (sent) return { code: "UNKNOWN_OUTCOME", message: `no answer to COMMIT: ${message}` };
  if (unknownUser.has(code))
    return {
      code: "UNAUTHORIZED",
      message: `${message} (${code}): check user and password of the url, and pg_hba.conf`,
    };
  if (code === "42501")
    return { code: "UNAUTHORIZED", message: `${message} (${code}): the check names the GRANT that is missing` };
  if (schema.has(code)) return { code: "SCHEMA", message };
  return { code: "UNREACHABLE", message: code === "" ? message : `${message} (${code})` };
}

function rejected(error: pg.DatabaseError): SyncError {
  const cells = error.column === undefined ? {} : { [error.column]: error.message };
  return { code: "REJECTED", message: [error.message, error.detail].filter(Boolean).join(": "), cells };
}

export function failureOf(error: unknown, sent = false): SyncFailure {
  return error instanceof SyncFailure ? error : new SyncFailure(syncErrorOf(error, sent));
}

export function isUniqueViolation(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === "23505";
}

/** True when the server refused a row, by itself or by a trigger of theirs with any code: the transaction can go on without it. */
export function isRowError(error: unknown): boolean {
  if (error instanceof SyncFailure) return error.error.code === "REJECTED";
  if (!(error instanceof pg.DatabaseError) || error.code === undefined) return false;
  // Row-level security shares its code with missing rights.
  if (error.code === "42501") return error.message.includes("row-level security");
  return error.code === "42804" || !aboutServer.test(error.code);
}

/** True after an error that leaves the connection fit for use. */
export function isAnswered(error: unknown): boolean {
  if (error instanceof SyncFailure) return true;
  return error instanceof pg.DatabaseError && !/^(?:08|57P)/u.test(error.code ?? "");
}

/** True when others got in the way of a transaction that may simply be tried again. */
export function isContended(error: unknown): boolean {
  return error instanceof pg.DatabaseError && contended.has(error.code ?? "");
}

/** True when a row or table was held by another session for longer than we wait. */
export function isLockTimeout(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === "55P03";
}
