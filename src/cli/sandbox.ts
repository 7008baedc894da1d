import { CliError, exitUsage } from "./exit.ts";
import { wholeNumber } from "./number-option.ts";
import { print, printJson } from "./output.ts";
import { aborted, stopSignal } from "./stop-signal.ts";

export type SandboxOptions = {
  readonly json?: boolean;
  readonly port?: string;
  readonly file?: string;
  readonly speed?: string;
};

/** `truce sandbox hubspot|airtable|salesforce|activecampaign|rest`: an emulated vendor on this machine, to try a config on without an account. */
export async function sandboxCommand(vendor: string, options: SandboxOptions): Promise<void> {
  const signal = stopSignal();
  const sandbox = await open(vendor, settingsOf(options));
  const { url, variables, settings } = sandbox;
  if (options.json === true) printJson({ url, variables, settings });
  else {
    print(
      `An emulated ${sandbox.label} answers at ${url}. Ctrl-C ends it${options.file === undefined ? ", and its records with it" : `; its records stay in ${options.file}`}.`,
    );
    print("\nIn truce.yaml, under systems:");
    for (const [key, value] of Object.entries(settings)) print(`    ${key}: ${value}`);
    print("\nIn .env beside it:");
    for (const [name, value] of Object.entries(variables)) print(`    ${name}=${value}`);
    print("\nPeople's edits and fault switches: POST /_sandbox/FUNCTION, see docs/sandbox.md.");
  }
  await aborted(signal);
  await sandbox.close();
}

type Settings = { readonly port?: number; readonly file?: string; readonly speed?: number };

function settingsOf({ port, file, speed }: SandboxOptions): Settings {
  if (speed !== undefined && !(Number(speed) > 0))
    throw new CliError(`--speed takes a number above 0, not "${speed}".`, exitUsage);
  return {
    ...(port === undefined ? {} : { port: wholeNumber("--port", port, 65_535) }),
    ...(file === undefined ? {} : { file }),
    ...(speed === undefined ? {} : { speed: Number(speed) }),
  };
}

type Opened = {
  readonly label: string;
  readonly url: string;
  /** What the config says of it, secrets as references to `variables`. */
  readonly settings: Readonly<Record<string, string>>;
  readonly variables: Readonly<Record<string, string>>;
  close(): Promise<void>;
};

async function open(vendor: string, settings: Settings): Promise<Opened> {
  if (vendor === "hubspot") {
    const { createHubSpotSandbox } = await import("../../sandbox/hubspot/sandbox.ts");
    const sandbox = await createHubSpotSandbox(settings);
    return {
      label: "HubSpot",
      url: sandbox.url,
      settings: {
        connector: "hubspot",
        token: reference("HUBSPOT_TOKEN"),
        webhookSecrets: `["${reference("HUBSPOT_CLIENT_SECRET")}"]`,
        url: sandbox.url,
      },
      variables: { HUBSPOT_TOKEN: sandbox.token, HUBSPOT_CLIENT_SECRET: sandbox.oauth.clientSecret },
      close: () => sandbox.close(),
    };
  }
  if (vendor === "airtable") {
    const { createAirtableSandbox } = await import("../../sandbox/airtable/sandbox.ts");
    const { airtableTables } = await import("../../demo/systems/airtable.ts");
    const sandbox = await createAirtableSandbox({ ...settings, schema: airtableTables });
    return {
      label: "Airtable",
      url: sandbox.url,
      settings: { connector: "airtable", token: reference("AIRTABLE_TOKEN"), base: sandbox.baseId, url: sandbox.url },
      variables: { AIRTABLE_TOKEN: sandbox.token },
      close: () => sandbox.close(),
    };
  }
  if (vendor === "salesforce") {
    const { createSalesforceSandbox } = await import("../../sandbox/salesforce/sandbox.ts");
    const sandbox = await createSalesforceSandbox(settings);
    for (const object of ["Account", "Contact", "Lead", "Opportunity"]) {
      // An org that an admin has prepared, unless its file says that it was before.
      sandbox.admin.defineKeyField(object);
      sandbox.admin.selectForCapture(object);
    }
    return {
      label: "Salesforce",
      url: sandbox.url,
      settings: {
        connector: "salesforce",
        url: sandbox.url,
        pubsub: sandbox.pubsub,
        clientId: sandbox.app.clientId,
        clientSecret: reference("SALESFORCE_CLIENT_SECRET"),
      },
      variables: { SALESFORCE_CLIENT_SECRET: sandbox.app.clientSecret },
      close: () => sandbox.close(),
    };
  }
  if (vendor === "activecampaign") {
    const { createActiveCampaignSandbox } = await import("../../sandbox/activecampaign/sandbox.ts");
    const sandbox = await createActiveCampaignSandbox(settings);
    return {
      label: "ActiveCampaign",
      url: sandbox.url,
      settings: { connector: "activecampaign", url: sandbox.url, token: reference("ACTIVECAMPAIGN_TOKEN") },
      variables: { ACTIVECAMPAIGN_TOKEN: sandbox.token },
      close: () => sandbox.close(),
    };
  }
  if (vendor === "rest") return openTool(settings);
  throw new CliError(
    `There is no sandbox for "${vendor}"; there are hubspot, airtable, salesforce, activecampaign and rest.`,
    exitUsage,
  );
}

/** An in-house service as in examples/rest-in-house, with a few people in it. */
async function openTool({ port, file }: Settings): Promise<Opened> {
  if (file !== undefined)
    throw new CliError("The rest sandbox keeps its records in memory; leave --file out.", exitUsage);
  const { createRestSandbox } = await import("../../sandbox/rest/sandbox.ts");
  const fields = { email: "email", name: "text", phone: "text", truceId: "text" } as const;
  const objects = { contacts: { fields, unique: ["email", "truceId"] } };
  const sandbox = await createRestSandbox({
    objects,
    style: "cursor-patch-etag",
    ...(port === undefined ? {} : { port }),
  });
  for (const name of ["Ada", "Grace", "Mary"])
    sandbox.admin.create("contacts", { email: `${name.toLowerCase()}@example.org`, name, phone: null });
  const contacts = {
    list: { items: "data", total: "meta.total", paging: { type: "cursor", param: "cursor", next: "meta.next" } },
    read: { record: "data" },
    modifiedAt: "updatedAt",
    version: "etag",
    absent: "blank",
    changes: { type: "since", query: { updated_since: "{since}" } },
    key: "truceId",
    keyUnique: true,
    lookup: { truceId: "truceId={value}", email: "email={value}" },
  };
  return {
    label: "in-house service",
    url: sandbox.url,
    settings: {
      connector: "rest",
      url: sandbox.url,
      auth: `{ type: bearer, token: "${reference("REST_TOKEN")}" }`,
      objects: JSON.stringify({ contacts }),
    },
    variables: { REST_TOKEN: sandbox.token },
    close: () => sandbox.close(),
  };
}

function reference(name: string): string {
  return `\${${name}}`;
}
