import type { RawObservation } from "../../model/observation.ts";
import type { RawValue } from "../../model/value.ts";
import type { Connector, MappedObject, WriteRequest } from "../connector.ts";

type Cells = Readonly<Record<string, RawValue>>;

/** What a connector is asked in tests of its own. */
export function update(id: string, base: Cells, patch: Cells): WriteRequest {
  return { kind: "update", attemptId: `update ${id}`, id, base, patch, revision: null };
}

export function create(
  key: string,
  patch: Cells,
  rest: { readonly identity?: readonly string[]; readonly lookFirst?: boolean } = {},
): WriteRequest {
  return { kind: "create", attemptId: `create ${key}`, key, patch, identity: [], lookFirst: false, ...rest };
}

export function remove(id: string, base: Cells): WriteRequest {
  return { kind: "delete", attemptId: `delete ${id}`, id, base, revision: null };
}

export type Pulled = { readonly seen: RawObservation[]; readonly lost: string[]; readonly cursor: string };

/** Pulls until `isDone` of all that came so far. */
export async function pullUntil(
  connector: Connector,
  objects: readonly MappedObject[],
  from: string,
  isDone: (pulled: Pulled) => boolean,
): Promise<Pulled> {
  let pulled: Pulled = { seen: [], lost: [], cursor: from };
  const { signal } = new AbortController();
  while (!isDone(pulled)) {
    const batch = await connector.feed!.pull({ objects, cursor: pulled.cursor, waitMs: 200, signal });
    pulled = {
      seen: [...pulled.seen, ...batch.observations],
      lost: [...pulled.lost, ...batch.lost],
      cursor: batch.cursor,
    };
  }
  return pulled;
}

/** Pulls until nothing more is waiting; the cursor goes on from batch to batch. */
export async function pullAll(
  connector: Connector,
  objects: readonly MappedObject[],
  cursor: string,
): Promise<{
  readonly observations: readonly RawObservation[];
  readonly cursor: string;
  readonly lost: readonly string[];
}> {
  const observations: RawObservation[] = [];
  const lost: string[] = [];
  let place = cursor;
  for (;;) {
    const { signal } = new AbortController();
    const batch = await connector.feed!.pull({ objects, cursor: place, waitMs: 0, signal });
    observations.push(...batch.observations);
    lost.push(...batch.lost);
    place = batch.cursor;
    if (batch.caughtUp) return { observations, cursor: place, lost };
  }
}
