import type { FieldTypeKind } from "../../model/field-type.ts";
import type { CellSchema, MappedCell, MappedObject, ObjectSchema, SchemaProblem } from "../../ports/connector.ts";

/** What a mapping asks of objects as they are described and they can't do. */
export function mappingProblems(
  schemas: readonly ObjectSchema[],
  objects: readonly MappedObject[],
): readonly SchemaProblem[] {
  return objects.flatMap(({ object, cells }): SchemaProblem[] => {
    const schema = schemas.find((one) => one.object === object);
    if (schema === undefined)
      return [{ object, cell: null, severity: "error", message: `there is no object ${object}` }];
    return cells.flatMap((mapped): SchemaProblem[] => {
      const message = problemOf(schema, mapped);
      return message === null ? [] : [{ object, cell: mapped.cell, severity: "error", message }];
    });
  });
}

function problemOf({ object, cells }: ObjectSchema, mapped: MappedCell): string | null {
  const known = cells.find(({ cell }) => cell === mapped.cell);
  if (known === undefined) return `${object} has no ${mapped.cell}; it has ${cells.map(({ cell }) => cell).join(", ")}`;
  if (mapped.direction === "read") return null;
  if (known.readOnly) return `${mapped.cell} can't be written; map it with direction "read"`;
  return keeps(known, mapped)
    ? null
    : `${mapped.cell} is a ${known.nativeType}, which does not keep a ${mapped.type.kind}`;
}

/** Text keeps whatever is a text; other types keep their own. */
const texts: readonly FieldTypeKind[] = [
  ...["text", "name", "address", "email", "phone", "url", "domain"],
  ...["date", "datetime", "choice", "reference"],
] as FieldTypeKind[];

function keeps({ type }: CellSchema, mapped: MappedCell): boolean {
  if (type.kind === "number") return mapped.type.kind === "number" || mapped.type.kind === "money";
  return type.kind === "text"
    ? texts.includes(mapped.type.kind)
    : type.kind === mapped.type.kind || (texts.includes(type.kind) && mapped.type.kind === "text");
}
