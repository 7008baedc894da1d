import type { Hours } from "../core/hours.ts";
import { fieldRoles } from "../core/match/field-roles.ts";
import type { FieldType } from "../model/field-type.ts";
import type {
  EntityPolicy,
  FieldMapping,
  FieldPolicy,
  MassLimit,
  MatchingPolicy,
  ObjectMapping,
  Policy,
  Rule,
} from "../model/policy.ts";
import type { SystemId } from "../model/record.ts";
import { compileMapping } from "./compile-mapping.ts";
import type { ParsedConfig, ParsedEntity, ParsedField, ParsedSystem } from "./config-schema.ts";
import { matchingSchema } from "./entity-schema.ts";
import type { Reference } from "./reference.ts";
import type { RuleNode } from "./rule-schema.ts";

/** How one system is connected, by connector; durations in ms, secrets still references. */
export type SystemOptions = ParsedSystem;

export type Settings = {
  /** Relative to the config file. */
  readonly dataFolder: Reference;
  /** "sqlite", a PostgreSQL address, or `null`: by TRUCE_DATABASE_URL if that is set, else sqlite. */
  readonly store: Reference | null;
  readonly listen: Reference;
  readonly publicUrl: Reference | null;
  /** Secrets are still references. */
  readonly oidc: ParsedConfig["settings"]["oidc"] | null;
  /** `null`: never. */
  readonly sweepEveryMs: number | null;
  readonly sweepEveryMsOf: Readonly<Record<SystemId, number | null>>;
  readonly sweepHours: Hours | null;
  /** How long what is over is kept, in ms; `null`: for ever. */
  readonly keep: {
    readonly journalMs: number | null;
    readonly attemptsMs: number | null;
    readonly deadLettersMs: number | null;
  };
  /** Durations in ms; secrets are still references. */
  readonly alerts: ParsedConfig["settings"]["alerts"];
};

/** A config ready to run. */
export type Compiled = {
  readonly policy: Policy;
  readonly systems: Readonly<Record<SystemId, SystemOptions>>;
  readonly settings: Settings;
};

/** Turns a config that was checked into what the engine runs on. */
export function compileConfig(config: ParsedConfig): Compiled {
  const { systems, entities, settings } = config;
  const { retry } = settings;
  return {
    policy: {
      entities: mapValues(entities, compileEntity),
      clockSkewMs: mapValues(systems, ({ clockSkew }) => clockSkew),
      masses: {
        deletes: massOf(settings.guard.deletes),
        blanks: massOf(settings.guard.blanks),
        rewrites: massOf(settings.guard.rewrites),
      },
      retry: {
        attemptsMax: retry.attempts,
        delayMsBase: retry.delay,
        delayMsMax: Math.max(retry.delay, retry.delayMax),
      },
    },
    systems,
    settings: {
      dataFolder: settings.dataFolder,
      store: settings.store ?? null,
      listen: settings.listen,
      publicUrl: settings.publicUrl ?? null,
      oidc: settings.oidc ?? null,
      sweepEveryMs: everyMs(settings.sweepEvery),
      sweepEveryMsOf: Object.fromEntries(
        Object.entries(systems).flatMap(([system, { sweepEvery }]) =>
          sweepEvery === undefined ? [] : [[system, everyMs(sweepEvery)]],
        ),
      ),
      sweepHours: settings.sweepHours ?? null,
      keep: {
        journalMs: keptMs(settings.keep.journal),
        attemptsMs: keptMs(settings.keep.attempts),
        deadLettersMs: keptMs(settings.keep.deadLetters),
      },
      alerts: settings.alerts,
    },
  };
}

function everyMs(every: number | "never"): number | null {
  return every === "never" ? null : every;
}

function massOf(limit: MassLimit | "never"): MassLimit | null {
  return limit === "never" ? null : limit;
}

function keptMs(kept: number | "forever"): number | null {
  return kept === "forever" ? null : kept;
}

function compileEntity(entity: ParsedEntity, name: string): EntityPolicy {
  const order = fieldOrder(entity);
  return {
    name,
    fields: Object.fromEntries(order.map((field) => [field, compileField(entity, name, field)])),
    identity: entity.identity.map((fields) => ({ fields })),
    mappings: Object.entries(entity.systems).map(([system, mapping]): ObjectMapping => {
      const fields = order.flatMap((field): [string, FieldMapping][] => {
        const one = mapping.fields[field];
        return one === undefined ? [] : [[field, compileMapping(one, compileType(entity, field))]];
      });
      const { object, create, only, constants, merged } = mapping;
      return {
        system,
        object,
        create,
        fields: Object.fromEntries(fields),
        ...(only === undefined ? {} : { filter: { expression: only.when, leaves: only.leaves } }),
        ...(Object.keys(constants).length === 0 ? {} : { constants }),
        ...(merged === "keep" ? {} : { merged }),
      };
    }),
    matching: compileMatching(entity, name),
    deletes: entity.deletes,
    merges: entity.merges,
    duplicates: entity.duplicates,
    required: entity.required,
    settleMs: entity.settle,
  };
}

