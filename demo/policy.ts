import type { FieldType } from "../src/model/field-type.ts";
import type { EntityPolicy, FieldPolicy, Policy, Rule } from "../src/model/policy.ts";
import { shape } from "./shape.ts";
import { type EntityName, stages, systems } from "./story.ts";

const crmFirst: Rule = { kind: "prefer", systems: ["crm", "db", "marketing"], otherwise: { kind: "review" } };
const newest: Rule = { kind: "newest", tie: crmFirst };

const fields: Readonly<Record<EntityName, Readonly<Record<string, readonly [FieldType, Rule]>>>> = {
  contact: {
    email: [{ kind: "email" }, newest],
    firstName: [{ kind: "name" }, crmFirst],
    lastName: [{ kind: "name" }, crmFirst],
    phone: [{ kind: "phone", country: "DE" }, newest],
    jobTitle: [{ kind: "text" }, newest],
    city: [{ kind: "text" }, newest],
    stage: [
      { kind: "choice", options: stages },
      { kind: "forward-only", stages },
    ],
    notes: [{ kind: "text" }, { kind: "merge-text", otherwise: { kind: "review" } }],
  },
  company: {
    domain: [{ kind: "domain" }, crmFirst],
    name: [{ kind: "name" }, crmFirst],
    phone: [{ kind: "phone", country: "DE" }, newest],
    city: [{ kind: "text" }, newest],
    industry: [{ kind: "text" }, newest],
  },
};

/** The demo's rules: nearly everything is decided by rule; notes on which two people wrote at once, and people who are twice in a system, wait for a person. */
export function demoPolicy(): Policy {
  return {
    entities: {
      contact: entityOf("contact", [["email"], ["phone", "lastName"]]),
      company: entityOf("company", [["domain"]]),
    },
    clockSkewMs: {},
    retry: { attemptsMax: 50, delayMsBase: 200, delayMsMax: 5_000 },
  };
}

function entityOf(name: EntityName, identity: readonly (readonly string[])[]): EntityPolicy {
  const policies = Object.entries(fields[name]).map(([field, [type, rule]]): [string, FieldPolicy] => [
    field,
    { name: field, type, rule, clears: "hold", group: null },
  ]);
  return {
    name,
    fields: Object.fromEntries(policies),
    identity: identity.map((one) => ({ fields: one })),
    matching: null,
    mappings: systems.map((system) => ({
      system,
      object: shape[system][name].object,
      create: true,
      fields: Object.fromEntries(
        Object.entries(shape[system][name].fields).map(([field, cell]) => [
          field,
          { cell, direction: "both" as const },
        ]),
      ),
    })),
    deletes: "hold",
    duplicates: "hold",
    required: [],
    settleMs: 0,
  };
}
