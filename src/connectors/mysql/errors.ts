import { type SyncError, SyncFailure } from "../../model/sync-error.ts";

/** An error that the server told; others are of the line. */
type ServerError = Error & { readonly errno: number; readonly sqlState: string };

/** What the server says about itself, the session or the statement as a whole; all other errors are about a row. */
const aboutServer = /^(?:08|0A|25|26|28|2D|34|3B|3D|3F|40|42|53|55|57|58|70|HY|XA)/u;
/** Errors about a row in the general class HY000: no default, wrong value for its column, CHECK, SIGNAL's default, cut off, FULLTEXT and views. */
const aboutRow = new Set([1265, 1292, 1364, 1366, 1369, 1411, 1441, 1526, 1644, 1690, 1748, 3140, 3819, 3903, 4025]);
const deadlock = 1213;
const lockTimeout = 1205;
/** Locks that are not waited for, by NOWAIT or a server that is told not to. */
const lockNotAvailable = 3572;
const unknownUser = new Set([1044, 1045, 1698]);
const missingRight = new Set([1142, 1143, 1227, 1370]);
const schema = new Set([1049, 1051, 1054, 1146]);
/** The place in the log that was asked for is not there (any more). */
const lostPlace = 1236;

function isServerError(error: unknown): error is ServerError {
  return error instanceof Error && "sqlState" in error && "errno" in error && typeof error.errno === "number";
}

function numberOf(error: unknown): number {
  return isServerError(error) ? error.errno : 0;
}

/** What a failed call means. `sent`: the statement that ends a transaction was on its way, so its outcome may be unknown. */
export function syncErrorOf(error: unknown, sent = false): SyncError {
  if (error instanceof SyncFailure) return error.error;
  const message = wordsOf(error);
  const errno = numberOf(error);
  if (isRowError(error)) return { code: "REJECTED", message, cells: {} };
  if (sent) return { code: "UNKNOWN_OUTCOME", message: `no answer to COMMIT: ${message}` };
  if (unknownUser.has(errno))
    return { code: "UNAUTHORIZED", message: `${message}: check user, password and host of the url` };
  if (missingRight.has(errno))
    return { code: "UNAUTHORIZED", message: `${message}: the check names the GRANT that is missing` };
  if (schema.has(errno)) return { code: "SCHEMA", message };
  return { code: "UNREACHABLE", message };
}

function wordsOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(wordsOf).join("; ");
  return error instanceof Error ? error.message || String((error as { code?: unknown }).code) : String(error);
}

export function failureOf(error: unknown, sent = false): SyncFailure {
  return error instanceof SyncFailure ? error : new SyncFailure(syncErrorOf(error, sent));
}

export function isUniqueViolation(error: unknown): boolean {
  return [1022, 1062, 1169, 1586].includes(numberOf(error));
}

/** True when the server refused a row, by itself or by a trigger of theirs with any state: the transaction goes on without it. */
export function isRowError(error: unknown): boolean {
  if (error instanceof SyncFailure) return error.error.code === "REJECTED";
  if (!isServerError(error) || isHeld(error) || isContended(error)) return false;
  return aboutRow.has(error.errno) || !aboutServer.test(error.sqlState);
}

/** True after an error that leaves the connection fit for use. */
export function isAnswered(error: unknown): boolean {
  return error instanceof SyncFailure || (isServerError(error) && !error.sqlState.startsWith("08") && !isFatal(error));
}

function isFatal(error: Error): boolean {
  return "fatal" in error && error.fatal === true;
}

/** True when others got in the way of a transaction, which is undone and may simply be tried again. */
export function isContended(error: unknown): boolean {
  return numberOf(error) === deadlock;
}

/** True when a row or table was held by another session for longer than we wait. */
export function isHeld(error: unknown): boolean {
  return [lockTimeout, lockNotAvailable].includes(numberOf(error));
}

export function isLostPlace(error: unknown): boolean {
  return numberOf(error) === lostPlace;
}
