import type { FieldType } from "../model/field-type.ts";
import type { FieldName } from "../model/golden.ts";
import type { CoveredCell, RawObservation, RawUpsert, Revision } from "../model/observation.ts";
import type { CellName, ObjectName, RecordId, SystemId } from "../model/record.ts";
import type { SyncError } from "../model/sync-error.ts";
import type { Instant } from "../model/time.ts";
import type { FieldValue, RawValue } from "../model/value.ts";
import type { Limiter } from "./limiter.ts";

/** The cells of one object that the config maps. All calls are about these and no others. */
export type MappedObject = {
  readonly object: ObjectName;
  readonly cells: readonly MappedCell[];
  readonly create: boolean;
};

/**
 * A cell of type `reference` holds the id of another record of the same system, as it stands there (a lookup, a foreign key, a linked record),
 * or with `many` a list of ids in any order. Truce translates ids to golden records and back; a connector reads and writes them like any other value.
 */
export type MappedCell = {
  readonly cell: CellName;
  readonly field: FieldName;
  readonly type: FieldType;
  readonly direction: "both" | "read" | "write";
  /** References only: the object whose records it points to. */
  readonly target?: ObjectName;
};

/** An object (table, object type) as the system describes it. */
export type ObjectSchema = {
  readonly object: ObjectName;
  readonly label: string;
  readonly cells: readonly CellSchema[];
};

export type CellSchema = {
  readonly cell: CellName;
  readonly label: string;
  /** The system's own type name, for messages. */
  readonly nativeType: string;
  /** The field type that fits it best. */
  readonly type: FieldType;
  readonly readOnly: boolean;
  /** Unique in the system, enforced by it. */
  readonly unique: boolean;
};

/** Something in the mapping that the system can't do, with the remedy. */
export type SchemaProblem = {
  readonly object: ObjectName;
  readonly cell: CellName | null;
  readonly severity: "error" | "warning";
  readonly message: string;
  /** Something is missing that a check with `prepare` would make, as every start of `truce run` does. */
  readonly preparable?: true;
};

export type ReadResult =
  /** `observation.ref.id` may differ from `id`: the record was merged into that one. */
  | { readonly id: RecordId; readonly kind: "found"; readonly observation: RawUpsert }
  | { readonly id: RecordId; readonly kind: "missing" };

export type ScanPage = {
  readonly observations: readonly RawUpsert[];
  /** Where to go on after a stop; `null` on the last page: the scan has provably seen all. */
  readonly cursor: string | null;
  /** Number of records in the object, if the system tells; for progress. */
  readonly total: number | null;
};

export type ChangeBatch = {
  readonly observations: readonly RawObservation[];
  /** The place after this batch. The engine stores batch and cursor together, then pulls from it: that pull acknowledges. */
  readonly cursor: string;
  /** True when nothing more is waiting now. */
  readonly caughtUp: boolean;
  /** Objects whose feed has lost its place (slot gone, webhook expired): they need a full sweep, from which no deletes are inferred without a direct read. */
  readonly lost: readonly ObjectName[];
};

/** How a system's changes are learned. */
export type ChangeFeed = {
  /** stream: `pull` waits for news. poll: `pull` asks once; the engine calls it every `intervalMs`, and at once after a webhook. */
  readonly kind: "stream" | "poll";
  readonly intervalMs: number;
  /** The present place: every change after it will be seen by pulling from it. Called once, before the first scan. */
  start(objects: readonly MappedObject[]): Promise<string>;
  /** Waits up to `waitMs` (stream) for changes after `cursor`; an empty batch is fine. Everything up to `cursor` is durable at Truce. */
  pull(request: {
    readonly objects: readonly MappedObject[];
    readonly cursor: string;
    readonly waitMs: number;
    readonly signal: AbortSignal;
  }): Promise<ChangeBatch>;
};

/**
 * One write, composed from the golden record as it is now. `base` holds, for each cell of `patch`, what the record is expected
 * to hold; a cell absent from it was never seen, and no expectation is made. Cells are in the system's own form (see `encode`).
 */
export type WriteRequest =
  | {
      readonly kind: "update";
      readonly attemptId: string;
      readonly id: RecordId;
      readonly patch: Readonly<Record<CellName, RawValue>>;
      readonly base: Readonly<Record<CellName, RawValue>>;
      readonly revision: Revision | null;
    }
  | {
      readonly kind: "create";
      readonly attemptId: string;
      /** The golden record's id: the idempotency key. A second create with the same key must find the first one's record. */
      readonly key: string;
      readonly patch: Readonly<Record<CellName, RawValue>>;
      /** Identity cells (e-mail ...), strongest first, by which an existing record may be found. */
      readonly identity: readonly CellName[];
      /** True when an earlier create of this key may have taken effect. */
      readonly lookFirst: boolean;
    }
  | {
      readonly kind: "delete";
      readonly attemptId: string;
      readonly id: RecordId;
      /** The record is not to be deleted but to be merged into this one, whose id is answered. Asked only of systems for which the config says that they merge. */
      readonly into?: RecordId;
      readonly base: Readonly<Record<CellName, RawValue>>;
      readonly revision: Revision | null;
    };

