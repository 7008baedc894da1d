import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type LoadOptions, type LoadResult, loadConfig } from "./load-config.ts";

/** A folder with these files, gone after the test. `onEnd` is the test's `onTestFinished`. */
export function folderWith(files: Readonly<Record<string, string>>, onEnd: (clean: () => void) => void): string {
  const folder = mkdtempSync(join(tmpdir(), "truce-config-"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  onEnd(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** A faultless truce.yaml that uses most of what there is. */
export const soundYaml = `\
systems:
  crm: { connector: hubspot, token: \${HUBSPOT_TOKEN}, webhookSecrets: ["\${HUBSPOT_SECRET}"], clockSkew: 5s }
  db:
    connector: postgres
    url: postgres://app:\${DB_PASSWORD}@localhost/app
    capture: triggers
  base: { connector: airtable, token: \${AIRTABLE_TOKEN}, base: appA1b2C3 }
entities:
  contact:
    rule: { newest: review }
    fields:
      email: { type: email, clears: restore }
      firstName: name
      lastName: { type: name, rule: { owner: db } }
      phone: { type: phone, country: DE, rule: { prefer: [db, crm], otherwise: longest-ago } }
      stage: { type: choice, options: [lead, customer], rule: forward-only }
      tags: { type: set, rule: union }
      street: { type: address, rule: { prefer: [crm] } }
      city: address
    groups: { address: [street, city] }
    identity: [email, [phone, lastName]]
    required: [email]
    deletes: archive
    settle: 3s
    systems:
      crm:
        object: contacts
        create: true
        fields: { email: email, firstName: firstname, lastName: lastname, phone: phone, stage: lifecyclestage, street: address, city: city }
      db:
        object: public.people
        fields: { email: email, lastName: last_name, phone: phone, stage: stage, tags: tags, street: street, city: town }
      base:
        object: People
        fields: { email: Email, firstName: { cell: First Name, direction: read }, tags: Tags }
settings:
  sweepEvery: 6h
`.replace("longest-ago", "keep");

export const soundEnv = { HUBSPOT_TOKEN: "t", HUBSPOT_SECRET: "s", DB_PASSWORD: "p", AIRTABLE_TOKEN: "a" };

/** Loads a config as a command would. The test runner has a module loader of its own, so TypeScript is left to a process without it. */
export async function load(file: string, options: LoadOptions): Promise<LoadResult> {
  if (!file.endsWith("ts")) return loadConfig(file, options);
  const module = fileURLToPath(new URL("./load-config.ts", import.meta.url));
  const code = `import { loadConfig } from ${JSON.stringify(module)};
    console.log(JSON.stringify(await loadConfig(${JSON.stringify(file)}, ${JSON.stringify(options)})));`;
  return JSON.parse(
    execFileSync(process.execPath, ["--input-type=module", "-e", code], { encoding: "utf8" }),
  ) as LoadResult;
}
