import type { FieldType } from "../../src/model/field-type.ts";
import type { RawValue } from "../../src/model/value.ts";
import { canonical } from "../canonical.ts";
import type { Change, SimRecord, SimSystem } from "../simulated-system.ts";
import type { World } from "../world.ts";

/** What the checkers know of a world: the true histories, and what was committed. */
export type Truth = {
  readonly world: World;
  typeOf(field: string): FieldType;
  /** Fields of a group are decided as a unit: what holds for one value alone need not hold for them. */
  isGrouped(field: string): boolean;
  canon(field: string, value: RawValue | undefined): string | null;
  /** The same value after the system has stored it. */
  keptCanon(system: SimSystem, field: string, value: RawValue): string | null;
  /** Values that are kept in the journal or in a hold beside the one that won, by field. */
  isKept(field: string, value: string): boolean;
  /** Records that were merged into this one, itself included. */
  familyOf(system: SimSystem, id: string): SimRecord[];
  /** Golden records that the record ever belonged to. */
  goldensOf(system: string, id: string): ReadonlySet<string>;
};

export function truthOf(world: World): Truth {
  const types = new Map(world.scenario.fields.map((field) => [field.name, field.type]));
  const typeOf = (field: string): FieldType => types.get(field) ?? { kind: "text" };
  const canon = (field: string, value: RawValue | undefined) => canonical(typeOf(field), value);
  const kept = keptValues(world, canon);
  return {
    world,
    typeOf,
    isGrouped: (field) => world.scenario.fields.some((one) => one.name === field && one.group !== null),
    canon,
    keptCanon: (system, field, value) => canon(field, system.kept(field, system.raw(field, value as string))),
    isKept: (field, value) => kept.has(`${field}=${value}`),
    familyOf,
    goldensOf: (system, id) => world.ledger.goldensOf.get(`${system}/${id}`) ?? new Set(),
  };
}

function keptValues({ ledger }: World, canon: Truth["canon"]): ReadonlySet<string> {
  const kept = new Set<string>();
  const keep = (field: string, value: RawValue | undefined) => void kept.add(`${field}=${canon(field, value)}`);
  for (const line of ledger.journal) {
    if (line.field === null) continue;
    keep(line.field, line.other as RawValue);
    // What a person, a rule or a conflict replaced is told beside what replaced it; a plain fast-forward proves nothing.
    if (line.kind === "set" && line.why !== "fast-forward" && line.why !== "first value") {
      keep(line.field, line.from as RawValue);
    }
  }
  for (const hold of ledger.holds) {
    for (const candidate of hold.candidates) {
      for (const [field, value] of Object.entries(candidate.values)) keep(field, value as RawValue);
    }
  }
  return kept;
}

function familyOf(system: SimSystem, id: string): SimRecord[] {
  const found: SimRecord[] = [];
  const add = (one: string) => {
    const record = system.records.get(one);
    if (record === undefined || found.includes(record)) return;
    found.push(record);
    for (const other of system.records.values()) if (other.mergedInto === one) add(other.id);
  };
  add(id);
  return found;
}

export function isByPeople({ by }: Change): boolean {
  return by !== "truce";
}
