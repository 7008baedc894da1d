import type { ObjectName, SystemId } from "../../model/record.ts";
import type { CellSchema } from "../../ports/connector.ts";
import { entityConcepts } from "./concepts.ts";
import { objectName, plainName } from "./plain-name.ts";
import type { DescribedSystem, ProposedEntity, ProposedField } from "./propose.ts";

/**
 * Which cells hold ids of records of another entity that is proposed: by what the system says they link to, else by a name such as "company_id".
 * Ids differ from system to system, so such cells are one reference and nothing else.
 */
export function withReferences(
  entities: readonly ProposedEntity[],
  systems: readonly DescribedSystem[],
): ProposedEntity[] {
  return entities.map((entity) => {
    const found = entities
      .filter((target) => target !== entity)
      .flatMap((target) => referenceTo(target, entity, systems) ?? []);
    const isTaken = (cells: Readonly<Record<SystemId, string>>) =>
      Object.entries(cells).some(([system, cell]) => found.some((one) => one.cells[system]?.cell === cell));
    const names = ({ cells }: ProposedField) =>
      Object.fromEntries(Object.entries(cells).map(([system, { cell }]) => [system, cell]));
    const fields = entity.fields.filter((field) => !isTaken(names(field)));
    const isFree = ({ field }: ProposedField) => !fields.some((one) => one.field === field);
    return {
      ...entity,
      fields: [...fields, ...found.filter(isFree)],
      leftOut: entity.leftOut.filter(({ cells }) => !isTaken(cells)),
    };
  });
}

/** Without references to what was not chosen. */
export function withoutDangling(entities: readonly ProposedEntity[]): ProposedEntity[] {
  const isThere = ({ type }: ProposedField) =>
    type.kind !== "reference" || entities.some(({ entity }) => entity === type.to);
  return entities.map((entity) => ({ ...entity, fields: entity.fields.filter(isThere) }));
}

function referenceTo(
  target: ProposedEntity,
  { objects }: ProposedEntity,
  systems: readonly DescribedSystem[],
): ProposedField | undefined {
  const cells = systems.flatMap(({ system, objects: all }): [SystemId, CellSchema][] => {
    const [own, other] = [objects[system], target.objects[system]];
    const schema = all.find(({ object }) => object === own);
    const cell = other === undefined ? undefined : schema?.cells.find((one) => pointsTo(one, target, other));
    return cell === undefined ? [] : [[system, cell]];
  });
  if (cells.length < 2 || cells.every(([, { readOnly }]) => readOnly)) return undefined;
  return {
    field: target.entity,
    type: { kind: "reference", to: target.entity },
    rule: null,
    cells: Object.fromEntries(cells),
  };
}

function pointsTo({ cell, type }: CellSchema, { entity }: ProposedEntity, object: ObjectName): boolean {
  if (type.kind === "reference") return type.many !== true && objectName(type.to) === objectName(object);
  const stem = / id$/u.test(plainName(cell)) ? plainName(cell).replace(/ id$/u, "") : null;
  const names = entityConcepts.find((concept) => concept.entity === entity)?.names ?? [];
  return stem !== null && [entity.toLowerCase(), objectName(object), ...names].includes(stem);
}
