import type { ParsedEntity } from "./config-schema.ts";
import { type EntityMeaning, entityMeanings, type Meaning } from "./meaning.ts";
import { errorAt, type Finding, type Path, warningAt } from "./problem.ts";
import { didYouMean } from "./words.ts";

/** Where entities live: systems and fields that are there, each object and cell used once. */
export function checkMappings(meaning: EntityMeaning): Finding[] {
  const { entity, name, path, systems, fieldsOf, isHurt } = meaning;
  const fields = fieldsOf(name);
  const count = Object.keys(entity.systems).length;
  const findings = Object.entries(entity.systems).flatMap(([system, mapping]): Finding[] => {
    const at = [...path, "systems", system];
    const unknown = systems.includes(system)
      ? []
      : [errorAt(at, `there is no system "${system}"`, didYouMean(system, systems), "key")];
    const strangers = Object.keys(mapping.fields)
      // Those under together are told there.
      .filter((field) => !fields.includes(field) && mapping.fields[field]?.part === undefined)
      .map((field) =>
        errorAt([...at, "fields", field], `${name} has no field "${field}"`, didYouMean(field, fields), "key"),
      );
    return [
      ...unknown,
      ...strangers,
      ...checkObject(mapping, at, isHurt([...at, "fields"])),
      ...sharedCells(mapping, at),
      ...checkTargets(meaning, system, mapping, at),
      ...checkMerged(meaning, system, mapping, at),
    ];
  });
  if (count > 1 || isHurt([...path, "systems"])) return findings;
  const message =
    count === 0 ? `${name} lives in no system` : `${name} lives in one system only: there is nothing to keep equal`;
  const remedy = "Add the others under systems.";
  return [...findings, count === 0 ? errorAt(path, message, remedy, "key") : warningAt(path, message, remedy, "key")];
}

type Mapping = ParsedEntity["systems"][string];

function checkObject({ object, fields, create }: Mapping, at: Path, isHurt: boolean): Finding[] {
  const findings: Finding[] = [];
  if (object.includes("/")) {
    findings.push(errorAt([...at, "object"], `"${object}" has a slash in it`, "Name the table or object type itself."));
  }
  if (isHurt) return findings;
  const directions = Object.values(fields).map(({ direction }) => direction);
  if (directions.length === 0) {
    findings.push(errorAt([...at, "fields"], "no field is mapped here", "Name the fields that this system has."));
  } else if (create && directions.every((direction) => direction === "read")) {
    const remedy = 'Give the fields direction "both", or remove create.';
    findings.push(errorAt([...at, "create"], "records shall be created here, but every field is only read", remedy));
  }
  return findings;
}

/** A reference is the id of a record there, so what it points to must be known there. */
function checkTargets({ config, entity }: EntityMeaning, system: string, { fields }: Mapping, at: Path): Finding[] {
  return Object.keys(fields).flatMap((field) => {
    const to = entity.fields[field]?.to;
    const target = to === undefined ? undefined : config.entities[to];
    if (to === undefined || target === undefined || system in target.systems) return [];
    const message = `${field} points to a ${to}, and ${system} has none`;
    return [errorAt([...at, "fields", field], message, `Map ${to} in ${system}, or leave ${field} out there.`)];
  });
}

/** Systems with a merge of their own; a connector of one's own may have one. */
const merging = ["hubspot", "custom"];

function checkMerged(
  { config, entity, name }: EntityMeaning,
  system: string,
  { merged }: Mapping,
  at: Path,
): Finding[] {
  const connector = config.systems[system]?.connector;
  const there = [...at, "merged"];
  if (merged !== "keep" && entity.merges !== "link")
    return [
      errorAt(there, `what is merged elsewhere is held, so nothing is left over here`, `Add merges: link to ${name}.`),
    ];
  const pointing = Object.entries(config.entities).find(
    ([, one]) =>
      system in one.systems &&
      Object.keys(one.systems[system]?.fields ?? {}).some((field) => one.fields[field]?.to === name),
  );
  if (merged === "delete" && pointing !== undefined) {
    const message = `each ${pointing[0]} that points to a deleted ${name} would lose what it points to`;
    return [errorAt(there, message, "Write keep, or merge where the system has a merge.")];
  }
  if (merged !== "merge" || connector === undefined || merging.includes(connector)) return [];
  const remedy = "Write delete: the second record is deleted once all it held is agreed on; or keep.";
  return [errorAt(there, `${system} has no merge that Truce could call`, remedy)];
}

/** Two fields that are written to one cell would undo each other for ever. */
function sharedCells({ fields }: Mapping, at: Path): Finding[] {
  const writers = new Map<string, string>();
  return Object.entries(fields).flatMap(([field, { cell, cells = [cell], direction, part }]) => {
    if (direction === "read") return [];
    return cells.flatMap((one) => {
      const other = writers.get(one);
      writers.set(one, other ?? field);
      if (other === undefined || part?.fields.includes(other) === true) return [];
      const remedy = `Give one of them direction "read", or another cell.`;
      return [errorAt([...at, "fields", field], `${field} and ${other} are both written to "${one}"`, remedy)];
    });
  });
}

/** A record belongs to one entity: no two may have the same object of a system. */
export function checkSharedObjects(meaning: Meaning): Finding[] {
  const owners = new Map<string, string>();
  return entityMeanings(meaning).flatMap(({ name, entity, path }) =>
    Object.entries(entity.systems).flatMap(([system, { object }]) => {
      const key = JSON.stringify([system, object]);
      const other = owners.get(key);
      if (other === undefined) {
        owners.set(key, name);
        return [];
      }
      const message = `${object} of ${system} is mapped by ${other} too`;
      return [errorAt([...path, "systems", system, "object"], message, "An object belongs to one entity.")];
    }),
  );
}