export type WriteResult =
  /** It is done. `cells`: mapped cells as the system holds them now, as far as it said (at least the written ones). */
  | {
      readonly kind: "written";
      readonly id: RecordId;
      readonly cells: Readonly<Record<CellName, RawValue>>;
      /** True when `cells` holds every mapped cell. */
      readonly complete: boolean;
      readonly revision: Revision | null;
      /** When the answer came; readings begun before it may be older than the write. */
      readonly observedAt: Instant;
      readonly covered: Readonly<Record<CellName, readonly CoveredCell[]>>;
      /** Create only: false when the record was already there by its key. */
      readonly created: boolean;
    }
  /** The record does not hold what was expected: nothing was written; this is what it holds. */
  | { readonly kind: "changed"; readonly observation: RawUpsert }
  /** The record is not there (any more): nothing was written. A delete of a missing record is `written`. */
  | { readonly kind: "missing" }
  /** Create: another record already has this identity; nothing was written. */
  | { readonly kind: "exists"; readonly id: RecordId }
  | { readonly kind: "failed"; readonly error: SyncError };

/** A webhook request as it came in. */
export type WebhookRequest = {
  readonly method: string;
  /** The full public URL, with query. */
  readonly url: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly receivedAt: Instant;
};

export type WebhookResult =
  /** `wake`: pull the feed now. `id` of an event de-duplicates it, `null` if the vendor has none. */
  | {
      readonly kind: "accepted";
      readonly events: readonly { readonly id: string | null; readonly observation: RawObservation }[];
      readonly wake: boolean;
    }
  /** 401 for a wrong signature, 400 for a body that is not what the vendor sends. */
  | { readonly kind: "refused"; readonly status: 400 | 401; readonly reason: string };

/**
 * A connected system. Calls reject with `SyncFailure` when the call as a whole failed; what concerns single records is
 * a result. Batches of any size are taken and split as the system needs; each costs a fixed number of calls per vendor
 * batch, never one per record. Requests of one call are about distinct records.
 */
export type Connector = {
  readonly system: SystemId;
  /** HubSpot, PostgreSQL ...: for people. */
  readonly label: string;
  /** What the system can promise; shown in docs and `check`, and used to word alerts. */
  readonly guarantees: {
    /** I3: a write and its condition are one step in the system. */
    readonly conditionalWrite: boolean;
    /** I6: the system enforces the create key. */
    readonly uniqueCreate: boolean;
    /** Own writes covered edits can be recovered from history. */
    readonly history: boolean;
    /** Deletes are told, not only found by sweeps. */
    readonly deleteEvents: boolean;
  };
  /** The gates that its calls go through; none: Truce keeps its calls within what the system was seen to take. */
  readonly limiters?: readonly Limiter[];
  /** How long it makes no sense to write, for rate limits or as the system fails; 0: write now. */
  pauseMs?(): number;
  /** Writes of one call that suit the system best. */
  readonly writeBatchMax: number;
  readonly feed: ChangeFeed | null;
  /** Objects with their cells; all of them, or the named ones. */
  describe(objects?: readonly ObjectName[]): Promise<readonly ObjectSchema[]>;
  /** Compares the mapping with the live schema. `prepare` also makes what Truce needs there (key property, publication). */
  check(objects: readonly MappedObject[], options: { readonly prepare: boolean }): Promise<readonly SchemaProblem[]>;
  /** The system's own form of a canonical value, equal to what it would read back if it keeps the value as it is. */
  encode(object: ObjectName, cell: MappedCell, value: FieldValue): RawValue;
  read(object: MappedObject, ids: readonly RecordId[]): Promise<readonly ReadResult[]>;
  /** One page of all records of the object; `cursor: null` begins. */
  scan(object: MappedObject, cursor: string | null): Promise<ScanPage>;
  /** One result per request, in the requests' order. */
  write(object: MappedObject, requests: readonly WriteRequest[]): Promise<readonly WriteResult[]>;
  webhook?(request: WebhookRequest): WebhookResult;
  /** Where people look at the record in the system itself; `null`: nowhere, or not known yet. */
  recordUrl?(object: ObjectName, id: RecordId): string | null;
  close(): Promise<void>;
};
