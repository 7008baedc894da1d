import type { EntityPolicy, ObjectMapping, Policy } from "../model/policy.ts";
import type { CellName, ObjectName, SystemId } from "../model/record.ts";
import { cellsOf } from "./mapping/cells-of.ts";

/** A cell of the mapping that its system does not have, or not as the config says, with the system's words. */
export type BrokenCell = {
  readonly system: SystemId;
  readonly object: ObjectName;
  readonly cell: CellName;
  readonly message: string;
};

/** The config without what is broken: its fields are neither read nor written there, so that none is taken for blank. */
export function pauseFields(policy: Policy, broken: readonly BrokenCell[]): Policy {
  if (broken.length === 0) return policy;
  const entities = Object.entries(policy.entities).map(([name, entity]): [string, EntityPolicy] => {
    const mappings = entity.mappings.map((mapping) => withoutBroken(mapping, broken));
    return [name, mappings.some((one, i) => one !== entity.mappings[i]) ? { ...entity, mappings } : entity];
  });
  return { ...policy, entities: Object.fromEntries(entities) };
}

function withoutBroken(mapping: ObjectMapping, broken: readonly BrokenCell[]): ObjectMapping {
  const cells = new Set(
    broken
      .filter(({ system, object }) => system === mapping.system && object === mapping.object)
      .map(({ cell }) => cell),
  );
  if (cells.size === 0) return mapping;
  const all = Object.entries(mapping.fields);
  const isBroken = ([, one]: (typeof all)[number]) => cellsOf(one).some((cell) => cells.has(cell));
  const constants = Object.entries(mapping.constants ?? {}).filter(([cell]) => !cells.has(cell));
  return {
    ...mapping,
    fields: Object.fromEntries(all.filter((one) => !isBroken(one))),
    constants: Object.fromEntries(constants),
    paused: all.filter(isBroken).map(([field]) => field),
  };
}

/** Whether what a record is can't be told while these fields are paused: then none becomes a golden record, and none is made. */
export function pausesIdentity(entity: EntityPolicy, { paused = [] }: ObjectMapping): boolean {
  return paused.some(
    (field) => entity.required.includes(field) || entity.identity.some((key) => key.fields.includes(field)),
  );
}
