import type { ParsedConfig, ParsedSystem } from "./config-schema.ts";
import { errorAt, type Finding, type Path } from "./problem.ts";
import { didYouMean } from "./words.ts";

type RestSystem = ParsedSystem & { readonly connector: "rest" };
type ObjectSettings = RestSystem["objects"][string];

/** What is said of a REST tool and does not fit together. */
export function checkRest(name: string, system: RestSystem): Finding[] {
  return Object.entries(system.objects).flatMap(([object, own]) =>
    checkObject({ ...system.defaults, ...own }, ["systems", name, "objects", object]),
  );
}

/** Objects that are mapped without being described, where a system describes its own. */
export function checkDescribed(config: ParsedConfig, name: string, system: { readonly objects: object }): Finding[] {
  const known = Object.keys(system.objects);
  return Object.entries(config.entities).flatMap(([entity, { systems }]): Finding[] => {
    const object = systems[name]?.object;
    if (object === undefined || known.includes(object)) return [];
    const path = ["entities", entity, "systems", name, "object"];
    return [errorAt(path, `${name} describes no object "${object}"`, didYouMean(object, known))];
  });
}

function checkObject({ changes, update, deleted, modifiedAt, ...rest }: ObjectSettings, path: Path): Finding[] {
  const findings: Finding[] = [];
  if (changes?.type === "since" && modifiedAt === undefined) {
    const remedy = "Add modifiedAt: where a record tells when it was last changed.";
    findings.push(
      errorAt(path, "changes since a moment are asked for, but no record is said to tell its own", remedy, "key"),
    );
  }
  if (update?.clear === "omit" && (update.sends ?? (update.method === "PUT" ? "record" : "changes")) === "changes") {
    const remedy = "Add update.sends: record if a write replaces the record, or clear with null or empty.";
    findings.push(errorAt(path, "a field that is left out of a change in part stays as it is", remedy, "key"));
  }
  if (rest.delete?.method === "mark" && deleted === undefined) {
    findings.push(
      errorAt(path, "records are deleted by a mark, and no field is it", "Add deleted: { field: ... }.", "key"),
    );
  }
  return findings;
}