function compileMatching(entity: ParsedEntity, name: string): MatchingPolicy | null {
  const { fields, matching } = entity;
  if (matching === "off") return null;
  const { autoLink, review, fields: said } = matching === "on" ? matchingSchema.parse({}) : matching;
  const types = Object.keys(fields).map((field): [string, FieldType] => [field, compileType(entity, field)]);
  const roles = { ...fieldRoles(name, types), ...said };
  return {
    roles: Object.fromEntries(Object.entries(roles).filter(([, role]) => role !== "ignore")),
    autoLink: autoLink === "never" ? null : autoLink,
    review,
  };
}

/** Fields as declared, a group's together in the group's order: its first decides. */
function fieldOrder({ fields, groups }: ParsedEntity): string[] {
  const members = new Map(Object.values(groups).flatMap((group) => group.map((field) => [field, group] as const)));
  return [...new Set(Object.keys(fields).flatMap((field) => members.get(field) ?? [field]))];
}

function compileField(entity: ParsedEntity, entityName: string, name: string): FieldPolicy {
  const field = entity.fields[name] as ParsedField;
  const group = groupOf(entity, name);
  const { decisive, rule } = ruleOf(entity, name);
  return {
    name,
    type: compileType(entity, name),
    rule: compileRule(rule, field, `${entityName}.${decisive}`),
    clears: field.clears ?? entity.clears ?? "hold",
    group: group?.name ?? null,
  };
}

function groupOf(entity: ParsedEntity, field: string) {
  const found = Object.entries(entity.groups).find(([, fields]) => fields.includes(field));
  return found === undefined ? null : { name: found[0], members: found[1] };
}

/** A system may lack a group's first field, so each member carries its rule. */
function ruleOf(entity: ParsedEntity, name: string): { readonly decisive: string; readonly rule: RuleNode } {
  const decisive = groupOf(entity, name)?.members[0] ?? name;
  return { decisive, rule: entity.fields[decisive]?.rule ?? entity.rule ?? "review" };
}

/** A field's type. Without options of its own, a forward-only field has its stages for options. */
export function compileType(entity: ParsedEntity, name: string): FieldType {
  const field = entity.fields[name] as ParsedField;
  const { type: kind, country, currency, decimals, options, to, many } = field;
  switch (kind) {
    case "phone":
      return { kind, ...(country === undefined ? {} : { country }) };
    case "money":
      return { kind, ...(currency === undefined ? {} : { currency }) };
    case "number":
      return { kind, ...(decimals === undefined ? {} : { decimals }) };
    case "choice":
    case "set": {
      const rule = compileRule(ruleOf(entity, name).rule, field, name);
      const known = options ?? (rule.kind === "forward-only" ? rule.stages : undefined);
      return { kind, ...(known === undefined ? {} : { options: known }) };
    }
    case "reference":
      return { kind, to: to ?? "", ...(many === true ? { many } : {}) };
    default:
      return { kind };
  }
}

const review: Rule = { kind: "review" };

/** `name`: what a custom rule is called in the journal. */
function compileRule(rule: RuleNode, field: ParsedField, name: string): Rule {
  if (typeof rule === "string") {
    switch (rule) {
      case "newest":
        return { kind: rule, tie: review };
      case "merge-text":
        return { kind: rule, otherwise: review };
      case "forward-only":
        return { kind: rule, stages: field.options ?? [] };
      default:
        return { kind: rule };
    }
  }
  const inner = (one: RuleNode | undefined) => compileRule(one ?? "review", field, name);
  if (rule.owner !== undefined) return { kind: "owner", system: rule.owner };
  if (rule.prefer !== undefined) return { kind: "prefer", systems: rule.prefer, otherwise: inner(rule.otherwise) };
  if (rule.newest !== undefined) return { kind: "newest", tie: inner(rule.newest) };
  if (rule.mergeText !== undefined) return { kind: "merge-text", otherwise: inner(rule.mergeText) };
  if (rule.forwardOnly !== undefined) return { kind: "forward-only", stages: rule.forwardOnly };
  if (rule.custom !== undefined) return { kind: "custom", name: `custom ${name}`, decide: rule.custom };
  return review;
}

function mapValues<T, U>(record: Readonly<Record<string, T>>, change: (value: T, key: string) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value, key)]));
}
