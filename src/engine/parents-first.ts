import type { Policy } from "../model/policy.ts";
import type { ObjectName, SystemId } from "../model/record.ts";

/**
 * The objects of a system in steps: what records point to comes before them, so that few of them have to wait for it. Objects that point to each
 * other are in one step.
 */
export function parentsFirst(policy: Policy, system: SystemId): readonly (readonly ObjectName[])[] {
  let left = Object.values(policy.entities).flatMap((entity) => {
    const mapping = entity.mappings.find((one) => one.system === system);
    if (mapping === undefined) return [];
    const parents = Object.keys(mapping.fields).flatMap((field) => {
      const type = entity.fields[field]?.type;
      return type?.kind === "reference" && type.to !== entity.name ? [type.to] : [];
    });
    return [{ entity: entity.name, object: mapping.object, parents }];
  });
  const steps: ObjectName[][] = [];
  while (left.length > 0) {
    const names = new Set(left.map(({ entity }) => entity));
    const free = left.filter(({ parents }) => !parents.some((parent) => names.has(parent)));
    const step = free.length > 0 ? free : left;
    steps.push(step.map(({ object }) => object));
    left = left.filter((one) => !step.includes(one));
  }
  return steps;
}
