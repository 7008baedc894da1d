import type { RawUpsert } from "../../model/observation.ts";

/** What must be said of a record, with what may be. */
export type Observed = Pick<RawUpsert, "ref" | "cells" | "observedAt"> & Partial<RawUpsert>;

/** A record as it was read: complete, without a place in an order of versions, unless it is said otherwise. */
export function observed(said: Observed): RawUpsert {
  return { kind: "upsert", revision: null, complete: true, changedAt: null, author: null, ...said };
}
