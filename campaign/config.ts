import { demoPolicy } from "../demo/policy.ts";
import type { EntityPolicy, Rule } from "../src/model/policy.ts";

/** The demo's rules as a config file, for the binary. Addresses and secrets are references to its environment. */
export function companyConfig(): string {
  const entities = Object.fromEntries(Object.values(demoPolicy().entities).map((one) => [one.name, entityOf(one)]));
  const systems = {
    crm: {
      connector: "hubspot",
      url: "${CRM_URL}",
      token: "${CRM_TOKEN}",
      webhookSecrets: ["${CRM_SECRET}"],
      pollEvery: "1s",
    },
    db: { connector: "postgres", url: "${DATABASE_URL}" },
    marketing: {
      connector: "airtable",
      url: "${MARKETING_URL}",
      token: "${MARKETING_TOKEN}",
      base: "${MARKETING_BASE}",
      pollEvery: "1s",
    },
  };
  const settings = {
    dataFolder: "${DATA_FOLDER}",
    listen: "${LISTEN}",
    publicUrl: "${PUBLIC_URL}",
    sweepEvery: "never",
    retry: { attempts: 50, delay: "200ms", delayMax: "2s" },
  };
  // JSON is YAML.
  return JSON.stringify({ systems, entities, settings }, null, 2);
}

function entityOf(entity: EntityPolicy): object {
  const fields = Object.values(entity.fields).map(({ name, type: { kind, ...details }, rule, clears }) => [
    name,
    { type: kind, ...details, rule: ruleOf(rule), clears },
  ]);
  const systems = entity.mappings.map(({ system, object, create, fields: mapped }) => [
    system,
    {
      object,
      create,
      fields: Object.fromEntries(Object.entries(mapped).map(([field, one]) => [field, "cell" in one ? one.cell : ""])),
    },
  ]);
  return {
    fields: Object.fromEntries(fields),
    identity: entity.identity.map((key) => (key.fields.length === 1 ? key.fields[0] : key.fields)),
    deletes: "hold",
    duplicates: "hold",
    systems: Object.fromEntries(systems),
  };
}

function ruleOf(rule: Rule): object | string {
  switch (rule.kind) {
    case "review":
      return "review";
    case "prefer":
      return { prefer: rule.systems, otherwise: ruleOf(rule.otherwise) };
    case "newest":
      return { newest: ruleOf(rule.tie) };
    case "forward-only":
      return { forwardOnly: rule.stages };
    case "merge-text":
      return { mergeText: ruleOf(rule.otherwise) };
    default:
      throw new Error(`The demo has no rule ${rule.kind}.`);
  }
}
