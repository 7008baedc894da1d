import type { FieldType } from "../../model/field-type.ts";
import type { ObjectName, SystemId } from "../../model/record.ts";
import type { CellSchema, ObjectSchema } from "../../ports/connector.ts";
import { type Concept, type EntityConcept, entityConcepts } from "./concepts.ts";
import { fitTypes } from "./fit-types.ts";
import { fieldName, objectName, tightName } from "./plain-name.ts";
import { withReferences } from "./propose-references.ts";

/** A system with all its objects, as its connector describes them. */
export type DescribedSystem = {
  readonly system: SystemId;
  readonly connector: string;
  readonly objects: readonly ObjectSchema[];
};

export type ProposedField = {
  readonly field: string;
  readonly type: FieldType;
  /** A rule of its own, as YAML; `null`: the entity's. */
  readonly rule: string | null;
  readonly cells: Readonly<Record<SystemId, Pick<CellSchema, "cell" | "readOnly">>>;
};

/** A field that systems share and that still can't simply be mapped. */
export type LeftOut = {
  readonly field: string;
  readonly cells: Readonly<Record<SystemId, string>>;
  readonly reason: string;
};

export type ProposedEntity = {
  readonly entity: string;
  readonly objects: Readonly<Record<SystemId, ObjectName>>;
  readonly fields: readonly ProposedField[];
  readonly leftOut: readonly LeftOut[];
  readonly identity: readonly (readonly string[])[];
  readonly groups: Readonly<Record<string, readonly string[]>>;
};

/**
 * Which objects of the systems are one entity, and which of their cells one field: by names and what customer data usually is, then by equal
 * names. Only what two systems share is proposed.
 */
export function propose(systems: readonly DescribedSystem[]): ProposedEntity[] {
  const taken = new Set<string>();
  const known = entityConcepts.flatMap((concept) => {
    const objects = bestObjects(systems, taken, (object) => rankOf(concept, object), concept.fields);
    return entityOf(concept, objects);
  });
  const names = new Set(systems.flatMap(({ objects }) => objects.map(({ object }) => objectName(object))));
  const others = [...names].flatMap((name) => {
    const concept: EntityConcept = { entity: fieldName(name), names: [name], fields: [], identity: [] };
    const objects = bestObjects(systems, taken, (object) => (objectName(object.object) === name ? 0 : null), []);
    return entityOf(concept, objects);
  });
  return withReferences([...known, ...others], systems);

  function entityOf(concept: EntityConcept, objects: ReadonlyMap<SystemId, ObjectSchema>): ProposedEntity[] {
    if (objects.size < 2) return [];
    const entity = proposeEntity(concept, objects, systems);
    if (entity.fields.length === 0) return [];
    for (const [system, { object }] of objects) taken.add(`${system}/${object}`);
    return [entity];
  }
}

/** How near an object's name is to the entity's, 0 nearest; `null`: it is something else. */
function rankOf({ names }: EntityConcept, { object, label }: ObjectSchema): number | null {
  const ranks = [objectName(object), objectName(label)]
    .map((name) => names.indexOf(name))
    .filter((rank) => rank !== -1);
  return ranks.length === 0 ? null : Math.min(...ranks);
}

/** In each system the object that is it: the one with most of the entity's cells, then by name. */
function bestObjects(
  systems: readonly DescribedSystem[],
  taken: ReadonlySet<string>,
  rank: (object: ObjectSchema) => number | null,
  concepts: readonly Concept[],
): Map<SystemId, ObjectSchema> {
  const best = new Map<SystemId, ObjectSchema>();
  for (const { system, objects } of systems) {
    const ranked = objects
      .filter(({ object }) => !taken.has(`${system}/${object}`))
      .flatMap((object) => {
        const place = rank(object);
        const fields = concepts.filter((concept) => cellFor(concept, object.cells) !== undefined).length;
        return place === null || (concepts.length > 0 && fields === 0) ? [] : [{ object, place, fields }];
      });
    // Leads may have more of a contact's fields than contacts have: among those that are about as full the nearest name is meant.
    const full = Math.max(0, ...ranked.map(({ fields }) => fields)) / 2;
    const isFull = ({ fields }: { readonly fields: number }) => Number(fields >= full);
    ranked.sort((a, b) => isFull(b) - isFull(a) || a.place - b.place || b.fields - a.fields);
    if (ranked[0] !== undefined) best.set(system, ranked[0].object);
  }
  return best;
}

type Found = {
  readonly field: string;
  readonly wanted: FieldType["kind"] | null;
  readonly cells: ReadonlyMap<SystemId, CellSchema>;
};

