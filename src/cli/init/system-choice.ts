import type { SystemOptions } from "../../config/compile-config.ts";
import type { SystemId } from "../../model/record.ts";
import type { ProbedTool } from "../create-connector.ts";
import type { WrittenSystem } from "./config-text.ts";

export const connectors = ["hubspot", "salesforce", "postgres", "mysql", "airtable", "activecampaign", "rest"] as const;
export type ConnectorName = (typeof connectors)[number];

/** A system as it was chosen: how it is reached, with the name of the environment variable that holds the secret. */
export type SystemChoice = {
  readonly system: SystemId;
  readonly connector: ConnectorName;
  readonly variable: string;
  /** Airtable: `app...`. Salesforce: the org's address. REST: the collections' addresses, separated by commas. */
  readonly base: string | null;
  /** Another address than the vendor's own. */
  readonly url: string | null;
  /** REST: what the tool showed of itself. */
  readonly probed?: ProbedTool;
};

export const connectorLabels: Readonly<Record<ConnectorName, string>> = {
  hubspot: "HubSpot",
  salesforce: "Salesforce",
  postgres: "PostgreSQL",
  mysql: "MySQL or MariaDB",
  airtable: "Airtable",
  activecampaign: "ActiveCampaign",
  rest: "Another tool, by its JSON HTTP API",
};

/** What the secret is and where it comes from: the comment in .env.example and the hint of the question. */
export const secretHints: Readonly<Record<ConnectorName, string>> = {
  hubspot:
    "a private app's access token: Settings, Integrations, Private Apps; scopes crm.objects.* and crm.schemas.* of what is synced",
  salesforce:
    "a connected app's consumer secret: Setup, App Manager; with the client credentials flow and the scope api",
  postgres:
    "postgres://user:password@host:5432/database; the user may read and write the tables, and best of all replicate",
  mysql: "mysql://user:password@host:3306/database; the user may read and write the tables, and best of all replicate",
  airtable:
    "a personal access token: airtable.com/create/tokens; scopes data.records:read and :write, schema.bases:read and :write, webhook:manage",
  activecampaign: "an API key: Settings, Developer",
  rest: "the tool's API token, sent as a bearer; none if it takes anybody",
};

/** The variable that most people would call it; with the system's name where two systems share a connector. */
export function usualVariable(system: SystemId, connector: ConnectorName, isOnly: boolean): string {
  const kind = kinds[connector];
  if (isOnly) return connector === "postgres" ? "DATABASE_URL" : `${connector.toUpperCase()}_${kind}`;
  return `${system.replaceAll(/[^A-Za-z0-9]+/gu, "_").toUpperCase()}_${kind}`;
}

const kinds: Readonly<Record<ConnectorName, string>> = {
  hubspot: "TOKEN",
  salesforce: "CLIENT_SECRET",
  postgres: "URL",
  mysql: "URL",
  airtable: "TOKEN",
  activecampaign: "TOKEN",
  rest: "TOKEN",
};

/** Salesforce logs in with an id besides the secret: the variable for it, named after the secret's. */
function clientIdVariable(variable: string): string {
  return `${variable.replace(/_(?:CLIENT_)?SECRET$/u, "")}_CLIENT_ID`;
}

/** The variables that must have a value before there is a connection. */
export function variablesOf({ connector, variable }: Pick<SystemChoice, "connector" | "variable">): readonly string[] {
  return connector === "salesforce" ? [clientIdVariable(variable), variable] : [variable];
}

/** A database's address is its secret. */
function isDatabase(connector: ConnectorName): connector is "postgres" | "mysql" {
  return connector === "postgres" || connector === "mysql";
}

/** As the config writes it. */
export function writtenSystem({ system, connector, variable, base, url, probed }: SystemChoice): WrittenSystem {
  const secret = `\${${variable}}`;
  if (probed !== undefined) return { system, settings: { connector, ...probed.settings }, notes: probed.doubts };
  if (connector === "salesforce") {
    const clientId = `\${${clientIdVariable(variable)}}`;
    return { system, settings: { connector, url: url ?? base ?? "", clientId, clientSecret: secret } };
  }
  if (connector === "activecampaign") return { system, settings: { connector, url: url ?? base ?? "", token: secret } };
  const settings = isDatabase(connector) ? { connector, url: secret } : { connector, token: secret };
  return {
    system,
    settings: {
      ...settings,
      ...(base === null ? {} : { base }),
      ...(url === null || isDatabase(connector) ? {} : { url }),
    },
  };
}

/** As `createConnector` takes it. */
export function systemOptions({ connector, variable, base, url, probed }: SystemChoice): SystemOptions {
  const secret = `\${${variable}}`;
  const common = { clockSkew: 0, ...(url === null ? {} : { url }) };
  switch (connector) {
    case "postgres":
    case "mysql":
      return { connector, url: secret, capture: "auto", clockSkew: 0 };
    case "salesforce": {
      const clientId = `\${${clientIdVariable(variable)}}`;
      return { connector, url: url ?? base ?? "", clientId, clientSecret: secret, capture: "poll", clockSkew: 0 };
    }
    case "hubspot":
      return { connector, token: secret, webhookSecrets: [], ...common };
    case "airtable":
      return { connector, token: secret, base: base ?? "", ...common };
    case "activecampaign":
      return { connector, url: url ?? base ?? "", token: secret, clockSkew: 0 };
    case "rest":
      return { connector, url: "", objects: {}, ...probed?.settings, clockSkew: 0 };
  }
}
