import type { State } from "../core/decide.ts";
import { keysOf } from "../core/finish.ts";
import { blocksOfGolden } from "../core/match/profile.ts";
import type { GoldenId, GoldenRecord } from "../model/golden.ts";
import { type Hold, heldRecord } from "../model/hold.ts";
import type { Policy } from "../model/policy.ts";
import { type RecordRef, recordKey } from "../model/record.ts";
import type { BlockGuard, Loaded } from "../ports/store.ts";
import type { Candidates } from "./find-candidates.ts";

/** The loaded state of one batch, with the decisions of the batch applied on top, so that later ones see earlier ones. */
export type WorkingSet = {
  stateFor(ref: RecordRef, freshId: () => GoldenId): State;
  /** Takes a decision's golden records and record holds in. */
  apply(goldens: readonly GoldenRecord[], holds: readonly Hold[]): void;
  ownerOfKey(key: string): GoldenId | undefined;
  /** What a golden record that is new in this batch takes for granted: that nobody like it is known. `null`: nothing. */
  guardOf(golden: GoldenRecord): BlockGuard | null;
  /** There is an open hold on the record, which is linked to nothing. */
  isHeld(ref: RecordRef): boolean;
  /** Decided on in this batch, and stored with it for the first time. */
  isNew(id: GoldenId): boolean;
  goldenOf(ref: RecordRef): GoldenRecord | undefined;
  /** Remembers the set as it is; calling the result puts it back so. */
  snapshot(): () => void;
};

export function workingSet(loaded: Loaded, candidates: Candidates, policy: Policy): WorkingSet {
  const goldens = new Map([...loaded.goldens, ...candidates.goldens]);
  const byRecord = new Map(loaded.byRecord);
  const byKey = new Map(loaded.byKey);
  const holds = new Map(loaded.holds);
  /** Golden records of this batch by blocking key, where that was looked up. */
  const byBlock = new Map<number, Set<GoldenId>>();
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
        scoring: candidates.scoringOf(ref, byBlock, (id) => goldens.get(id)),
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
        if (entity.matching === null || candidates.keys.size === 0) continue;
        for (const block of blocksOfGolden(golden, entity.matching)) {
          if (candidates.keys.has(block)) byBlock.set(block, (byBlock.get(block) ?? new Set()).add(golden.id));
        }
      }
      for (const hold of changedHolds) {
        if (hold.goldenId !== null || hold.ref === null) continue;
        if (heldRecord(hold) !== null) holds.set(recordKey(hold.ref), hold);
        else holds.delete(recordKey(hold.ref));
      }
    },
    isHeld: (ref) => holds.get(recordKey(ref))?.status === "open",
    isNew: (id) => goldens.get(id)?.version === 0,
    goldenOf: (ref) => goldenOf(byRecord.get(recordKey(ref))),
    ownerOfKey: (key) => byKey.get(key),
    guardOf(golden) {
      const matching = policy.entities[golden.entity]?.matching ?? null;
      if (golden.version !== 0 || matching === null) return null;
      const keys = blocksOfGolden(golden, matching).filter((block) => candidates.keys.has(block));
      return keys.length === 0 ? null : { keys, mark: candidates.mark };
    },
    snapshot() {
      const copies = [goldens, byRecord, byKey, holds].map((map) => new Map<string, unknown>(map));
      const filed = new Map([...byBlock].map(([block, ids]) => [block, new Set(ids)]));
      return () => {
        [goldens, byRecord, byKey, holds].forEach((map: Map<string, unknown>, i) => {
          map.clear();
          for (const [key, value] of copies[i] ?? []) map.set(key, value);
        });
        byBlock.clear();
        for (const [block, ids] of filed) byBlock.set(block, ids);
      };
    },
  };
}