function proposeEntity(
  concept: EntityConcept,
  objects: ReadonlyMap<SystemId, ObjectSchema>,
  systems: readonly DescribedSystem[],
): ProposedEntity {
  const fields: ProposedField[] = [];
  const leftOut: LeftOut[] = [];
  for (const { field, wanted, cells } of sharedCells(concept, objects)) {
    const fit = fitTypes(
      [...cells.values()].map(({ type }) => type),
      wanted,
    );
    const names = Object.fromEntries([...cells].map(([system, { cell }]) => [system, cell]));
    if ("reason" in fit) {
      leftOut.push({ field, cells: names, reason: fit.reason });
      continue;
    }
    // What nobody may write can't be kept equal.
    if ([...cells.values()].every(({ readOnly }) => readOnly)) continue;
    fields.push({
      field,
      type: fit.type,
      rule: ruleFor(field, fit.type, cells, systems),
      cells: Object.fromEntries(cells),
    });
  }
  const has = (field: string) => fields.some((one) => one.field === field);
  return {
    entity: concept.entity,
    objects: Object.fromEntries([...objects].map(([system, { object }]) => [system, object])),
    fields,
    leftOut,
    identity: identityOf(concept, fields),
    groups: has("street") && has("city") ? { address: ["street", "city", "state", "zip", "country"].filter(has) } : {},
  };
}

/** First by what the entity usually has, then by equal names of what is left. */
function sharedCells(concept: EntityConcept, objects: ReadonlyMap<SystemId, ObjectSchema>): Found[] {
  const left = new Map([...objects].map(([system, { cells }]) => [system, cells.filter((cell) => !isTechnical(cell))]));
  const found: Found[] = [];
  const take = (
    field: string,
    wanted: FieldType["kind"] | null,
    find: (cells: readonly CellSchema[]) => CellSchema | undefined,
  ) => {
    const cells = new Map(
      [...left].flatMap(([system, all]) =>
        [find(all)].flatMap((cell) => (cell === undefined ? [] : [[system, cell] as const])),
      ),
    );
    if (cells.size < 2) return;
    for (const [system, cell] of cells)
      left.set(
        system,
        (left.get(system) ?? []).filter((one) => one !== cell),
      );
    found.push({ field, wanted, cells });
  };
  for (const one of concept.fields) take(one.field, one.type, (cells) => cellFor(one, cells));
  const names = new Map([...left.values()].flat().map(({ cell }) => [tightName(cell), cell]));
  const used = new Set(found.map(({ field }) => field));
  for (const [tight, cell] of names) {
    const field = fieldName(cell);
    if (!used.has(field)) take(field, null, (cells) => cells.find((one) => tightName(one.cell) === tight));
  }
  return found;
}

function cellFor({ names }: Concept, cells: readonly CellSchema[]): CellSchema | undefined {
  for (const name of names.map(tightName)) {
    const found =
      cells.find(({ cell }) => tightName(cell) === name) ??
      cells.find(({ label }) => tightName(label) === name) ??
      cells.find(({ cell }) => tightName(innerName(cell)) === name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What a path names: "name.familyName" is the family name, "emails.0.value" the e-mail. */
function innerName(cell: string): string {
  const parts = cell.split(".");
  const index = parts.lastIndexOf("0");
  const isValue = index > 0 && /^(?:value|address|number)$/u.test(parts.at(-1) ?? "");
  return isValue ? objectName(parts[index - 1] ?? "") : (parts.at(-1) ?? "");
}

const technicalNames = new Set(
  [
    "id",
    "uuid",
    "record id",
    "truce id",
    "created",
    "created at",
    "create date",
    "created date",
    "created time",
    "created on",
    "updated",
    "updated at",
    "updated on",
    "modified",
    "modified at",
    "last modified",
    "last modified date",
    "last modified time",
    "deleted at",
    "owner",
    "owner id",
  ].map(tightName),
);

/** What a system keeps about its records for itself. */
function isTechnical({ cell, label }: CellSchema): boolean {
  return technicalNames.has(tightName(cell)) || technicalNames.has(tightName(label)) || /^hs_|^hubspot_/u.test(cell);
}

function ruleFor(
  field: string,
  type: FieldType,
  cells: ReadonlyMap<SystemId, CellSchema>,
  systems: readonly DescribedSystem[],
): string | null {
  // HubSpot itself takes no earlier stage.
  const isForward = [...cells].some(
    ([id, { cell }]) =>
      cell === "lifecyclestage" && systems.find(({ system }) => system === id)?.connector === "hubspot",
  );
  if (isForward && type.kind === "choice" && type.options !== undefined) return "forward-only";
  if (type.kind === "set") return "union";
  return field === "notes" && type.kind === "text" ? "merge-text" : null;
}

function identityOf({ identity }: EntityConcept, fields: readonly ProposedField[]): (readonly string[])[] {
  const names = fields.map(({ field }) => field);
  const usual = identity.filter((key) => key.every((field) => names.includes(field)));
  if (usual.length > 0) return usual;
  const telling = fields
    .filter(({ type }) => type.kind === "email" || type.kind === "domain")
    .map(({ field }) => [field]);
  return telling.slice(0, 1);
}
