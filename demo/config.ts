import { shape } from "./shape.ts";
import { type EntityName, stages, systems } from "./story.ts";

/** The demo's rules and mapping as people write them: what `demoPolicy` says, as a truce.yaml. */
export function demoConfig(): string {
  return `\
# The demo's config. Edit it in the console under Rules & mapping: changes are tried on what has been decided so far.
systems:
  crm: { connector: hubspot, token: \${HUBSPOT_TOKEN} }
  db: { connector: postgres, url: \${DATABASE_URL} }
  marketing: { connector: airtable, token: \${AIRTABLE_TOKEN}, base: \${AIRTABLE_BASE} }

entities:
  contact:
    fields:
      email: { type: email, rule: { newest: { prefer: [crm, db, marketing] } } }
      firstName: { type: name, rule: { prefer: [crm, db, marketing] } }
      lastName: { type: name, rule: { prefer: [crm, db, marketing] } }
      phone: { type: phone, country: DE, rule: { newest: { prefer: [crm, db, marketing] } } }
      jobTitle: { type: text, rule: { newest: { prefer: [crm, db, marketing] } } }
      city: { type: text, rule: { newest: { prefer: [crm, db, marketing] } } }
      stage: { type: choice, options: [${stages.join(", ")}], rule: forward-only }
      notes: { type: text, rule: merge-text } # where two wrote at once, a person decides
    identity: [email, [phone, lastName]]
    systems:
${mappings("contact")}
  company:
    fields:
      domain: { type: domain, rule: { prefer: [crm, db, marketing] } }
      name: { type: name, rule: { prefer: [crm, db, marketing] } }
      phone: { type: phone, country: DE, rule: { newest: { prefer: [crm, db, marketing] } } }
      city: { type: text, rule: { newest: { prefer: [crm, db, marketing] } } }
      industry: { type: text, rule: { newest: { prefer: [crm, db, marketing] } } }
    identity: [domain]
    systems:
${mappings("company")}
`;
}

function mappings(entity: EntityName): string {
  return systems
    .map((system) => {
      const { object, fields } = shape[system][entity];
      const cells = Object.entries(fields).map(([field, cell]) => `          ${field}: ${cell}`);
      return `      ${system}:\n        object: ${object}\n        create: true\n        fields:\n${cells.join("\n")}`;
    })
    .join("\n");
}
