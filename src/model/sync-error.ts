import type { CellName, RecordId } from "./record.ts";

/**
 * A failure of the outside world, judged once in `core/retry.ts`.
 * RATE_LIMITED: nothing was done; `retryAfterMs` as the system asked, `null` if it didn't say.
 * UNREACHABLE: nothing was done, surely. UNKNOWN_OUTCOME: the call may have taken effect; look before trying again.
 * REJECTED: the system understood and refuses; `cells` names the cells it objects to, with its words, if it tells. `takenBy`: a value must be unique
 * there, and this other record of the object has it.
 * UNAUTHORIZED: credentials or scopes; a person must act. SCHEMA: a mapped object or cell is not there (any more).
 */
export type SyncError =
  | { readonly code: "RATE_LIMITED"; readonly retryAfterMs: number | null; readonly message: string }
  | { readonly code: "UNREACHABLE"; readonly message: string }
  | { readonly code: "UNKNOWN_OUTCOME"; readonly message: string }
  | {
      readonly code: "REJECTED";
      readonly message: string;
      readonly cells: Readonly<Record<CellName, string>>;
      readonly takenBy?: RecordId;
    }
  | { readonly code: "UNAUTHORIZED"; readonly message: string }
  | { readonly code: "SCHEMA"; readonly message: string };

/** Thrown by connectors where a whole call failed; carries the SyncError. Failures of single records are results instead. */
export class SyncFailure extends Error {
  readonly error: SyncError;
  constructor(error: SyncError) {
    super(error.message);
    this.name = "SyncFailure";
    this.error = error;
  }
}
