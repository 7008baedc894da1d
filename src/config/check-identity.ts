import type { FieldTypeKind } from "../model/field-type.ts";
import { repeated } from "./check-fields.ts";
import type { EntityMeaning } from "./meaning.ts";
import { errorAt, type Finding, type Path, warningAt } from "./problem.ts";
import { didYouMean, listed } from "./words.ts";

/** Types whose values tell things apart at all. */
const never: readonly FieldTypeKind[] = ["boolean", "set", "money"];
/** Types that tell things apart only together with others. */
const notAlone: readonly FieldTypeKind[] = ["choice", "date", "datetime", "address", "reference"];

/** Identity keys: fields that are there, of types that can identify, readable in two systems; and the required fields. */
export function checkIdentity(meaning: EntityMeaning): Finding[] {
  const { entity, path, isHurt } = meaning;
  const keys = entity.identity.flatMap((key, i) => checkKey(meaning, key, [...path, "identity", i]));
  return [
    ...keys,
    ...checkRequired(meaning),
    ...(isHurt([...path, "identity"]) || isHurt([...path, "systems"]) || keys.length > 0 ? [] : checkMeeting(meaning)),
  ];
}

function checkKey({ entity, name, fieldsOf }: EntityMeaning, key: readonly string[], path: Path): Finding[] {
  const fields = fieldsOf(name);
  const at = (i: number): Path => (key.length === 1 ? path : [...path, i]);
  const findings = key.flatMap((field, i): Finding[] => {
    if (!fields.includes(field)) return [errorAt(at(i), `${name} has no field "${field}"`, didYouMean(field, fields))];
    const type = entity.fields[field]?.type;
    if (type === undefined) return [];
    if (never.includes(type)) {
      const remedy = "Use an e-mail, phone, domain, number or text that belongs to one thing only.";
      return [errorAt(at(i), `${field} is of type ${type}, which identifies nothing`, remedy)];
    }
    if (key.length === 1 && notAlone.includes(type)) {
      const remedy = `Combine it with others: [${field}, ...].`;
      return [errorAt(at(i), `${field} is of type ${type}, which identifies nothing alone`, remedy)];
    }
    if (key.length === 1 && type === "name") {
      const message = `${field} alone is taken to identify a ${name}, and two may share it`;
      return [warningAt(at(i), message, `Combine it with another field: [${field}, ...].`)];
    }
    return [];
  });
  const twice = repeated(key).map((field) => errorAt(path, `${field} is listed twice`, "Remove one of them."));
  return [...findings, ...twice];
}

function checkRequired({ entity, name, path, fieldsOf }: EntityMeaning): Finding[] {
  const fields = fieldsOf(name);
  return entity.required.flatMap((field, i) =>
    fields.includes(field)
      ? []
      : [errorAt([...path, "required", i], `${name} has no field "${field}"`, didYouMean(field, fields))],
  );
}

/** Records meet only by a key that two systems have. */
function checkMeeting({ entity, name, path }: EntityMeaning): Finding[] {
  const mappings = Object.values(entity.systems);
  if (mappings.length < 2) return [];
  if (entity.identity.length === 0) {
    const message = `${name} has no identity: records of different systems never meet, and every one counts as new`;
    return [warningAt(path, message, "Add identity: [email], or what names one thing.", "key")];
  }
  const isShared = (key: readonly string[]) =>
    mappings.filter(({ fields }) => key.every((field) => (fields[field]?.direction ?? "write") !== "write")).length > 1;
  return entity.identity.flatMap((key, i) => {
    if (isShared(key)) return [];
    const message = `${listed(key, "and")} can be read in fewer than two systems, so no records meet by it`;
    return [warningAt([...path, "identity", i], message, null)];
  });
}
