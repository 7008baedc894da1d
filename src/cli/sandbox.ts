import { CliError } from "./exit.ts";
import { print, printJson } from "./output.ts";

export type SandboxOptions = {
  readonly json?: boolean;
  readonly port?: string;
  readonly file?: string;
  readonly speed?: string;
};

/** `truce sandbox hubspot|airtable`: an emulated vendor on this machine, to try a config on without an account. */
export async function sandboxCommand(vendor: string, options: SandboxOptions): Promise<void> {
  const common = {
    ...(options.port === undefined ? {} : { port: Number(options.port) }),
    ...(options.file === undefined ? {} : { file: options.file }),
    ...(options.speed === undefined ? {} : { speed: Number(options.speed) }),
  };
  const sandbox = await open(vendor, common);
  if (options.json === true) printJson({ url: sandbox.url, token: sandbox.token, ...sandbox.more });
  else {
    print(
      `An emulated ${vendor} answers at ${sandbox.url}. Its state is ${options.file === undefined ? "gone when it ends" : `kept in ${options.file}`}.`,
    );
    print(`  token  ${sandbox.token}`);
    for (const [name, value] of Object.entries(sandbox.more)) print(`  ${name}  ${value}`);
    print("\nFault switches and people's edits: POST /_sandbox/FUNCTION (see sandbox/README.md). Ctrl+C ends it.");
  }
  await new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => resolve());
  });
  await sandbox.close();
}

type Opened = {
  readonly url: string;
  readonly token: string;
  readonly more: Readonly<Record<string, string>>;
  close(): Promise<void>;
};

async function open(vendor: string, common: { port?: number; file?: string; speed?: number }): Promise<Opened> {
  if (vendor === "hubspot") {
    const { createHubSpotSandbox } = await import("../../sandbox/hubspot/sandbox.ts");
    const sandbox = await createHubSpotSandbox(common);
    return {
      url: sandbox.url,
      token: sandbox.token,
      more: { webhookSecret: sandbox.oauth.clientSecret },
      close: () => sandbox.close(),
    };
  }
  if (vendor === "airtable") {
    const { createAirtableSandbox } = await import("../../sandbox/airtable/sandbox.ts");
    const { airtableTables } = await import("../../demo/shape.ts");
    const sandbox = await createAirtableSandbox({ ...common, schema: airtableTables });
    return { url: sandbox.url, token: sandbox.token, more: { base: sandbox.baseId }, close: () => sandbox.close() };
  }
  throw new CliError(`There is no sandbox for "${vendor}"; there are hubspot and airtable.`, 2);
}
