import type { SystemOptions } from "../../config/compile-config.ts";
import type { SystemId } from "../../model/record.ts";
import type { WrittenSystem } from "./config-text.ts";

export const connectors = ["hubspot", "postgres", "airtable"] as const;
export type ConnectorName = (typeof connectors)[number];

/** A system as it was chosen: how it is reached, with the name of the environment variable that holds the secret. */
export type SystemChoice = {
  readonly system: SystemId;
  readonly connector: ConnectorName;
  readonly variable: string;
  /** Airtable only: `app...` */
  readonly base: string | null;
  /** Another address than the vendor's own. */
  readonly url: string | null;
};

export const connectorLabels: Readonly<Record<ConnectorName, string>> = {
  hubspot: "HubSpot",
  postgres: "PostgreSQL",
  airtable: "Airtable",
};

/** What the secret is and where it comes from: the comment in .env.example and the hint of the question. */
export const secretHints: Readonly<Record<ConnectorName, string>> = {
  hubspot:
    "a private app's access token: Settings, Integrations, Private Apps; scopes crm.objects.* and crm.schemas.* of what is synced",
  postgres:
    "postgres://user:password@host:5432/database; the user may read and write the tables, and best of all replicate",
  airtable:
    "a personal access token: airtable.com/create/tokens; scopes data.records:read and :write, schema.bases:read and :write, webhook:manage",
};

/** The variable that most people would call it; with the system's name where two systems share a connector. */
export function usualVariable(system: SystemId, connector: ConnectorName, isOnly: boolean): string {
  const kind = connector === "postgres" ? "URL" : "TOKEN";
  if (isOnly) return connector === "postgres" ? "DATABASE_URL" : `${connector.toUpperCase()}_${kind}`;
  return `${system.replaceAll(/[^A-Za-z0-9]+/gu, "_").toUpperCase()}_${kind}`;
}

/** As the config writes it. */
export function writtenSystem({ system, connector, variable, base, url }: SystemChoice): WrittenSystem {
  const secret = `\${${variable}}`;
  const settings = connector === "postgres" ? { connector, url: secret } : { connector, token: secret };
  return {
    system,
    settings: {
      ...settings,
      ...(base === null ? {} : { base }),
      ...(url === null || connector === "postgres" ? {} : { url }),
    },
  };
}

/** As `createConnector` takes it. */
export function systemOptions({ connector, variable, base, url }: SystemChoice): SystemOptions {
  const secret = `\${${variable}}`;
  const common = { clockSkew: 0, ...(url === null ? {} : { url }) };
  switch (connector) {
    case "postgres":
      return { connector, url: secret, capture: "auto", clockSkew: 0 };
    case "hubspot":
      return { connector, token: secret, webhookSecrets: [], ...common };
    case "airtable":
      return { connector, token: secret, base: base ?? "", ...common };
  }
}
