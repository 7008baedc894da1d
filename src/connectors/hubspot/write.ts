import type { RecordId, SystemId } from "../../model/record.ts";
import { SyncFailure } from "../../model/sync-error.ts";
import type { Instant } from "../../model/time.ts";
import type { Clock } from "../../ports/clock.ts";
import type { MappedObject, WriteRequest, WriteResult } from "../../ports/connector.ts";
import { own } from "../../ports/json-object.ts";
import type { SeenVersions } from "../../ports/seen-versions.ts";
import type { Client } from "./client.ts";
import { type Create, createRecords } from "./create.ts";
import { idOf } from "./json.ts";
import type { OwnWrites } from "./own-writes.ts";
import { batchMax, chunks, objectPath, type Reader } from "./read.ts";
import type { Schema } from "./schema.ts";
import { look, type Update, updateRecords } from "./update.ts";

export type WriteDeps = {
  readonly system: SystemId;
  readonly client: Client;
  readonly clock: Clock;
  readonly reader: Reader;
  readonly schema: Schema;
  readonly own: OwnWrites;
  readonly keyProperty: string;
  /** Versions in receipts need not be told again by the feed. */
  readonly seen: SeenVersions;
};

type Delete = WriteRequest & { readonly kind: "delete" };

/** One result per request, in their order. A batch costs a fixed number of calls, more only to find the rows that HubSpot refuses. */
export async function writeRecords(
  deps: WriteDeps,
  object: MappedObject,
  requests: readonly WriteRequest[],
): Promise<readonly WriteResult[]> {
  const results = new Map<WriteRequest, WriteResult>();
  const take = async <Kind extends WriteRequest>(
    kind: Kind["kind"],
    write: (deps: WriteDeps, object: MappedObject, batch: readonly Kind[]) => Promise<readonly WriteResult[]>,
  ) => {
    const own = requests.filter((request): request is Kind => request.kind === kind);
    for (const batch of chunks(own, batchMax)) {
      const written = await orFailed(batch, () => write(deps, object, batch));
      batch.forEach((request, i) => {
        results.set(request, written[i]!);
      });
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
    return batch.map(() => ({ kind: "failed", error: error.error }));
  }
}

/**
 * Archives records that still hold what was expected, or merges them into others: HubSpot merges one at a time. One that is not there is as good as
 * deleted, one that was merged before as good as merged.
 */
async function deleteRecords(
  deps: WriteDeps,
  object: MappedObject,
  requests: readonly Delete[],
): Promise<readonly WriteResult[]> {
  const found = await deps.reader.find(
    object,
    requests.map(({ id }) => id),
  );
  const looks = requests.map((request) => look(deps, object, found, request));
  const ids = requests.filter(({ into }, i) => into === undefined && looks[i] === null).map(({ id }) => id);
  if (ids.length > 0) {
    const what = `deleting ${ids.length} ${object.object}`;
    const body = { inputs: ids.map((id) => ({ id })) };
    const path = `${objectPath(object)}/batch/archive`;
    await deps.client.call({ method: "POST", path, body, effect: "write", what });
  }
  const observedAt = deps.clock.now() as Instant;
  const done = (id: RecordId): WriteResult => ({
    ...{ kind: "written", id, cells: {}, complete: false, revision: null, observedAt, covered: {}, created: false },
  });
  const results: WriteResult[] = [];
  for (const [i, { id, into }] of requests.entries()) {
    const seen = looks[i] ?? null;
    const survivor = found.records.get(id)?.id;
    if (into !== undefined && survivor !== undefined && survivor !== id) results.push(done(survivor));
    else if (seen !== null && (seen.kind !== "missing" || into !== undefined)) results.push(seen);
    else results.push(into === undefined ? done(id) : await mergeOne(deps, object, id, into, done));
  }
  return results;
}

/** Which id the survivor has is in the answer: HubSpot may give it a new one. */
async function mergeOne(
  { client }: WriteDeps,
  object: MappedObject,
  id: RecordId,
  into: RecordId,
  done: (id: RecordId) => WriteResult,
): Promise<WriteResult> {
  const what = `merging ${object.object} ${id} into ${into}`;
  const body = { primaryObjectId: into, objectIdToMerge: id };
  try {
    const answer = await client.call({
      ...{ method: "POST", path: `${objectPath(object)}/merge`, body, effect: "write", what },
    });
    const survivor = idOf(own(answer, "id"));
    if (survivor !== undefined) return done(survivor);
    return { kind: "failed", error: { code: "UNKNOWN_OUTCOME", message: `${what}: HubSpot's answer has no id` } };
  } catch (error) {
    if (error instanceof SyncFailure) return { kind: "failed", error: error.error };
    throw error;
  }
}
