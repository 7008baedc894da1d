import type { FieldType } from "../src/model/field-type.ts";
import type { EntityPolicy, FieldMapping, FieldPolicy, ObjectMapping, Policy, Rule } from "../src/model/policy.ts";
import type { FieldValue } from "../src/model/value.ts";
import type { KindName } from "./profile.ts";

/**
 * A world as plain data: what is there, what goes wrong how often, and what happens when. The same scenario is the same run; a smaller one is
 * a story that a person can read.
 */
export type Scenario = {
  readonly seed: number;
  /** How long users, faults and operators are at work, in ms. */
  readonly spanMs: number;
  readonly systems: readonly SystemSetup[];
  readonly fields: readonly FieldSetup[];
  readonly deletes: EntityPolicy["deletes"];
  readonly duplicates: EntityPolicy["duplicates"];
  readonly merges: NonNullable<EntityPolicy["merges"]>;
  readonly required: readonly string[];
  /** Fields that a record is known by, the strongest first. */
  readonly identity: readonly string[];
  /** People have names and birth dates, and are matched by them where no key tells who they are. */
  readonly matching: boolean;
  readonly settleMs: number;
  /** One: it holds the store alone. Several: they share it. */
  readonly engines: number;
  readonly odds: Odds;
  readonly sweepEveryMs: number | null;
  /** How often each system's schema is compared with the config. */
  readonly schemaEveryMs: number | null;
  /** Records that are there at the start. */
  readonly records: readonly { readonly system: string; readonly values: Values }[];
  readonly actions: readonly Action[];
  /** At the end people decide all that is held. */
  readonly decideAll: boolean;
};

export type Values = Readonly<Record<string, FieldValue>>;

export type SystemSetup = {
  readonly name: string;
  readonly kind: KindName;
  /** Its clock less the true time, in ms. */
  readonly skewMs: number;
  readonly creates: boolean;
  /** It keeps no create key and lets two records have one e-mail: whoever makes a record must look for it first. */
  readonly keyless: boolean;
  /** Cuts notes after so many characters. */
  readonly lengthMax: number | null;
  /** Refuses values that end in this. */
  readonly refuses: string | null;
  /** A workflow of a third party that rewrites this cell after someone changed it, at most so many times. */
  readonly automation: { readonly cell: string; readonly times: number } | null;
};

export type RuleName = Exclude<Rule["kind"], "custom"> | "custom";

export type FieldSetup = {
  readonly name: string;
  readonly type: FieldType;
  readonly rule: RuleName;
  readonly clears: FieldPolicy["clears"];
  readonly group: string | null;
  /** Systems where it is not simply mapped both ways; `null`: not mapped there. */
  readonly directions: Readonly<Record<string, FieldMapping["direction"] | null>>;
};

/** Odds of what goes wrong at each call, in [0, 1]. */
export type Odds = {
  readonly failBefore: number;
  readonly failAfter: number;
  readonly rateLimit: number;
  readonly slow: number;
  /** Feed batches told twice, in another order, without some of their events, without their values, with some that were told long ago. */
  readonly repeat: number;
  readonly shuffle: number;
  readonly drop: number;
  readonly hint: number;
  readonly again: number;
  /** A page of a scan shows one record less, as when pages shift. */
  readonly shift: number;
  /** A user edits a cell just before a write of Truce's to it lands. */
  readonly rush: number;
  readonly storeFails: number;
  readonly commitUnknown: number;
  readonly tornLoad: number;
  /** The process dies at a call, before or after its effect. */
  readonly crash: number;
  readonly webhookRepeat: number;
  readonly webhookGarbled: number;
};

export const noOdds: Odds = {
  failBefore: 0,
  failAfter: 0,
  rateLimit: 0,
  slow: 0,
  repeat: 0,
  shuffle: 0,
  drop: 0,
  hint: 0,
  again: 0,
  shift: 0,
  rush: 0,
  storeFails: 0,
  commitUnknown: 0,
  tornLoad: 0,
  crash: 0,
  webhookRepeat: 0,
  webhookGarbled: 0,
};

/** What a user does to one cell. */
export type CellEdit =
  | { readonly set: FieldValue }
  | { readonly add: number }
  | { readonly tag: string }
  | { readonly untag: true }
  | { readonly toggle: true }
  /** A record of the same system that is there then. */
  | { readonly pick: number }
  /** A word before or after what is there. */
  | { readonly prepend: string }
  | { readonly append: string }
  /** Something that the field can't hold. */
  | { readonly junk: string };

