import type { FieldType } from "../../model/field-type.ts";
import type { EntityType, FieldName } from "../../model/golden.ts";
import type { Role } from "../../model/match-role.ts";
import { byHeader } from "./scored/columns.ts";

/**
 * What each field of an entity tells about who or what a record is: by its type, else by its name. Fields that tell nothing (references, flags,
 * amounts, stages) are left out.
 */
export function fieldRoles(
  entity: EntityType,
  fields: readonly (readonly [FieldName, FieldType])[],
): Readonly<Record<FieldName, Role>> {
  const found = fields.map(([field, type]) => [field, roleOf(field, type)] as const);
  const isPerson = found.some(([, role]) => role !== null && personal.has(role)) || people.test(entity);
  return Object.fromEntries(
    found.flatMap(([field, role]): [FieldName, Role][] => {
      if (role === null) return [];
      if (role === "plain-name") return [[field, isPerson ? nameOfPerson(found) : "organisation"]];
      // Beside a person's name a title is Dr or a position, and a year alone is not a publication's.
      return role === "title" && isPerson ? [] : [[field, role]];
    }),
  );
}

type Found = Role | "plain-name" | null;

const personal: ReadonlySet<Found> = new Set(["given", "family", "full-name", "birth-date", "birth-year"]);
const people = /contact|person|people|lead|customer|employee|patient|member|user|student/iu;

/** The name of somebody whose given name and surname stand elsewhere is that of the company. */
function nameOfPerson(found: readonly (readonly [FieldName, Found])[]): Role {
  return found.some(([, role]) => role === "given" || role === "family") ? "organisation" : "full-name";
}

function roleOf(field: FieldName, { kind }: FieldType): Found {
  const named = /^names?$/iu.test(field) ? "plain-name" : (byHeader(field) ?? null);
  switch (kind) {
    case "email":
    case "phone":
      return kind;
    case "url":
    case "domain":
      return "website";
    case "address":
      return named ?? "street";
    case "name":
      return named ?? "full-name";
    case "date":
      return named === "birth-date" ? named : null;
    case "text":
    case "number":
      return named === "text" || named === "description" || named === "price" ? null : named;
    case "choice":
      return named === "country" || named === "region" ? named : null;
    default:
      return null;
  }
}
