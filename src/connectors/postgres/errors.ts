import pg from "pg";
import { type SyncError, SyncFailure } from "../../model/sync-error.ts";

/** Error classes of PostgreSQL that mean: nothing was done, try again. */
const transient = new Set(["40001", "40P01", "55P03", "57014", "53300", "53200", "53100", "57P01", "57P02", "57P03"]);
const unauthorized = new Set(["28000", "28P01", "42501"]);
const schema = new Set(["42P01", "42703", "3F000", "3D000"]);

/** What a failed call means. `sent`: the statement that ends a transaction was on its way, so its outcome is unknown. */
export function syncErrorOf(error: unknown, sent = false): SyncError {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof pg.DatabaseError ? (error.code ?? "") : "";
  if (code === "")
    return sent
      ? { code: "UNKNOWN_OUTCOME", message: `no answer to COMMIT: ${message}` }
      : { code: "UNREACHABLE", message };
  if (transient.has(code) || code.startsWith("08")) return { code: "UNREACHABLE", message };
  if (unauthorized.has(code))
    return { code: "UNAUTHORIZED", message: `${message} (${code}): check the user's rights on this table` };
  if (schema.has(code)) return { code: "SCHEMA", message };
  if (!isRowError(error)) return { code: "UNREACHABLE", message: `${message} (${code})` };
  return rejected(error as pg.DatabaseError);
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

/** True when the server itself refused a row: the transaction can go on without it. */
export function isRowError(error: unknown): boolean {
  return error instanceof pg.DatabaseError && /^(?:22|23|P0|42804)/u.test(error.code ?? "");
}
