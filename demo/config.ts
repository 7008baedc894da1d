import { type DemoSystem, dealStages, type EntityName, stages } from "./story.ts";
import { type Connection, cellOf, type FieldShape, type SystemShape, shapeOf } from "./systems/system.ts";

/** A system that the config is about, the first ones preferred. */
export type MappedSystem = { readonly name: DemoSystem; readonly shape: SystemShape; readonly connection: Connection };

/**
 * The demo's rules and mapping as people write them. Nearly everything is decided by rule; notes on which two people wrote at once, and people who are
 * twice in a system, wait for a person.
 */
export function demoConfig(systems: readonly MappedSystem[], entities: readonly EntityName[]): string {
  const inOrder = `{ prefer: [${systems.map(({ name }) => name).join(", ")}] }`;
  return `\
# The demo's config. Edit it in the console under Rules & mapping: changes are tried on what has been decided so far.
systems:
${systems.map((system) => `  ${system.name}: ${connectionOf(system)}`).join("\n")}

entities:
${entities.map((entity) => entityText(entity, systems, inOrder)).join("\n")}
`;
}

const identity: Readonly<Record<EntityName, string>> = {
  contact: "[email, [phone, lastName]]",
  company: "[domain]",
  deal: "[title]",
};

function entityText(entity: EntityName, systems: readonly MappedSystem[], inOrder: string): string {
  const isUsed = (field: string) => systems.some(({ shape }) => shapeOf(shape, entity).fields[field] !== undefined);
  const fields = Object.entries(fieldsOf(entity, inOrder)).filter(([field]) => isUsed(field));
  return `\
  ${entity}:
    fields:
${fields.map(([field, text]) => `      ${field}: ${text}`).join("\n")}
    identity: ${identity[entity]}
    systems:
${systems.map((system) => mappingText(entity, system)).join("\n")}`;
}

function fieldsOf(entity: EntityName, inOrder: string): Readonly<Record<string, string>> {
  const newest = `rule: { newest: ${inOrder} }`;
  const notes = "{ type: text, rule: merge-text } # where two wrote at once, a person decides";
  switch (entity) {
    case "contact":
      return {
        email: `{ type: email, ${newest} }`,
        firstName: `{ type: name, rule: ${inOrder} }`,
        lastName: `{ type: name, rule: ${inOrder} }`,
        phone: `{ type: phone, country: DE, ${newest} }`,
        jobTitle: `{ type: text, ${newest} }`,
        city: `{ type: text, ${newest} }`,
        stage: `{ type: choice, options: [${stages.join(", ")}], rule: forward-only }`,
        notes,
        company: `{ type: reference, to: company, ${newest} }`,
      };
    case "company":
      return {
        domain: `{ type: domain, rule: ${inOrder} }`,
        name: `{ type: name, rule: ${inOrder} }`,
        phone: `{ type: phone, country: DE, ${newest} }`,
        city: `{ type: text, ${newest} }`,
        industry: `{ type: text, ${newest} }`,
      };
    case "deal":
      return {
        title: `{ type: text, rule: ${inOrder} }`,
        amount: `{ type: money, currency: EUR, ${newest} }`,
        stage: `{ type: choice, options: [${dealStages.join(", ")}], rule: forward-only }`,
        notes,
        company: `{ type: reference, to: company, ${newest} }`,
        contact: `{ type: reference, to: contact, ${newest} }`,
      };
  }
}

function mappingText(entity: EntityName, { name, shape }: MappedSystem): string {
  const { object, fields, constants } = shapeOf(shape, entity);
  return [
    `      ${name}:`,
    `        object: ${object}`,
    "        create: true",
    ...(constants === undefined ? [] : [`        constants: ${JSON.stringify(constants)}`]),
    "        fields:",
    ...Object.entries(fields).map(([field, cell]) => `          ${field}: ${cellText(cell)}`),
  ].join("\n");
}

/** A cell with the field's own values, or a picklist with names of its own for them. */
function cellText(field: FieldShape): string {
  const cell = cellOf(field);
  const text = /^[\w ]+$/u.test(cell) ? cell : JSON.stringify(cell);
  if (typeof field === "string" || field.values === undefined) return text;
  return `{ cell: ${text}, values: ${JSON.stringify(field.values)} }`;
}

/** How a system is connected, with its secrets as references. */
function connectionOf({ name, connection }: MappedSystem): string {
  const secret = (what: string) => JSON.stringify(`\${${name.toUpperCase()}_${what}}`);
  const { kind } = connection;
  switch (kind) {
    case "hubspot":
      return `{ connector: hubspot, token: ${secret("TOKEN")} }`;
    case "salesforce":
      return `{ connector: salesforce, url: ${secret("URL")}, clientId: ${secret("CLIENT_ID")}, clientSecret: ${secret("CLIENT_SECRET")} }`;
    case "activecampaign":
      return `{ connector: activecampaign, url: ${secret("URL")}, token: ${secret("TOKEN")} }`;
    case "airtable":
      return `{ connector: airtable, token: ${secret("TOKEN")}, base: ${secret("BASE")} }`;
    case "postgres":
    case "mysql":
      return `{ connector: ${kind}, url: ${secret("URL")} }`;
    case "rest": {
      const { defaults, objects } = connection.options;
      const { changes, ...others } = defaults ?? {};
      const settings = {
        connector: kind,
        url: `\${${name.toUpperCase()}_URL}`,
        auth: { type: "bearer", token: `\${${name.toUpperCase()}_TOKEN}` },
        defaults: {
          ...others,
          ...(changes?.type === "since" ? { changes: { type: "since", query: changes.query } } : {}),
        },
        objects,
      };
      return JSON.stringify(settings);
    }
  }
}
