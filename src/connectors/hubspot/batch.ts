import type { CellName, RecordId } from "../../model/record.ts";
import { type SyncError, SyncFailure } from "../../model/sync-error.ts";
import type { Clock } from "../../ports/clock.ts";
import type { MappedObject } from "../../ports/connector.ts";
import { type JsonObject, objectsOf, own } from "../../ports/json-object.ts";
import { lostError } from "../../ports/lost-answer.ts";
import type { Client } from "./client.ts";
import { type Objection, type Refusal, RefusedCall, refusalOf, rejected } from "./errors.ts";
import { objectPath, recordsIn } from "./read.ts";
import type { HubSpotRecord } from "./records.ts";

/** One input of a batch write. */
export type Row = {
  /** Unique in the batch; answers name rows by it. */
  readonly traceId: string;
  /** What the answer can be told apart by, should it not name trace ids. */
  readonly matches: (record: HubSpotRecord) => boolean;
  /** Record id, where the input has one. */
  readonly id: RecordId | null;
  readonly input: JsonObject;
  readonly properties: Readonly<Record<CellName, string>>;
};

export type RowOutcome =
  | { readonly kind: "done"; readonly record: HubSpotRecord }
  /** HubSpot understood and refuses: nothing was done. */
  | { readonly kind: "refused"; readonly refusal: Refusal; readonly error: SyncError }
  /** There is no such record. */
  | { readonly kind: "missing" }
  | { readonly kind: "failed"; readonly error: SyncError };

export type BatchDeps = { readonly client: Client; readonly clock: Clock };

/** Calls that one batch may be narrowed down with, and how long that may take; the rest waits for the next try. */
const callsMax = 40;
const narrowMsMax = 45_000;

/**
 * Sends rows in one call. Where HubSpot refuses the whole batch for the sake of some rows, these are found by narrowing down, so that one bad
 * value holds up its own record alone. Never rejects: every row has an outcome.
 */
export async function sendRows(
  deps: BatchDeps,
  object: MappedObject,
  verb: "create" | "update" | "upsert",
  rows: readonly Row[],
): Promise<ReadonlyMap<Row, RowOutcome>> {
  const outcomes = new Map<Row, RowOutcome>();
  const startedAt = deps.clock.now();
  let calls = 0;
  const settle = (some: readonly Row[], outcome: RowOutcome) => {
    for (const row of some) outcomes.set(row, outcome);
  };

  const whatOf = ({ id }: Row) => (id === null ? `${verb} in ${object.object}` : `${verb} of ${object.object} ${id}`);

  const send = async (some: readonly Row[]): Promise<void> => {
    if (some.length === 0) return;
    const what = `${verb} of ${some.length} ${object.object}`;
    if (calls++ >= callsMax || deps.clock.now() - startedAt > narrowMsMax) {
      const message = `${what}: not sent yet, as finding the refused ones of its batch takes long`;
      return settle(some, { kind: "failed", error: { code: "UNREACHABLE", message } });
    }
    const inputs = some.map((row) => ({ ...row.input, objectWriteTraceId: row.traceId, properties: row.properties }));
    try {
      const path = `${objectPath(object)}/batch/${verb}`;
      const answer = await deps.client.call({ method: "POST", path, body: { inputs }, effect: "write", what });
      judgeAnswer(some, answer, what, whatOf, outcomes);
    } catch (error) {
      if (!(error instanceof SyncFailure)) throw error;
      const isAboutRows = error instanceof RefusedCall && error.error.code === "REJECTED";
      if (!isAboutRows) return settle(some, { kind: "failed", error: error.error });
      await narrow(some, error.refusal);
    }
  };

  const narrow = async (some: readonly Row[], refusal: Refusal): Promise<void> => {
    const [only] = some;
    if (some.length === 1 && only !== undefined) return settle(some, refused(about(only, refusal), whatOf(only)));
    const guilty = surelyGuilty(some, refusal);
    for (const row of guilty) outcomes.set(row, refused(about(row, refusal), whatOf(row)));
    const rest = some.filter((row) => !guilty.includes(row));
    const named = new Set(refusal.objections.map(({ property }) => property));
    const suspects = rest.filter((row) => Object.keys(row.properties).some((name) => named.has(name)));
    const others = rest.filter((row) => !suspects.includes(row));
    const isSplit = guilty.length > 0 || (suspects.length > 0 && others.length > 0);
    const half = Math.ceil(rest.length / 2);
    const parts = isSplit ? [others, suspects] : [rest.slice(0, half), rest.slice(half)];
    for (const part of parts) await send(part);
  };

  await send(rows);
  return outcomes;
}

function refused(refusal: Refusal, what: string): RowOutcome {
  return { kind: "refused", refusal, error: rejected(refusal, what) };
}

/** The part of a batch's refusal that is about properties of this row. */
function about(row: Row, refusal: Refusal): Refusal {
  const objections = refusal.objections.filter(
    ({ property }) => property === null || Object.hasOwn(row.properties, property),
  );
  return { ...refusal, objections };
}

/** Objections to a property itself, whatever its value. */
const propertyCodes = new Set(["PROPERTY_DOESNT_EXIST", "READ_ONLY_VALUE"]);

/**
 * Rows that are refused without doubt: those with a property that nobody may write, and, where HubSpot lists as many objections to a property
 * as there are rows with it, each naming its row's value, all of these.
 */
function surelyGuilty(rows: readonly Row[], { objections }: Refusal): readonly Row[] {
  const byProperty = Map.groupBy(objections, ({ property }) => property);
  return rows.filter((row) =>
    [...byProperty].some(([property, listed]) => {
      if (property === null || !Object.hasOwn(row.properties, property)) return false;
      if (listed.some(({ code }) => propertyCodes.has(code))) return true;
      const holders = rows.filter((other) => Object.hasOwn(other.properties, property));
      return listed.length >= holders.length && holders.every((other) => isNamed(other.properties[property]!, listed));
    }),
  );
}

function isNamed(value: string, objections: readonly Objection[]): boolean {
  return value !== "" && objections.some(({ message }) => message.includes(value));
}

/** Rows are told apart by trace id, else by what they hold; an answer that leaves a row out says nothing about it. */
function judgeAnswer(
  rows: readonly Row[],
  answer: JsonObject,
  what: string,
  whatOf: (row: Row) => string,
  outcomes: Map<Row, RowOutcome>,
): void {
  const records = tryRecords(answer, what);
  const errors = objectsOf(own(answer, "errors")).map(refusalOf);
  for (const row of rows) {
    const record =
      records.find(({ traceId }) => traceId === row.traceId) ??
      records.find((one) => one.traceId === null && row.matches(one));
    const refusal = errors.find(({ traceIds }) => traceIds.includes(row.traceId));
    if (record !== undefined) outcomes.set(row, { kind: "done", record });
    else if (refusal !== undefined) outcomes.set(row, refused(refusal, whatOf(row)));
    else if (row.id !== null && errors.some(({ ids }) => ids.includes(row.id!))) outcomes.set(row, { kind: "missing" });
    else outcomes.set(row, { kind: "failed", error: lostError("write", `${what}: HubSpot's answer leaves out a row`) });
  }
}

/** An answer that makes no sense tells nothing: every row's outcome is unknown. */
function tryRecords(answer: JsonObject, what: string): readonly HubSpotRecord[] {
  try {
    return recordsIn(answer, what);
  } catch {
    return [];
  }
}
