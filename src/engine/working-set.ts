import type { State } from "../core/decide.ts";
import { keysOf } from "../core/finish.ts";
import type { GoldenId, GoldenRecord } from "../model/golden.ts";
import type { Hold } from "../model/hold.ts";
import type { Policy } from "../model/policy.ts";
import { type RecordRef, recordKey } from "../model/record.ts";
import type { Loaded } from "../ports/store.ts";

/** The loaded state of one batch, with the decisions of the batch applied on top, so that later ones see earlier ones. */
export type WorkingSet = {
  stateFor(ref: RecordRef, freshId: () => GoldenId): State;
  /** Takes a decision's golden records and record holds in. */
  apply(goldens: readonly GoldenRecord[], holds: readonly Hold[]): void;
  ownerOfKey(key: string): GoldenId | undefined;
  /** Remembers the set as it is; calling the result puts it back so. */
  snapshot(): () => void;
};

export function workingSet(loaded: Loaded, policy: Policy): WorkingSet {
  const goldens = new Map(loaded.goldens);
  const byRecord = new Map(loaded.byRecord);
  const byKey = new Map(loaded.byKey);
  const holds = new Map(loaded.holds);
  const goldenOf = (id: GoldenId | undefined) => (id === undefined ? undefined : goldens.get(id));
  return {
    stateFor(ref, freshId) {
      const key = recordKey(ref);
      return {
        golden: goldenOf(byRecord.get(key)) ?? null,
        goldenByKey: (one) => goldenOf(byKey.get(one)),
        goldenById: (id) => goldens.get(id),
        goldenByRecord: (other) => goldenOf(byRecord.get(recordKey(other))),
        hold: holds.get(key) ?? null,
        pin: loaded.pins.get(key) ?? null,
        freshId: freshId(),
      };
    },
    apply(changed, changedHolds) {
      for (const golden of changed) {
        goldens.set(golden.id, golden);
        for (const link of golden.links) {
          for (const id of link.id === null ? [] : [link.id, ...link.aliases]) {
            byRecord.set(recordKey({ system: link.system, object: link.object, id }), golden.id);
          }
        }
        const entity = policy.entities[golden.entity];
        if (entity === undefined) continue;
        for (const key of keysOf(golden, entity)) if (!byKey.has(key)) byKey.set(key, golden.id);
      }
      for (const hold of changedHolds) {
        if (hold.goldenId !== null || hold.ref === null) continue;
        if (hold.status === "open") holds.set(recordKey(hold.ref), hold);
        else holds.delete(recordKey(hold.ref));
      }
    },
    ownerOfKey: (key) => byKey.get(key),
    snapshot() {
      const copies = [goldens, byRecord, byKey, holds].map((map) => new Map<string, unknown>(map));
      return () =>
        [goldens, byRecord, byKey, holds].forEach((map: Map<string, unknown>, i) => {
          map.clear();
          for (const [key, value] of copies[i] ?? []) map.set(key, value);
        });
    },
  };
}
