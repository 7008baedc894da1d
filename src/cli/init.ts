import { existsSync } from "node:fs";
import { getCountries } from "libphonenumber-js";
import { findConfigs } from "../config/find-config.ts";
import { loadConfig, referencesOf } from "../config/load-config.ts";
import type { ReferenceSource } from "../config/reference.ts";
import type { SystemId } from "../model/record.ts";
import { CliError, exitUsage } from "./exit.ts";
import { askCountry, askCreating, askEntities, askRule, askSystems } from "./init/ask.ts";
import { configText, type InitChoices, systemsText } from "./init/config-text.ts";
import { type Connected, connectChoice } from "./init/describe-system.ts";
import { type ProposedEntity, propose } from "./init/propose.ts";
import { withoutDangling } from "./init/propose-references.ts";
import {
  type ConnectorName,
  connectors,
  type SystemChoice,
  usualVariable,
  writtenSystem,
} from "./init/system-choice.ts";
import { keepSecret, writeFiles } from "./init/written-files.ts";
import { counted, print, printJson, remark } from "./output.ts";
import { problemLines } from "./problem-lines.ts";

export type InitOptions = {
  readonly json?: boolean;
  readonly system?: readonly string[];
  readonly variable?: readonly string[];
  readonly url?: readonly string[];
  readonly entity?: readonly string[];
  readonly create?: readonly string[];
  readonly country?: string;
  readonly prefer?: readonly string[];
  readonly review?: boolean;
  readonly output: string;
  readonly force?: boolean;
};

/**
 * `truce init`: connects systems, reads their schemas, proposes entities, fields, identity and rules, and writes truce.yaml. Asks on a terminal;
 * with --system it asks nothing.
 */
export async function initCommand(options: InitOptions): Promise<void> {
  const folder = process.cwd();
  if (!/\.ya?ml$/u.test(options.output)) throw new CliError("--output names a .yaml file.", exitUsage);
  const present = [...new Set([...findConfigs("."), ...(existsSync(options.output) ? [options.output] : [])])];
  if (present.length > 0 && options.force !== true) {
    throw new CliError(`There is ${present.join(" and ")} already. --force writes over it.`);
  }
  const source = () => referencesOf(folder, process.env);
  const keep = (variable: string, secret: string) => keepSecret(folder, variable, secret);
  const isAsking = options.system === undefined;
  if (isAsking && !(process.stdin.isTTY && process.stdout.isTTY)) {
    throw new CliError(
      "init asks its questions on a terminal. Without one, name the systems: --system crm=hubspot --system db=postgres",
      exitUsage,
    );
  }
  const connected = isAsking ? await askSystems(source, keep) : await connectAll(systemsOf(options), source());
  const proposed = propose(connected.map(({ described }) => described));
  if (proposed.length === 0) {
    print(systemsText(connected.map(({ choice }) => writtenSystem(choice))));
    throw new CliError(
      "These systems have no objects in common by name. Begin with what stands above, and write the entities by hand: docs/config.md.",
    );
  }
  const chosen = isAsking ? await ask(connected, proposed) : givenAnswers(options, connected, proposed);
  const answers = { ...chosen, entities: withoutDangling(chosen.entities) };
  const systems = connected.map(({ choice }) => choice);
  const text = configText({ systems: systems.map(writtenSystem), ...answers });
  const files = writeFiles(folder, options.output, text, systems);
  await tell(options, files, answers.entities);
}

type Answers = Omit<InitChoices, "systems">;

async function ask(connected: readonly Connected[], proposed: readonly ProposedEntity[]): Promise<Answers> {
  const names = connected.map(({ choice }) => choice.system);
  const entities = await askEntities(proposed);
  const hasPhone = entities.some(({ fields }) => fields.some(({ type }) => type.kind === "phone"));
  return {
    entities,
    country: hasPhone ? await askCountry(isCountry) : null,
    rule: await askRule(names),
    creating: await askCreating(names),
  };
}

function isCountry(text: string): boolean {
  return getCountries().some((one) => one === text);
}

