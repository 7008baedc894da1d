import { type Conflict, resolve } from "../core/resolve/resolve.ts";
import type { FieldName } from "../model/golden.ts";
import type { Candidate, Hold } from "../model/hold.ts";
import type { EntityPolicy, FieldPolicy, Rule } from "../model/policy.ts";
import { type FieldValue, sameValue } from "../model/value.ts";

/** What one rule would do with a held conflict. */
export type RuleChoice = {
  /** As the config names it: "newest", "prefer crm" ... */
  readonly rule: string;
  readonly isConfigured: boolean;
  /** The candidate whose values it would take; `null` when it would make others, or can't say. */
  readonly candidate: number | null;
  /** What it would make of them; `null`: it leaves this to a person. */
  readonly values: Readonly<Record<FieldName, FieldValue>> | null;
};

/** What each rule that fits the held fields would choose, the configured one first. */
export function ruleChoices(hold: Hold, entity: EntityPolicy): readonly RuleChoice[] {
  const [first] = hold.fields;
  const policy = first === undefined ? undefined : entity.fields[first];
  if (hold.kind !== "conflict" || policy === undefined || hold.candidates.length < 2) return [];
  const others = fittingRules(hold, policy).filter(({ name }) => name !== nameOf(policy.rule));
  return [{ name: nameOf(policy.rule), rule: policy.rule }, ...others].map(({ name, rule }, i) => ({
    rule: name,
    isConfigured: i === 0,
    ...outcome(hold, entity, rule),
  }));
}

type Named = { readonly name: string; readonly rule: Rule };

const undecided: Rule = { kind: "review" };

function fittingRules(hold: Hold, { type, rule }: FieldPolicy): Named[] {
  const systems = new Set(
    hold.candidates.flatMap(({ source }) => (source.kind === "record" ? [source.ref.system] : [])),
  );
  const kinds: Record<string, readonly Rule[]> = {
    text: [{ kind: "longest" }, { kind: "merge-text", otherwise: undecided }],
    name: [{ kind: "longest" }],
    address: [{ kind: "longest" }],
    number: [{ kind: "max" }, { kind: "min" }, { kind: "counter" }],
    money: [{ kind: "max" }, { kind: "min" }],
    date: [{ kind: "max" }, { kind: "min" }],
    datetime: [{ kind: "max" }, { kind: "min" }],
    boolean: [{ kind: "any-true" }, { kind: "all-true" }],
    set: [{ kind: "union" }],
    choice: rule.kind === "forward-only" ? [rule] : [],
  };
  const rules: Rule[] = [
    { kind: "newest", tie: undecided },
    ...[...systems].map((system): Rule => ({ kind: "prefer", systems: [system], otherwise: undecided })),
    ...(kinds[type.kind] ?? []),
    { kind: "keep" },
  ];
  return rules.map((one) => ({ name: nameOf(one), rule: one }));
}

function nameOf(rule: Rule): string {
  switch (rule.kind) {
    case "owner":
      return `owner ${rule.system}`;
    case "prefer":
      return `prefer ${rule.systems.join(", ")}`;
    case "custom":
      return `custom ${rule.name}`;
    default:
      return rule.kind;
  }
}

/** The rule applied to the candidates one after the other, as they would have come in. Groups are decided by their first field. */
function outcome(hold: Hold, entity: EntityPolicy, rule: Rule): Pick<RuleChoice, "candidate" | "values"> {
  const [field = ""] = hold.fields;
  const policy = entity.fields[field];
  const [first, ...rest] = hold.candidates;
  if (policy === undefined || first === undefined) return { candidate: null, values: null };
  let best: { candidate: number | null; side: Candidate } = { candidate: 0, side: first };
  for (const [i, other] of rest.entries()) {
    const resolution = resolve(rule, conflictOf(hold, policy, best.side, other));
    if (resolution.kind === "undecided") return { candidate: null, values: null };
    if (resolution.kind === "other") best = { candidate: i + 1, side: other };
    if (resolution.kind !== "value") continue;
    if (hold.fields.length > 1) return { candidate: null, values: null };
    const values = { [field]: resolution.value };
    const equal = hold.candidates.findIndex((one) => sameValue(one.values[field], resolution.value));
    best = { candidate: equal === -1 ? null : equal, side: { ...best.side, values } };
  }
  return { candidate: best.candidate, values: best.side.values };
}

function conflictOf(hold: Hold, { name, type }: FieldPolicy, side: Candidate, other: Candidate): Conflict {
  return {
    field: name,
    type,
    base: hold.base[name],
    golden: { value: side.values[name] ?? null, version: 1, changedAt: side.at, source: side.source },
    other: {
      value: other.values[name] ?? null,
      at: other.at,
      system: other.source.kind === "record" ? other.source.ref.system : "",
    },
  };
}
