import { t } from "../text.ts";

/** A rule as the config writes it, and in words. */
export type Preset = { readonly rule: string; readonly label: string };

type Of = { readonly type: string; readonly options: readonly string[] };

const byType: Readonly<Record<string, readonly (readonly [rule: string, key: keyof typeof words])[]>> = {
  text: [
    ["longest", "longest"],
    ["merge-text", "merge-text"],
  ],
  name: [["longest", "longest"]],
  address: [["longest", "longest"]],
  url: [["longest", "longest"]],
  number: [
    ["max", "max"],
    ["min", "min"],
    ["counter", "counter"],
  ],
  money: [
    ["max", "max"],
    ["min", "min"],
  ],
  date: [
    ["max", "max"],
    ["min", "min"],
  ],
  datetime: [
    ["max", "max"],
    ["min", "min"],
  ],
  boolean: [
    ["any-true", "any-true"],
    ["all-true", "all-true"],
  ],
  set: [
    ["union", "union"],
    ["longest", "longest"],
  ],
};

const words = {
  longest: t("rule.longest"),
  "merge-text": t("rule.merge-text"),
  max: t("rule.max"),
  min: t("rule.min"),
  counter: t("rule.counter"),
  "any-true": t("rule.any-true"),
  "all-true": t("rule.all-true"),
  union: t("rule.union"),
};

/** The rules that a field can have, those that fit any first. */
export function presetsFor({ type, options }: Of, systems: readonly string[]): readonly Preset[] {
  return [
    { rule: "review", label: t("rule.review") },
    { rule: "newest", label: t("rule.newest") },
    ...systems.map((system) => ({ rule: preferring(system, systems), label: t("rule.prefer", { system }) })),
    ...systems.map((system) => ({ rule: `{ owner: ${system} }`, label: t("rule.owner", { system }) })),
    ...(byType[type] ?? []).map(([rule, key]) => ({ rule, label: words[key] })),
    ...(type === "choice" && options.length > 0
      ? [{ rule: "forward-only", label: t("rule.forward-only", { stages: options.join(" → ") }) }]
      : []),
    { rule: "keep", label: t("rule.keep") },
  ];
}

/** One system before the others, which keep their order. */
export function preferring(system: string, systems: readonly string[]): string {
  return `{ prefer: [${[system, ...systems.filter((one) => one !== system)].join(", ")}] }`;
}
