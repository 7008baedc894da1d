import type { ParsedConfig, ParsedEntity } from "./config-schema.ts";
import { isOnWay, type Path, valueAt } from "./problem.ts";

/** A config that fits the schema, with the names of what its author wrote, faulty parts included. */
export type Meaning = {
  readonly config: ParsedConfig;
  readonly systems: readonly string[];
  readonly entities: readonly string[];
  fieldsOf(entity: string): readonly string[];
  /** True when something at, above or below this path was too faulty to be looked at: then nothing is said about what is absent. */
  isHurt(path: Path): boolean;
};

export function meaningOf(data: unknown, config: ParsedConfig, removed: readonly Path[]): Meaning {
  const namesAt = (path: Path) => Object.keys((valueAt(data, path) ?? {}) as object);
  return {
    config,
    systems: namesAt(["systems"]),
    entities: namesAt(["entities"]),
    fieldsOf: (entity) => namesAt(["entities", entity, "fields"]),
    isHurt: (path) => removed.some((one) => isOnWay(one, path)),
  };
}

/** One entity with the names around it. */
export type EntityMeaning = Meaning & { readonly name: string; readonly entity: ParsedEntity; readonly path: Path };

export function entityMeanings(meaning: Meaning): EntityMeaning[] {
  return Object.entries(meaning.config.entities).map(([name, entity]) => ({
    ...meaning,
    name,
    entity,
    path: ["entities", name],
  }));
}
