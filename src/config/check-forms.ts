import { problemOfFilter, problemOfValue } from "../core/mapping/expression.ts";
import { normalizeValue } from "../core/normalize/normalize-value.ts";
import type { FieldType, FieldTypeKind } from "../model/field-type.ts";
import { repeated } from "./check-fields.ts";
import { compileType } from "./compile-config.ts";
import { brokenInverse } from "./compile-mapping.ts";
import type { ParsedEntity } from "./config-schema.ts";
import type { ParsedMapping } from "./mapping-schema.ts";
import type { EntityMeaning } from "./meaning.ts";
import { errorAt, type Finding, type Path, warningAt } from "./problem.ts";
import { didYouMean, listed } from "./words.ts";

/** Mappings that are more than one cell for one field: that they are whole, and that what is written reads back as what it was. */
export function checkForms(meaning: EntityMeaning): Finding[] {
  const { entity, path, fieldsOf, name } = meaning;
  return Object.entries(entity.systems).flatMap(([system, object]) => {
    const at = [...path, "systems", system];
    const forms = Object.entries(object.fields).flatMap(([field, mapping]) => {
      const declared = entity.fields[field];
      if (declared === undefined || mapping.part !== undefined) return [];
      return checkForm(mapping, compileType(entity, field), [...at, "fields", field]);
    });
    return [
      ...forms,
      ...checkTogether(object, fieldsOf(name), name, at),
      ...checkConstants(object, at),
      ...checkOnly(object, fieldsOf(name), at),
    ];
  });
}

type ParsedObject = ParsedEntity["systems"][string];

/** Types whose values have parts of their own, or are other records. */
const noForms: readonly FieldTypeKind[] = ["money", "reference"];

function checkForm(mapping: ParsedMapping, type: FieldType, path: Path): Finding[] {
  const { cells, values, otherwise, by, read, write, as } = mapping;
  const isExpression = read !== undefined || write !== undefined;
  const kinds = Object.entries({ values, by, read: isExpression || undefined }).flatMap(([kind, one]) =>
    one === undefined ? [] : [kind],
  );
  if (kinds.length > 1)
    return [errorAt(path, `${listed(kinds, "and")} exclude each other`, "Keep one of them.", "key")];
  if (kinds.length === 0 && as !== undefined)
    return [errorAt([...path, "as"], "as changes nothing by itself", "Add values, read or write.", "key")];
  if (otherwise !== undefined && values === undefined)
    return [errorAt([...path, "otherwise"], "otherwise belongs to values", "Add values, or remove it.", "key")];
  if ((kinds.length > 0 || cells !== undefined) && noForms.includes(type.kind))
    return [errorAt(path, `a field of type ${type.kind} is kept in one cell as it is`, "Write { cell, direction }.")];
  if (values !== undefined)
    return cells === undefined ? checkValues(mapping, values, type, path) : [oneCell("values", path)];
  if (isExpression) return checkExpressions(mapping, type, path);
  if (cells !== undefined) return [...checkSeam(by, cells.length, path), ...twice(cells, [...path, "cells"])];
  return by === undefined ? [] : [errorAt([...path, "by"], "by needs several cells", "Write cells: [first, second].")];
}

function oneCell(what: string, path: Path): Finding {
  return errorAt(path, `${what} are for one cell`, "Write cell in place of cells.");
}

function twice(items: readonly string[], path: Path): Finding[] {
  return repeated(items).map((one) => errorAt(path, `"${one}" is listed twice`, "Remove one of them."));
}

function checkSeam(by: string | undefined, count: number, path: Path): Finding[] {
  if (by === undefined) {
    const remedy = 'Add by: " ", by: name, or expressions under read and write.';
    return [errorAt(path, "nothing says how the cells are one field", remedy)];
  }
  if (by !== "name" || count === 2) return [];
  return [errorAt([...path, "by"], `a name has two parts, not ${count}`, "Name the given and the family name.")];
}