/** `pick` in [0, 1) chooses among what is there at that moment. */
export type Action = { readonly at: number } & (
  | {
      readonly kind: "edit";
      readonly system: string;
      readonly pick: number;
      readonly cells: Readonly<Record<string, CellEdit>>;
    }
  | { readonly kind: "create"; readonly system: string; readonly values: Values }
  | { readonly kind: "duplicate" | "delete" | "undelete"; readonly system: string; readonly pick: number }
  | { readonly kind: "merge"; readonly system: string; readonly pick: number; readonly into: number }
  | {
      readonly kind: "decide";
      readonly pick: number;
      readonly choice: number;
      /** once: one reviewer. twice: two at once. stale: one, who was shown it earlier. */
      readonly how: "once" | "twice" | "stale";
    }
  | { readonly kind: "crash"; readonly engine: number }
  | { readonly kind: "pause"; readonly engine: number; readonly ms: number }
  | { readonly kind: "lose-feed" | "sweep"; readonly system: string }
  | { readonly kind: "outage"; readonly system: string; readonly ms: number }
  | { readonly kind: "drop-cell"; readonly system: string; readonly cell: string; readonly ms: number }
  | { readonly kind: "poison"; readonly system: string; readonly pick: number }
  | { readonly kind: "reconfigure"; readonly field: string; readonly rule: RuleName }
);

export const stages: readonly string[] = ["new", "lead", "customer", "partner"];
export const object = "contacts";

const matching: EntityPolicy["matching"] = {
  roles: { email: "email", name: "full-name", born: "birth-date" },
  autoLink: 0.995,
  review: 0.5,
};

/** The config of a scenario. `rules` are those that an operator has changed since. */
export function policyOf(scenario: Scenario, rules: ReadonlyMap<string, RuleName> = new Map()): Policy {
  const names = scenario.systems.map((system) => system.name);
  const fields = scenario.fields.map((field): [string, FieldPolicy] => [
    field.name,
    {
      name: field.name,
      type: field.type,
      rule: ruleOf(rules.get(field.name) ?? field.rule, names),
      clears: field.clears,
      group: field.group,
    },
  ]);
  const mappings = scenario.systems.map(
    ({ name, creates }): ObjectMapping => ({
      system: name,
      object,
      create: creates,
      fields: Object.fromEntries(
        scenario.fields.flatMap((field): [string, FieldMapping][] => {
          const direction = name in field.directions ? field.directions[name] : "both";
          return direction == null ? [] : [[field.name, { cell: field.name, direction }]];
        }),
      ),
    }),
  );
  const contact: EntityPolicy = {
    name: "contact",
    fields: Object.fromEntries(fields),
    identity: scenario.identity.map((field) => ({ fields: [field] })),
    matching: scenario.matching ? matching : null,
    mappings,
    deletes: scenario.deletes,
    duplicates: scenario.duplicates,
    merges: scenario.merges,
    required: scenario.required,
    settleMs: scenario.settleMs,
  };
  return {
    entities: { contact },
    clockSkewMs: Object.fromEntries(scenario.systems.map(({ name, skewMs }) => [name, Math.abs(skewMs)])),
    retry: { attemptsMax: 100, delayMsBase: 500, delayMsMax: 30_000 },
  };
}

function ruleOf(name: RuleName, systems: readonly string[]): Rule {
  const prefer: Rule = { kind: "prefer", systems, otherwise: { kind: "review" } };
  switch (name) {
    case "prefer":
      return prefer;
    case "owner":
      return { kind: "owner", system: systems[0] ?? "" };
    case "newest":
      return { kind: "newest", tie: { kind: "prefer", systems: systems.toReversed(), otherwise: { kind: "keep" } } };
    case "forward-only":
      return { kind: "forward-only", stages };
    case "merge-text":
      return { kind: "merge-text", otherwise: prefer };
    case "custom":
      return { kind: "custom", name: "greater text", decide: ({ golden, other }) => greaterText(golden, other) };
    default:
      return { kind: name };
  }
}

/** A blank loses. Undecided about anything but texts. */
function greaterText(a: FieldValue, b: FieldValue): FieldValue | undefined {
  if (a === null || b === null) return a ?? b;
  if (typeof a !== "string" || typeof b !== "string") return undefined;
  return a > b ? a : b;
}
