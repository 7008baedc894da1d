import type { SystemId } from "../../model/record.ts";
import { SyncFailure } from "../../model/sync-error.ts";
import type { Clock } from "../../ports/clock.ts";
import type { WriteRequest, WriteResult } from "../../ports/connector.ts";
import type { Client } from "./client.ts";
import { type Create, createRecords } from "./create.ts";
import { type Delete, deleteRecords } from "./delete.ts";
import { chunks, type Reader } from "./read.ts";
import { failed } from "./receipt.ts";
import type { BoundObject } from "./schema.ts";
import { type Update, updateRecords } from "./update.ts";

export type WriteDeps = {
  readonly system: SystemId;
  readonly client: Client;
  readonly clock: Clock;
  readonly reader: Reader;
};

/** Records of one collection call. */
export const batchMax = 200;

/** One result per request, in their order. A batch costs a fixed number of calls, more only for records that change meanwhile. */
export async function writeRecords(
  deps: WriteDeps,
  bound: BoundObject,
  requests: readonly WriteRequest[],
): Promise<readonly WriteResult[]> {
  const results = new Map<WriteRequest, WriteResult>();
  const take = async <Kind extends WriteRequest>(
    kind: Kind["kind"],
    write: (deps: WriteDeps, bound: BoundObject, batch: readonly Kind[]) => Promise<readonly WriteResult[]>,
  ) => {
    const own = requests.filter((request): request is Kind => request.kind === kind);
    for (const batch of chunks(own, batchMax)) {
      const written = await orFailed(batch, () => write(deps, bound, batch));
      batch.forEach((request, i) => void results.set(request, written[i]!));
    }
  };
  await take<Update>("update", updateRecords);
  await take<Create>("create", createRecords);
  await take<Delete>("delete", deleteRecords);
  return requests.map((request) => results.get(request)!);
}

/** A failed call is the result of its batch's requests; other batches may have been written. */
async function orFailed(
  batch: readonly WriteRequest[],
  write: () => Promise<readonly WriteResult[]>,
): Promise<readonly WriteResult[]> {
  try {
    return await write();
  } catch (error) {
    if (!(error instanceof SyncFailure)) throw error;
    return batch.map(() => failed(error.error));
  }
}
