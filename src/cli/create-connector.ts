import { resolve } from "node:path";
import { machineClock } from "../clock/machine.ts";
import type { SystemOptions } from "../config/compile-config.ts";
import { type ReferenceSource, resolveReference } from "../config/reference.ts";
import type { SalesforceAuth } from "../connectors/salesforce/options.ts";
import type { SystemId } from "../model/record.ts";
import type { Clock } from "../ports/clock.ts";
import type { Connector, MappedObject } from "../ports/connector.ts";

export type ConnectorContext = {
  readonly system: SystemId;
  readonly objects: readonly MappedObject[];
  readonly source: ReferenceSource;
  /** Of the config: what its paths are relative to. */
  readonly folder: string;
  readonly clock: Clock;
  /** Public address of the webhook route of this system, if there is one. */
  readonly webhookUrl: string | null;
};

/** Connects to a system as the config says. A vendor's code is loaded only when it is used. */
export async function createConnector(options: SystemOptions, context: ConnectorContext): Promise<Connector> {
  const { system, objects, source, clock, webhookUrl } = context;
  const value = (reference: string) => resolveReference(reference, source);
  const optional = <Key extends string>(key: Key, reference: string | undefined) =>
    (reference === undefined ? {} : { [key]: value(reference) }) as { readonly [K in Key]?: string };
  const pollMs = "pollEvery" in options ? options.pollEvery : undefined;
  const poll = pollMs === undefined ? {} : { pollMs };
  switch (options.connector) {
    case "postgres": {
      const { createPostgresConnector } = await import("../connectors/postgres/connector.ts");
      const { capture } = options;
      return createPostgresConnector({ system, url: value(options.url), objects, clock, capture, ...poll });
    }
    case "mysql": {
      const { createMysqlConnector } = await import("../connectors/mysql/connector.ts");
      const { capture } = options;
      return createMysqlConnector({ system, url: value(options.url), objects, clock, capture, ...poll });
    }
    case "hubspot": {
      const { createHubSpotConnector } = await import("../connectors/hubspot/connector.ts");
      const { oauth } = options;
      const auth =
        oauth === undefined
          ? { token: value(options.token ?? "") }
          : {
              clientId: value(oauth.clientId),
              clientSecret: value(oauth.clientSecret),
              refreshToken: value(oauth.refreshToken),
            };
      return createHubSpotConnector({
        system,
        clock,
        auth,
        webhookSecrets: options.webhookSecrets.map(value),
        ...optional("baseUrl", options.url),
        ...(options.keyProperty === undefined ? {} : { keyProperty: options.keyProperty }),
        ...poll,
      });
    }
    case "salesforce": {
      const { createSalesforceConnector } = await import("../connectors/salesforce/connector.ts");
      return createSalesforceConnector({
        system,
        clock,
        url: value(options.url),
        auth: salesforceAuth(options, value),
        capture: options.capture,
        ...optional("pubsub", options.pubsub),
        ...(options.keyField === undefined ? {} : { keyField: options.keyField }),
        ...(options.allocationShare === undefined ? {} : { allocationShare: options.allocationShare }),
        ...poll,
      });
    }
    case "airtable": {
      const { createAirtableConnector } = await import("../connectors/airtable/connector.ts");
      return createAirtableConnector({
        system,
        clock,
        token: value(options.token),
        baseId: value(options.base),
        ...optional("endpointUrl", options.url),
        ...(options.keyField === undefined ? {} : { keyField: options.keyField }),
        ...(webhookUrl === null ? {} : { notificationUrl: webhookUrl }),
        ...poll,
      });
    }
    case "activecampaign": {
      const { createActiveCampaignConnector } = await import("../connectors/activecampaign/connector.ts");
      return createActiveCampaignConnector({
        system,
        clock,
        url: value(options.url),
        token: value(options.token),
        ...optional("webhookSecret", options.webhookSecret),
        ...(options.keyField === undefined ? {} : { keyField: options.keyField }),
        ...(webhookUrl === null ? {} : { notificationUrl: webhookUrl }),
        ...poll,
      });
    }
    case "rest": {
      const { createRestConnector } = await import("../connectors/rest/connector.ts");
      const { connector, clockSkew, recordUrl, pollEvery, timeout, ...rest } = resolveAll(options, source);
      return createRestConnector({ ...rest, system, clock, timeoutMs: timeout, ...poll }, objects);
    }
    case "files": {
      const { createFilesConnector } = await import("../connectors/files/connector.ts");
      const folder = resolve(context.folder, value(options.folder));
      return createFilesConnector({
        system,
        clock,
        folder,
        objects: options.objects,
        settleMs: options.settle,
        ...poll,
      });
    }
    case "custom": {
      const own = resolveAll(options.options, source);
      return options.use.connect({ system, options: own, clock, objects, webhookUrl });
    }
  }
}

/** The settings of a REST tool as its answers show them, and what they couldn't prove. */
export type ProbedTool = {
  readonly settings: Pick<SystemOptions & { readonly connector: "rest" }, "url" | "auth" | "objects">;
  readonly doubts: readonly string[];
};

/** Asks a tool what it is like, by the addresses of its collections. `token`: a reference to its bearer token. */
export async function probeRest(
  addresses: readonly string[],
  token: string | null,
  source: ReferenceSource,
): Promise<ProbedTool> {
  const { probeTool } = await import("../connectors/rest/probe.ts");
  const auth = token === null ? undefined : ({ type: "bearer", token } as const);
  const { doubts, url, ...rest } = await probeTool(addresses, { clock: machineClock, auth: resolveAll(auth, source) });
  return { settings: { url, ...(auth === undefined ? {} : { auth }), ...rest }, doubts };
}

/** A part of the config with every reference in it put in. */
function resolveAll<Part>(part: Part, source: ReferenceSource): Part {
  if (typeof part === "string") return resolveReference(part, source) as Part;
  if (Array.isArray(part)) return part.map((item) => resolveAll(item, source)) as Part;
  if (typeof part !== "object" || part === null) return part;
  return Object.fromEntries(Object.entries(part).map(([key, inner]) => [key, resolveAll(inner, source)])) as Part;
}

/** The flow that the settings are enough for; the config check has seen to it that there is one. */
function salesforceAuth(
  { clientId, clientSecret, refreshToken, username, privateKey }: SystemOptions & { readonly connector: "salesforce" },
  value: (reference: string) => string,
): SalesforceAuth {
  const id = value(clientId);
  if (privateKey !== undefined) {
    return { kind: "jwt", clientId: id, username: value(username ?? ""), privateKey: value(privateKey) };
  }
  const secret = clientSecret === undefined ? null : value(clientSecret);
  if (refreshToken !== undefined) {
    return { kind: "refresh-token", clientId: id, clientSecret: secret, refreshToken: value(refreshToken) };
  }
  return { kind: "client-credentials", clientId: id, clientSecret: secret ?? "" };
}
