import type { FieldType } from "./field-type.ts";
import type { EntityType, FieldName } from "./golden.ts";
import type { Role } from "./match-role.ts";
import type { CellName, ObjectName, SystemId } from "./record.ts";
import type { FieldValue } from "./value.ts";

/** How a true conflict on a field is resolved (survivorship rule). Data, apart from `custom`. */
export type Rule =
  /** This system is the source of truth: its value wins always, and edits elsewhere are put back. */
  | { readonly kind: "owner"; readonly system: SystemId }
  /** The first listed system wins; it speaks only when there is a true conflict. Not listed: after all listed; among equals `otherwise`. */
  | { readonly kind: "prefer"; readonly systems: readonly SystemId[]; readonly otherwise: Rule }
  /** The surely newer change wins; when the time intervals overlap, `tie` decides. */
  | { readonly kind: "newest"; readonly tie: Rule }
  /** The golden value stays. */
  | { readonly kind: "keep" }
  | { readonly kind: "longest" | "max" | "min" }
  /** Sets: all members of both, less those that either side took out of the base. */
  | { readonly kind: "union" }
  | { readonly kind: "any-true" | "all-true" }
  /** Numbers: both sides' differences to their base are added. */
  | { readonly kind: "counter" }
  /** The later stage in the list wins. */
  | { readonly kind: "forward-only"; readonly stages: readonly string[] }
  /** Text: a three-way merge by lines and words; overlapping changes go to `otherwise`. */
  | { readonly kind: "merge-text"; readonly otherwise: Rule }
  /** A person decides. */
  | { readonly kind: "review" }
  /** A pure function from the config file. */
  | { readonly kind: "custom"; readonly name: string; readonly decide: CustomRule };

/** Both sides of a conflict. Returns the value to keep, or `undefined` to leave it to a person. Must be pure. */
export type CustomRule = (conflict: {
  readonly field: FieldName;
  readonly base: FieldValue | undefined;
  readonly golden: FieldValue;
  readonly other: FieldValue;
  readonly goldenSystem: SystemId | null;
  readonly otherSystem: SystemId | null;
}) => FieldValue | undefined;

export type FieldPolicy = {
  readonly name: FieldName;
  readonly type: FieldType;
  readonly rule: Rule;
  /** What happens when someone empties the field: it travels, waits for a person, or is put back. */
  readonly clears: "propagate" | "hold" | "restore";
  /** While a mass of changed records is asked about one by one: no change of a value travels without a person's word. */
  readonly edits?: "hold";
  /** Fields of one group are decided as a unit (address parts; amount and currency). The group's rule is its first field's. */
  readonly group: string | null;
};

/** One field of an entity in one system. `read`: never written there. `write`: never taken from there. */
export type FieldMapping = {
  /** The cell that it is kept in; of several the first. */
  readonly cell: CellName;
  readonly direction: "both" | "read" | "write";
  /** How the value is kept there. Absent: as it is. */
  readonly form?: FieldForm;
};

/** How a field is kept in cells, where that is more than its value in a cell of its own. `cellType`: what each of the cells holds. */
export type FieldForm = { readonly cellType: FieldType } & (
  | {
      /** A picklist's values by other names. */
      readonly kind: "values";
      readonly toCell: Readonly<Record<string, string>>;
      readonly toField: Readonly<Record<string, string>>;
      /** What stands for a value that is not listed; `null`: it is refused. */
      readonly otherwise: { readonly read: string | null; readonly write: string | null };
    }
  /** The field is the parts together: a full name that is kept as first and last name. */
  | { readonly kind: "parts"; readonly cells: readonly CellName[]; readonly by: Seam }
  /** The cell is several fields together, this one at `index`: first and last name that are kept as a full name. */
  | { readonly kind: "part"; readonly index: number; readonly fields: readonly FieldName[]; readonly by: Seam }
  /** Expressions (CEL) over `value` (the first) and `values` (all). `write`: one a cell. `null`: not in that direction. */
  | {
      readonly kind: "expression";
      readonly cells: readonly CellName[];
      readonly read: string | null;
      readonly write: readonly string[] | null;
    }
);

/** What holds parts together: a separator, or `null` for the rules of a person's name (given and family). */
export type Seam = string | null;

