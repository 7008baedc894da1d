import type { FieldTypeKind } from "../model/field-type.ts";
import { repeated } from "./check-fields.ts";
import type { ParsedField } from "./config-schema.ts";
import type { EntityMeaning } from "./meaning.ts";
import { errorAt, type Finding, type Path, warningAt } from "./problem.ts";
import { ruleName } from "./rule-name.ts";
import type { RuleNode, RuleParts } from "./rule-schema.ts";
import { didYouMean, listed } from "./words.ts";

/** The types whose values a rule can decide about; rules that are not here decide about any. */
const fits: Readonly<Record<string, readonly FieldTypeKind[]>> = {
  longest: ["text", "name", "address", "url", "set"],
  max: ["number", "money", "date", "datetime"],
  min: ["number", "money", "date", "datetime"],
  union: ["set"],
  "any-true": ["boolean"],
  "all-true": ["boolean"],
  counter: ["number"],
  "forward-only": ["choice"],
  "merge-text": ["text"],
};

/** Every field's rule: that it fits the type, and that what it names is there. */
export function checkRules(meaning: EntityMeaning): Finding[] {
  const { entity, path } = meaning;
  const ofEntity = entity.rule === undefined ? [] : checkNames(meaning, entity.rule, [...path, "rule"]);
  return [
    ...ofEntity,
    ...Object.entries(entity.fields).flatMap(([name, field]) => {
      const fieldPath = [...path, "fields", name];
      if (field.rule !== undefined) {
        const rulePath = [...fieldPath, "rule"];
        return [
          ...checkNames(meaning, field.rule, rulePath),
          ...checkFit(field, field.rule, rulePath),
          ...checkReach(meaning, name, field.rule, rulePath),
        ];
      }
      return entity.rule === undefined ? [] : inherited(meaning, name, field, entity.rule, fieldPath);
    }),
  ];
}

/** A rule of the entity that does not suit one of its fields is told at the field. */
function inherited(meaning: EntityMeaning, name: string, field: ParsedField, rule: RuleNode, path: Path): Finding[] {
  const unfit = [...checkFit(field, rule, path), ...checkReach(meaning, name, rule, path)].filter(
    (one) => one.severity === "error",
  );
  const remedy = `It is the rule of ${meaning.name}; give ${name} one of its own.`;
  return unfit.slice(0, 1).map(({ message }) => errorAt(path, message, remedy, "key"));
}

/** Systems that a rule names, and where it may stand. */
function checkNames(meaning: EntityMeaning, rule: RuleNode, path: Path, isInner = false): Finding[] {
  if (typeof rule === "string") return [];
  const { systems } = meaning;
  const named: (readonly [string, Path])[] = [
    ...(rule.owner === undefined ? [] : [[rule.owner, [...path, "owner"]] as const]),
    ...(rule.prefer ?? []).map((system, i) => [system, [...path, "prefer", i]] as const),
  ];
  const findings = named
    .filter(([system]) => !systems.includes(system))
    .map(([system, at]) => errorAt(at, `there is no system "${system}"`, didYouMean(system, systems)));
  for (const system of repeated(rule.prefer ?? [])) {
    findings.push(errorAt([...path, "prefer"], `${system} is listed twice`, "Remove one of them."));
  }
  if (isInner && rule.owner !== undefined) {
    const remedy = `An owner decides always, so it can't be a second rule. Write prefer: [${rule.owner}] here.`;
    findings.push(errorAt([...path, "owner"], "owner stands inside another rule", remedy, "key"));
  }
  return [...findings, ...innerRules(rule).flatMap(([key, inner]) => checkNames(meaning, inner, [...path, key], true))];
}

function checkFit(field: ParsedField, rule: RuleNode, path: Path): Finding[] {
  const name = ruleName(rule);
  const types = fits[name];
  const isMany = field.type === "reference" && field.many === true;
  if (types !== undefined && !types.includes(isMany ? "set" : field.type)) {
    const remedy = `${name} is for ${listed(types)}.`;
    return [errorAt(path, `the rule ${name} can't decide about a field of type ${field.type}`, remedy)];
  }
  if (name === "forward-only") return checkStages(field, rule, path);
  if (typeof rule === "string") return [];
  return innerRules(rule).flatMap(([key, inner]) => checkFit(field, inner, [...path, key]));
}

function checkStages({ options }: ParsedField, rule: RuleNode, path: Path): Finding[] {
  if (typeof rule === "string") {
    const remedy = "List the field's options in order, or write forwardOnly: [first, second, ...].";
    return options === undefined ? [errorAt(path, "forward-only knows no stages", remedy)] : [];
  }
  const stages = rule.forwardOnly ?? [];
  const at = [...path, "forwardOnly"];
  if (stages.length < 2) return [errorAt(at, "forward-only needs two stages at least", "List them in order.")];
  const twice = repeated(stages).map((stage) =>
    errorAt(at, `the stage "${stage}" is listed twice`, "Remove one of them."),
  );
  if (options === undefined) return twice;
  const unknown = stages.flatMap((stage, i) =>
    options.includes(stage)
      ? []
      : [errorAt([...at, i], `the stage "${stage}" is not among the options`, didYouMean(stage, options))],
  );
  const left = options.filter((option) => !stages.includes(option));
  if (unknown.length > 0 || left.length === 0) return [...twice, ...unknown];
  const message = `${listed(left, "and")} ${left.length === 1 ? "is an option but no stage" : "are options but no stages"}`;
  return [...twice, warningAt(at, message, "A value that is no stage counts as earlier than all of them.")];
}

/** An owner must be able to say what it owns. */
function checkReach(
  { entity, systems, path, isHurt }: EntityMeaning,
  name: string,
  rule: RuleNode,
  rulePath: Path,
): Finding[] {
  if (typeof rule === "string" || isHurt([...path, "systems"])) return [];
  const reads = (system: string) => (entity.systems[system]?.fields[name]?.direction ?? "write") !== "write";
  const { owner, prefer = [] } = rule;
  if (owner !== undefined && systems.includes(owner) && !reads(owner)) {
    const remedy = `Map ${name} under systems.${owner}, or name another owner.`;
    return [errorAt([...rulePath, "owner"], `${owner} owns ${name}, but ${name} is not read from ${owner}`, remedy)];
  }
  return prefer.flatMap((system, i) => {
    if (!systems.includes(system) || reads(system)) return [];
    return [warningAt([...rulePath, "prefer", i], `${name} is not read from ${system}, so ${system} never wins`, null)];
  });
}

function innerRules(rule: RuleParts): (readonly [string, RuleNode])[] {
  const { otherwise, newest, mergeText } = rule;
  return Object.entries({ otherwise, newest, mergeText }).flatMap(([key, inner]) =>
    inner === undefined ? [] : [[key, inner] as const],
  );
}
