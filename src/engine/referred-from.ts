import { referredGoldens } from "../core/relations/place-references.ts";
import type { GoldenId, GoldenRecord } from "../model/golden.ts";
import type { Policy } from "../model/policy.ts";
import type { SystemId } from "../model/record.ts";

/** The golden records that one points to, in one system or in any. */
export function referredFrom(policy: Policy, golden: GoldenRecord, system?: SystemId): readonly GoldenId[] {
  const entity = policy.entities[golden.entity];
  const mappings = (entity?.mappings ?? []).filter((one) => system === undefined || one.system === system);
  return entity === undefined ? [] : mappings.flatMap((mapping) => referredGoldens(golden, entity, mapping));
}