/** Which records take part, by an expression (CEL) over the entity's fields. */
export type ObjectFilter = {
  readonly expression: string;
  /** A linked record that no longer passes: nothing travels to and from it until it does again, or it stays as it was. */
  readonly leaves: "pause" | "keep";
};

/** How records without a common key are matched: by how much they agree, field by field. */
export type MatchingPolicy = {
  /** What each field tells about who or what it is; fields that are not listed are not compared. */
  readonly roles: Readonly<Record<FieldName, Role>>;
  /** Probability from which a record is linked without a person: the share of such links that are right is higher still. `null`: never. */
  readonly autoLink: number | null;
  /** Probability from which a person is asked. */
  readonly review: number;
};

/** How an entity type appears in one system. */
export type ObjectMapping = {
  readonly system: SystemId;
  readonly object: ObjectName;
  readonly fields: Readonly<Record<FieldName, FieldMapping>>;
  /** Whether Truce may create records here. */
  readonly create: boolean;
  readonly filter?: ObjectFilter;
  /** Fields that are kept here, and that the system does not have as the config says: left alone until it does. */
  readonly paused?: readonly FieldName[];
  /**
   * What becomes of a second record that is here when two golden records become one, once it says nothing of its own any more: the system merges it
   * into the first, or it is deleted. Not said: both are kept equal.
   */
  readonly merged?: "merge" | "delete";
  /** What a record that Truce creates holds in cells that no field is kept in. */
  readonly constants?: Readonly<Record<CellName, string | boolean | number>>;
};

/** Fields that together name one thing, exactly. Strongest first in the entity's list. */
export type IdentityKey = { readonly fields: readonly FieldName[] };

export type EntityPolicy = {
  readonly name: EntityType;
  readonly fields: Readonly<Record<FieldName, FieldPolicy>>;
  readonly identity: readonly IdentityKey[];
  /** `null`: records meet by identity keys alone. */
  readonly matching: MatchingPolicy | null;
  readonly mappings: readonly ObjectMapping[];
  /** What a deletion in one system means for the others. `archive`: the link is dropped, others stay. */
  readonly deletes: "hold" | "propagate" | "archive" | "ignore";
  /**
   * Records that are merged inside a system, and whose golden records have records elsewhere: a person is asked whether those are one as well (also
   * where it is not said), or the golden records become one and all their records are kept equal.
   */
  readonly merges?: "hold" | "link";
  /** Two records of one system with one identity: kept for a person, or both linked to one golden record and kept equal. */
  readonly duplicates: "hold" | "link";
  /** Fields without which no golden record is made. */
  readonly required: readonly FieldName[];
  /** How long after a record's last change it is written on, so that half-typed values don't travel. */
  readonly settleMs: number;
};

/** The config as data: all that a decision may depend on besides state and observation. */
/** What may not travel from one object in masses without a person's word: deletions, emptied fields, changed values. */
export type FlowKind = "deletes" | "blanks" | "rewrites";

/** So many records of one object a day, or so many percent of it where that is less; 20 at least. */
export type MassLimit = { readonly records: number; readonly percent: number };

export type Policy = {
  readonly entities: Readonly<Record<EntityType, EntityPolicy>>;
  /** How far each system's clock may be off, in ms; its times become intervals of that width. */
  readonly clockSkewMs: Readonly<Record<SystemId, number>>;
  readonly retry: RetryPolicy;
  /** What passes these is stopped; `null`: however many they are. Left out: 500 and 5 % for deletes and blanks, rewrites are not counted. */
  readonly masses?: Readonly<Record<FlowKind, MassLimit | null>>;
};

export type RetryPolicy = { readonly attemptsMax: number; readonly delayMsBase: number; readonly delayMsMax: number };

/** The entity type and mapping that a record of this system and object belongs to. */
export function mappingOf(
  policy: Policy,
  system: SystemId,
  object: ObjectName,
): { readonly entity: EntityPolicy; readonly mapping: ObjectMapping } | null {
  for (const entity of Object.values(policy.entities)) {
    const mapping = entity.mappings.find((m) => m.system === system && m.object === object);
    if (mapping !== undefined) return { entity, mapping };
  }
  return null;
}
