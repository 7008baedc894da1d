import { revisionOf } from "../../model/observation.ts";
import type { CellName, RecordId } from "../../model/record.ts";
import { type SyncError, SyncFailure } from "../../model/sync-error.ts";
import type { Instant } from "../../model/time.ts";
import { type RawValue, sameRaw } from "../../model/value.ts";
import type { WriteResult } from "../../ports/connector.ts";
import type { Client } from "./client.ts";
import type { Found } from "./read.ts";
import { cellsOf } from "./records.ts";
import type { BoundObject } from "./schema.ts";
import type { Session } from "./tokens.ts";
import type { WriteDeps } from "./write.ts";

type Cells = Readonly<Record<CellName, RawValue>>;

/** A write that Salesforce confirmed. */
export type Landed = {
  readonly id: RecordId;
  readonly patch: Cells;
  /** The mapped cells just before; `null` for a create. */
  readonly before: Cells | null;
  /** By Salesforce's clock, not after the write. */
  readonly sentAt: Instant;
  readonly created: boolean;
};

/** Salesforce confirms without saying what it stored: one read tells for all. `null` where that can't be had now. */
export async function lookAgain(
  { reader }: WriteDeps,
  bound: BoundObject,
  ids: readonly RecordId[],
): Promise<Found | null> {
  if (ids.length === 0) return null;
  try {
    return await reader.find(bound, ids);
  } catch (error) {
    if (error instanceof SyncFailure) return null;
    throw error;
  }
}

/** What the system holds after a write, as far as it can be told apart from what others did since. */
export async function receiptOf(
  { client, clock }: WriteDeps,
  bound: BoundObject,
  landed: Landed,
  after: Found | null,
): Promise<WriteResult> {
  const { id, patch, before, sentAt, created } = landed;
  const record = after?.records.get(id);
  const common = { kind: "written", id, covered: {}, created } as const;
  // The write has this stamp or a later one; what others wrote after it has none that is smaller.
  const revision = revisionOf(Math.floor(sentAt / 1000) * 1000);
  if (after === null || record === undefined || record.id !== id) {
    return { ...common, cells: patch, complete: false, revision, observedAt: clock.now() };
  }
  const identity = await identityOf(client);
  const cells = cellsOf(bound, record);
  if (identity !== null && record.modifiedBy !== identity.userId) {
    // Somebody edited the record after us: that is for the feed to tell.
    return { ...common, cells: patch, complete: false, revision, observedAt: after.observedAt };
  }
  const isOtherwiseSame =
    before === null ||
    Object.keys(cells).every((cell) => Object.hasOwn(patch, cell) || sameRaw(cells[cell], before[cell]));
  if (!isOtherwiseSame) {
    const stored = Object.fromEntries(Object.keys(patch).map((cell) => [cell, cells[cell] ?? null]));
    return { ...common, cells: stored, complete: false, revision, observedAt: after.observedAt };
  }
  const complete = bound.mapped.cells.every(({ cell }) => Object.hasOwn(cells, cell));
  return { ...common, cells, complete, revision: revisionOf(record.stamp), observedAt: after.observedAt };
}

/** Whose writes are ours. The write is done: that nobody can log in now must not make it look as if it was not. */
async function identityOf(client: Client): Promise<Session["identity"]> {
  try {
    return (await client.session()).identity;
  } catch (error) {
    if (error instanceof SyncFailure) return null;
    throw error;
  }
}

export function failed(error: SyncError): WriteResult {
  return { kind: "failed", error };
}
