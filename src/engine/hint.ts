import type { RecordRef } from "../model/record.ts";
import { type InboxItem, type Lane, laneLive } from "../ports/store.ts";
import type { Deps } from "./deps.ts";

/** A record is to be read. */
export function hintOf(deps: Deps, ref: RecordRef, lane: Lane = laneLive): InboxItem {
  const now = deps.clock.now();
  return {
    id: deps.random.id(),
    dedupeKey: null,
    observation: { kind: "hint", ref, revision: null, observedAt: now },
    lane,
    receivedAt: now,
    dueAt: now,
    tries: 0,
  };
}
