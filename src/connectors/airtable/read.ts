import type { RecordId, SystemId } from "../../model/record.ts";
import { SyncFailure } from "../../model/sync-error.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ReadResult, ScanPage } from "../../ports/connector.ts";
import { laneBackfill } from "../../ports/store.ts";
import { type Client, RefusedCall } from "./client.ts";
import { listByIds, listPage, observationOf } from "./records.ts";
import type { BoundTable } from "./schema.ts";

export type Reader = {
  read(bound: BoundTable, ids: readonly RecordId[]): Promise<readonly ReadResult[]>;
  scan(bound: BoundTable, cursor: string | null): Promise<ScanPage>;
};

export function createReader(system: SystemId, baseId: string, client: Client, clock: Clock): Reader {
  return {
    async read(bound, ids) {
      const observedAt = clock.now();
      const found = await listByIds(client, baseId, bound, ids);
      const missing = ids.filter((id) => !found.has(id));
      // A record that a list leaves out counts as deleted, so the list is asked again: one short answer deletes nothing.
      const late = missing.length === 0 ? found : await listByIds(client, baseId, bound, missing);
      return ids.map((id) => {
        const record = found.get(id) ?? late.get(id);
        return record === undefined
          ? { id, kind: "missing" }
          : { id, kind: "found", observation: observationOf(system, bound, record, observedAt) };
      });
    },

    async scan(bound, cursor) {
      const observedAt = clock.now();
      const { records, offset } = await pageAt(client, baseId, bound, cursor);
      if (offset !== null && offset === cursor) {
        throw new SyncFailure({
          code: "UNREACHABLE",
          message: `reading ${bound.table.name}: the offset does not move on`,
        });
      }
      return {
        observations: records.map((record) => observationOf(system, bound, record, observedAt)),
        cursor: offset,
        total: null,
      };
    },
  };
}

/** Offsets die after some minutes; the scan then begins again, as a page from the middle can't be had otherwise. */
async function pageAt(client: Client, baseId: string, bound: BoundTable, cursor: string | null) {
  const first = { lane: laneBackfill } as const;
  if (cursor === null) return listPage(client, baseId, bound, first);
  try {
    return await listPage(client, baseId, bound, { ...first, offset: cursor });
  } catch (error) {
    if (!(error instanceof RefusedCall) || !deadOffsets.has(error.refusal.type)) throw error;
    return listPage(client, baseId, bound, first);
  }
}

const deadOffsets = new Set(["LIST_RECORDS_ITERATOR_NOT_AVAILABLE", "INVALID_OFFSET_VALUE"]);
