import type { RawUpsert } from "../../model/observation.ts";
import type { RecordId } from "../../model/record.ts";
import { SyncFailure } from "../../model/sync-error.ts";
import { differingCells, isAsExpected } from "../../ports/as-expected.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Connector, MappedObject, WriteRequest, WriteResult } from "../../ports/connector.ts";

type Create = WriteRequest & { readonly kind: "create" };
type Update = WriteRequest & { readonly kind: "update" };
type Delete = WriteRequest & { readonly kind: "delete" };

/** The records that are there; those that are not are left out. */
export type Find = (object: MappedObject, ids: readonly RecordId[]) => Promise<readonly RawUpsert[]>;

/**
 * Writes of single records. A refusal is thrown as `SyncFailure` with REJECTED. `seen`: the record as it was found just before, which holds what
 * is expected. "changed": it no longer is that one, and nothing was written; it is looked at anew.
 */
export type RecordWrites = {
  /** `exists`: another record has this identity. `created: false`: an earlier create of this key had made it. */
  create(
    object: MappedObject,
    request: Create,
  ): Promise<{ readonly record: RawUpsert; readonly created: boolean } | { readonly exists: RecordId }>;
  update(object: MappedObject, request: Update, seen: RawUpsert): Promise<RawUpsert | "changed" | "missing">;
  remove(object: MappedObject, request: Delete, seen: RawUpsert): Promise<"removed" | "changed" | "missing">;
};

/** A record that others change all the time is left for the next round. */
const triesMax = 3;

/** `write` of a connector by writes of single records: look, compare with what is expected, write, look again where it changed meanwhile. */
export function guardedWrite(find: Find, writes: Partial<RecordWrites>, clock: Clock): Connector["write"] {
  const change = async (object: MappedObject, request: Update | Delete, first: RawUpsert | undefined) => {
    let seen = first;
    for (let tries = 1; tries <= triesMax; tries++) {
      if (seen === undefined) return request.kind === "delete" ? removed(request.id, clock) : missing;
      if (!isAsExpected(seen.cells, request)) return { kind: "changed", observation: seen } as const;
      const done = await changeOnce(object, request, seen);
      if (done !== "changed") return done;
      [seen] = await find(object, [request.id]);
    }
    const message = `${object.object} ${request.id} changed ${triesMax} times while it was to be written`;
    throw new SyncFailure({ code: "UNREACHABLE", message });
  };

  const changeOnce = async (object: MappedObject, request: Update | Delete, seen: RawUpsert) => {
    if (request.kind === "update") {
      const patch = differingCells(seen.cells, request.patch);
      if (Object.keys(patch).length === 0) return written(seen, false, clock);
      const done = await able(writes.update, "changed")(object, { ...request, patch }, seen);
      if (typeof done === "object") return written(done, false, clock);
      return done === "missing" ? missing : done;
    }
    const done = await able(writes.remove, "deleted")(object, request, seen);
    return done === "changed" ? done : removed(request.id, clock);
  };

  const create = async (object: MappedObject, request: Create): Promise<WriteResult> => {
    const done = await able(writes.create, "created")(object, request);
    return "exists" in done ? { kind: "exists", id: done.exists } : written(done.record, done.created, clock);
  };

  return async (object, requests) => {
    const changes = requests.filter((one) => one.kind !== "create");
    const ids = changes.map(({ id }) => id);
    const found = new Map((ids.length === 0 ? [] : await find(object, ids)).map((one) => [one.ref.id, one]));
    return Promise.all(
      requests.map(async (request): Promise<WriteResult> => {
        try {
          if (request.kind === "create") return await create(object, request);
          return await change(object, request, found.get(request.id));
        } catch (error) {
          if (error instanceof SyncFailure) return { kind: "failed", error: error.error };
          throw error;
        }
      }),
    );
  };
}

const missing = { kind: "missing" } as const;

function able<Write>(write: Write | undefined, done: string): Write {
  if (write !== undefined) return write;
  throw new SyncFailure({ code: "REJECTED", message: `records can't be ${done} here`, cells: {} });
}

function written({ ref, cells, complete, revision }: RawUpsert, created: boolean, clock: Clock): WriteResult {
  return { kind: "written", id: ref.id, cells, complete, revision, observedAt: clock.now(), covered: {}, created };
}

function removed(id: RecordId, clock: Clock): WriteResult {
  const rest = { cells: {}, complete: false, revision: null, covered: {}, created: false };
  return { kind: "written", id, observedAt: clock.now(), ...rest };
}