function givenAnswers(
  options: InitOptions,
  connected: readonly Connected[],
  proposed: readonly ProposedEntity[],
): Answers {
  const names = connected.map(({ choice }) => choice.system);
  const { entity: wanted, create = [], prefer, country } = options;
  for (const name of [...create, ...(prefer ?? [])]) mustBeIn(name, names, "system");
  for (const name of wanted ?? [])
    mustBeIn(
      name,
      proposed.map(({ entity }) => entity),
      "entity",
    );
  if (country !== undefined && !isCountry(country))
    throw new CliError(`"${country}" is no country; write two letters, like DE.`, exitUsage);
  const rule =
    options.review === true
      ? "review"
      : prefer === undefined
        ? "{ newest: review }"
        : `{ prefer: [${prefer.join(", ")}] }`;
  const entities = proposed.filter(({ entity }) => wanted === undefined || wanted.includes(entity));
  return { entities, rule, country: country ?? null, creating: create };
}

function mustBeIn(name: string, known: readonly string[], what: string): void {
  if (!known.includes(name))
    throw new CliError(`There is no ${what} "${name}"; there is ${known.join(", ")}.`, exitUsage);
}

/** From `--system crm=hubspot --system base=airtable:app123 --variable crm=CRM_TOKEN --url crm=http://...` */
function systemsOf({ system = [], variable = [], url = [] }: InitOptions): SystemChoice[] {
  const named = system.map((text) => {
    const { name, connector, base } =
      /^(?<name>[A-Za-z][\w-]*)=(?<connector>\w+)(?::(?<base>\S+))?$/u.exec(text)?.groups ?? {};
    const known = connectors.find((one) => one === connector);
    if (name === undefined || known === undefined) {
      throw new CliError(
        `--system takes name=connector, connector being ${connectors.join(", ")}; not "${text}".`,
        exitUsage,
      );
    }
    if (known === "airtable" && base === undefined)
      throw new CliError(`Name the base too: --system ${name}=airtable:app...`, exitUsage);
    if (known === "salesforce" && base === undefined)
      throw new CliError(`Name the org too: --system ${name}=salesforce:https://acme.my.salesforce.com`, exitUsage);
    if (known === "activecampaign" && base === undefined)
      throw new CliError(`Name the account too: --system ${name}=activecampaign:https://acme.api-us1.com`, exitUsage);
    if (known === "rest" && !/^https?:\/\//u.test(base ?? ""))
      throw new CliError(`Name an address too: --system ${name}=rest:https://tool.example.com/api/contacts`, exitUsage);
    return { system: name, connector: known, base: base ?? null };
  });
  const names = named.map((one) => one.system);
  if (named.length < 2 || new Set(names).size < names.length)
    throw new CliError("Name two systems or more, each by a name of its own.", exitUsage);
  const variables = assignments("--variable", variable, names);
  const urls = assignments("--url", url, names);
  return named.map((one) => ({
    ...one,
    variable: variables.get(one.system) ?? usualVariable(one.system, one.connector, isOnly(one.connector)),
    url: urls.get(one.system) ?? null,
  }));

  function isOnly(connector: ConnectorName): boolean {
    return named.filter((one) => one.connector === connector).length === 1;
  }
}

function assignments(option: string, texts: readonly string[], names: readonly SystemId[]): Map<SystemId, string> {
  return new Map(
    texts.map((text) => {
      const at = text.indexOf("=");
      if (at <= 0) throw new CliError(`${option} takes system=value, not "${text}".`, exitUsage);
      mustBeIn(text.slice(0, at), names, "system");
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}

async function connectAll(choices: readonly SystemChoice[], source: ReferenceSource): Promise<Connected[]> {
  return Promise.all(
    choices.map(async (choice) => {
      try {
        return await connectChoice(choice, source);
      } catch (error) {
        throw new CliError(`${choice.system}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }),
  );
}

async function tell(
  options: InitOptions,
  files: readonly string[],
  entities: readonly ProposedEntity[],
): Promise<void> {
  const { problems } = await loadConfig(options.output, { env: process.env, references: false });
  if (options.json === true) return printJson({ files, entities, problems });
  for (const line of problemLines(problems)) remark(line);
  print(`Written: ${files.join(", ")}`);
  for (const { entity, fields, objects } of entities) {
    print(
      `  ${entity}: ${counted(fields.length, "field")} in ${Object.entries(objects)
        .map(([system, object]) => `${system} ${object}`)
        .join(", ")}`,
    );
  }
  print();
  print("Look it over, then: truce check   (connects and compares)");
  print("                    truce plan    (a dry run)");
  print("                    truce run     (syncs)");
}