function checkValues(
  { direction, otherwise }: ParsedMapping,
  values: NonNullable<ParsedMapping["values"]>,
  type: FieldType,
  path: Path,
): Finding[] {
  const at = [...path, "values"];
  const rest = otherwise === undefined || otherwise === "refuse" ? {} : otherwise;
  const options = type.kind === "choice" || type.kind === "set" ? type.options : undefined;
  const single: FieldType = type.kind === "set" ? { ...type, kind: "choice" } : type;
  const unknown = [...Object.keys(values), ...(rest.read === undefined ? [] : [rest.read])].flatMap((value) => {
    const normalized = normalizeValue(single, value);
    if (normalized.ok) return [];
    return [
      errorAt(
        at,
        `"${value}" is no value of the field`,
        options === undefined ? normalized.reason : didYouMean(value, options),
      ),
    ];
  });
  const first = Object.values(values).map((names) => [names].flat()[0] ?? "");
  const shared = repeated(Object.values(values).flat()).map((one) => {
    const owners = Object.keys(values).filter((value) => [values[value] ?? []].flat().includes(one));
    const isWritten = first.filter((name) => name === one).length > 1;
    const remedy = "Nobody could tell which it is when it is read. Give each a name of its own.";
    return errorAt(at, `${listed(owners, "and")} are both ${isWritten ? "written as" : "read from"} "${one}"`, remedy);
  });
  const left = (options ?? []).filter((option) => !(option in values));
  const isSilent = direction === "read" || rest.write !== undefined || left.length === 0 || unknown.length > 0;
  const message = `${listed(left, "and")} ${left.length === 1 ? "has" : "have"} no name here, so ${left.length === 1 ? "it is" : "they are"} not written`;
  return [
    ...unknown,
    ...shared,
    ...(isSilent ? [] : [warningAt(at, message, "Add it, or otherwise: { write: ... }.")]),
  ];
}

function checkExpressions(mapping: ParsedMapping, type: FieldType, path: Path): Finding[] {
  const { cells = [mapping.cell], read, write, direction } = mapping;
  const writes = write === undefined ? [] : [write].flat();
  const wrong = [
    ...(read === undefined ? [] : [[read, "read"] as const]),
    ...writes.map((one) => [one, "write"] as const),
  ].flatMap(([text, key]) => {
    const problem = problemOfValue(text);
    return problem === null
      ? []
      : [errorAt([...path, key], `"${text}" is no expression: ${problem}`, "See docs/mapping.md.")];
  });
  if (wrong.length > 0) return wrong;
  if (write !== undefined && writes.length !== cells.length) {
    const remedy = "Write one expression a cell, in the cells' order.";
    return [errorAt([...path, "write"], `${cells.length} cells have ${writes.length} expressions`, remedy)];
  }
  const missing =
    direction !== "write" && read === undefined ? "read" : direction !== "read" && write === undefined ? "write" : null;
  if (missing !== null) {
    const way = missing === "read" ? "write" : "read";
    const remedy = `Add ${missing}, its inverse, or make the direction ${way}.`;
    return [errorAt([...path, "direction"], `${way} alone is one-way, and the direction is ${direction}`, remedy)];
  }
  const broken = brokenInverse(mapping, type);
  if (broken === null) return [];
  const remedy = "It is only read. Correct one of them, or write direction: read.";
  return [warningAt(path, `read does not undo write: ${broken}`, remedy)];
}

function checkTogether(
  { together, fields: mapped }: ParsedObject,
  fields: readonly string[],
  name: string,
  at: Path,
): Finding[] {
  const owner = new Map<string, string>();
  return Object.entries(together).flatMap(([cell, { fields: parts, by }]) => {
    const path = [...at, "together", cell];
    const wrong = parts.flatMap((field, i): Finding[] => {
      const other = owner.get(field);
      owner.set(field, cell);
      if (!fields.includes(field))
        return [errorAt([...path, "fields", i], `${name} has no field "${field}"`, didYouMean(field, fields))];
      if (other !== undefined || mapped[field]?.part === undefined) {
        const where = other === cell ? "twice" : `in "${other ?? mapped[field]?.cell ?? ""}" too`;
        return [errorAt([...path, "fields", i], `${field} is ${where}`, "A field is kept in one place of a system.")];
      }
      return [];
    });
    return [...wrong, ...checkSeam(by, parts.length, path)];
  });
}

function checkConstants({ constants, create, fields }: ParsedObject, at: Path): Finding[] {
  const names = Object.keys(constants);
  const taken = Object.entries(fields).flatMap(([field, { cell, cells = [cell], direction }]) =>
    direction === "read" ? [] : cells.filter((one) => names.includes(one)).map((one) => ({ one, field })),
  );
  const clashes = taken.map(({ one, field }) =>
    errorAt([...at, "constants", one], `"${one}" is the cell of ${field}`, "Remove one of them.", "key"),
  );
  if (create || names.length === 0) return clashes;
  const message = "constants are for records that Truce makes, and it makes none here";
  return [...clashes, warningAt([...at, "constants"], message, "Add create: true, or remove them.", "key")];
}

function checkOnly({ only }: ParsedObject, fields: readonly string[], at: Path): Finding[] {
  if (only === undefined) return [];
  const problem = problemOfFilter(only.when, fields);
  return problem === null
    ? []
    : [errorAt([...at, "only"], `"${only.when}" is no filter: ${problem}`, `Fields are ${listed(fields, "and")}.`)];
}
