import { getCountries } from "libphonenumber-js";
import type { ParsedField } from "./config-schema.ts";
import type { EntityMeaning } from "./meaning.ts";
import { errorAt, type Finding, type Path, warningAt } from "./problem.ts";
import { didYouMean, listed } from "./words.ts";

/** Each field by itself: that its type's details belong to its type, and that it goes somewhere. */
export function checkFields(meaning: EntityMeaning): Finding[] {
  return Object.entries(meaning.entity.fields).flatMap(([name, field]) => {
    const path = [...meaning.path, "fields", name];
    return [...checkDetails(meaning, field, path), ...checkUse(meaning, name, path)];
  });
}

const belongsTo = {
  country: ["phone"],
  currency: ["money"],
  decimals: ["number"],
  options: ["choice", "set"],
  to: ["reference"],
  many: ["reference"],
} as const satisfies Record<string, readonly ParsedField["type"][]>;

function checkDetails({ entities }: EntityMeaning, field: ParsedField, path: Path): Finding[] {
  const findings: Finding[] = [];
  for (const [detail, types] of Object.entries(belongsTo)) {
    if (field[detail as keyof typeof belongsTo] === undefined || (types as readonly string[]).includes(field.type))
      continue;
    const remedy = `Remove it, or make the type ${listed(types)}.`;
    findings.push(errorAt([...path, detail], `a field of type ${field.type} has no ${detail}`, remedy, "key"));
  }
  const { country, currency, options, to } = field;
  if (country !== undefined && !getCountries().some((one) => one === country)) {
    const known = getCountries().find((one) => one === country.toUpperCase());
    const remedy = known === undefined ? "Write its two letters of ISO 3166: US, DE, BR ..." : `Write ${known}.`;
    findings.push(errorAt([...path, "country"], `"${country}" is no country`, remedy));
  }
  if (currency !== undefined && !Intl.supportedValuesOf("currency").includes(currency)) {
    const remedy = "Write its three letters of ISO 4217: USD, EUR, BRL ...";
    findings.push(errorAt([...path, "currency"], `"${currency}" is no currency`, remedy));
  }
  for (const option of repeated(options ?? [])) {
    findings.push(errorAt([...path, "options"], `the option "${option}" is listed twice`, "Remove one of them."));
  }
  if (field.type === "reference" && to === undefined) {
    findings.push(errorAt(path, "a reference names no entity", `Add to: ${listed(entities)}.`));
  }
  if (to !== undefined && !entities.includes(to)) {
    findings.push(errorAt([...path, "to"], `there is no entity "${to}"`, didYouMean(to, entities)));
  }
  return findings;
}

/** A value must come from somewhere and go somewhere; a field that only identifies may just be read. */
function checkUse({ entity, path: entityPath, isHurt }: EntityMeaning, name: string, path: Path): Finding[] {
  if (isHurt([...entityPath, "systems"])) return [];
  const directions = Object.values(entity.systems).flatMap(({ fields }) => fields[name]?.direction ?? []);
  if (directions.length === 0) {
    const remedy = "Name its cell under systems, or remove the field.";
    return [errorAt(path, `${name} is mapped in no system`, remedy, "key")];
  }
  const isUsed = [...entity.identity.flat(), ...entity.required].includes(name);
  if (directions.every((direction) => direction === "read") && !isUsed) {
    const remedy = 'Give one system direction "both" or "write", or remove the field.';
    return [errorAt(path, `${name} is only read, in every system: its value goes nowhere`, remedy, "key")];
  }
  if (directions.every((direction) => direction === "write")) {
    const remedy = 'Give one system direction "both" or "read".';
    return [errorAt(path, `${name} is only written, in every system: no value ever comes`, remedy, "key")];
  }
  if (directions.length === 1 && Object.keys(entity.systems).length > 1 && !isUsed) {
    return [warningAt(path, `${name} is mapped in one system only: there is nothing to keep equal`, null, "key")];
  }
  return [];
}

/** What occurs more than once, each once. */
export function repeated(items: readonly string[]): string[] {
  return [...new Set(items.filter((item, i) => items.indexOf(item) !== i))];
}
