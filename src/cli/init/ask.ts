import * as prompts from "@clack/prompts";
import type { ReferenceSource } from "../../config/reference.ts";
import type { SystemId } from "../../model/record.ts";
import { CliError, exitInterrupted } from "../exit.ts";
import { type Connected, connectChoice } from "./describe-system.ts";
import type { ProposedEntity } from "./propose.ts";
import {
  type ConnectorName,
  connectorLabels,
  connectors,
  type SystemChoice,
  secretHints,
  usualVariable,
  variablesOf,
} from "./system-choice.ts";

/** Ends the command when a question was answered by Ctrl-C. */
async function answered<T>(question: Promise<T>): Promise<Exclude<T, symbol>> {
  const answer = await question;
  if (!prompts.isCancel(answer)) return answer as Exclude<T, symbol>;
  prompts.cancel("Nothing was written.");
  throw new CliError("", exitInterrupted);
}

/** Asks for systems, one after another, and connects to each at once. `keep` stores a secret that was typed in. */
export async function askSystems(
  sourceNow: () => ReferenceSource,
  keep: (variable: string, secret: string) => void,
): Promise<Connected[]> {
  const connected: Connected[] = [];
  for (;;) {
    const choice = await askSystem(connected.map(({ choice: one }) => one));
    for (const variable of variablesOf(choice)) {
      if ((sourceNow().env[variable] ?? "") !== "") continue;
      const secret = await askSecret(choice, variable);
      if (secret !== "") keep(variable, secret);
    }
    const one = await connect(choice, sourceNow());
    if (one !== null) connected.push(one);
    if (connected.length < 2) continue;
    if (!(await answered(prompts.confirm({ message: "Another system?", initialValue: false })))) return connected;
  }
}

async function askSecret({ connector, variable: main }: SystemChoice, variable: string): Promise<string> {
  const hint = variable === main ? secretHints[connector] : "the connected app's consumer key";
  return answered(
    prompts.password({
      message: `${variable}: ${hint}. It goes into .env, which only you can read.`,
      validate: (text) => (text || connector === "rest" ? undefined : "Without it there is no connection."),
    }),
  );
}

async function askSystem(others: readonly SystemChoice[]): Promise<SystemChoice> {
  const connector = await answered(
    prompts.select({
      message: others.length === 0 ? "Which system first?" : "Which system next?",
      options: connectors.map((value) => ({ value, label: connectorLabels[value] })),
    }),
  );
  const isOnly = !others.some((one) => one.connector === connector);
  const system = await answered(
    prompts.text({
      message: "What shall it be called in the config?",
      initialValue: isOnly ? connector : `${connector}${others.length + 1}`,
      validate: (name = "") => {
        if (others.some((one) => one.system === name)) return "There is one of that name.";
        return /^[A-Za-z][\w-]*$/u.test(name) ? undefined : "A letter first, then letters, digits, _ and -.";
      },
    }),
  );
  const base = await askBase(connector);
  const variable = await answered(
    prompts.text({
      message: "Environment variable with its secret",
      initialValue: usualVariable(system, connector, isOnly),
    }),
  );
  return { system, connector, variable, base, url: null };
}

/** Which base, org or account of the vendor's. */
async function askBase(connector: ConnectorName): Promise<string | null> {
  if (connector === "airtable") {
    const question = { message: "The base's id", placeholder: "app..., as in its address", validate: validBase };
    return answered(prompts.text(question));
  }
  if (connector === "rest") {
    const message = "The address of a collection; of several, separated by commas";
    const placeholder = "https://tool.example.com/api/contacts";
    return answered(prompts.text({ message, placeholder, validate: validWeb }));
  }
  if (connector === "activecampaign") {
    const question = {
      message: "The account's address",
      placeholder: "https://acme.api-us1.com",
      validate: validAddress,
    };
    return answered(prompts.text(question));
  }
  if (connector !== "salesforce") return null;
  const placeholder = "https://acme.my.salesforce.com";
  return answered(prompts.text({ message: "The org's address", placeholder, validate: validAddress }));
}

function validAddress(text: string | undefined): string | undefined {
  return text?.startsWith("https://") ? undefined : "It begins with https://.";
}

function validWeb(text: string | undefined): string | undefined {
  return /^https?:\/\//u.test(text ?? "") ? undefined : "It begins with http:// or https://.";
}

function validBase(text: string | undefined): string | undefined {
  return text?.startsWith("app") ? undefined : "It begins with app.";
}

async function connect(choice: SystemChoice, source: ReferenceSource): Promise<Connected | null> {
  const spinner = prompts.spinner();
  spinner.start(`Connecting to ${choice.system}`);
  try {
    const connected = await connectChoice(choice, source);
    spinner.stop(`${choice.system}: ${connected.described.objects.length} objects`);
    return connected;
  } catch (error) {
    spinner.error(`${choice.system}: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  }
}

/** Shows what was found and asks what of it to take. */
export async function askEntities(entities: readonly ProposedEntity[]): Promise<ProposedEntity[]> {
  for (const entity of entities) prompts.note(entityText(entity), entity.entity);
  const names = await answered(
    prompts.multiselect({
      message: "Which of these shall be kept right?",
      options: entities.map(({ entity, fields }) => ({ value: entity, label: `${entity} (${fields.length} fields)` })),
      initialValues: entities.map(({ entity }) => entity),
    }),
  );
  return entities.filter(({ entity }) => names.includes(entity));
}

function entityText({ objects, fields, leftOut }: ProposedEntity): string {
  const cellsOf = (cells: Readonly<Record<SystemId, { readonly cell: string } | string>>) =>
    Object.entries(cells)
      .map(([system, one]) => `${system} ${typeof one === "string" ? one : one.cell}`)
      .join(" = ");
  return [
    cellsOf(objects),
    "",
    ...fields.map(({ field, type, cells }) => `${field} (${type.kind}): ${cellsOf(cells)}`),
    ...leftOut.map(({ field, cells, reason }) => `left out: ${field}: ${cellsOf(cells)}: ${reason}`),
  ].join("\n");
}

/** The rule of fields without one of their own, as YAML. */
export async function askRule(systems: readonly SystemId[]): Promise<string> {
  return answered(
    prompts.select({
      message: "Two systems change a field before either has seen the other's change. Who wins?",
      options: [
        { value: "{ newest: review }", label: "The newer change", hint: "where clocks can't tell, a person decides" },
        { value: "review", label: "A person decides each time" },
        ...systems.map((first) => {
          const order = [first, ...systems.filter((one) => one !== first)];
          return { value: `{ prefer: [${order.join(", ")}] }`, label: `${first} first`, hint: order.join(", then ") };
        }),
      ],
    }),
  );
}

/** Where missing records may be made. */
export async function askCreating(systems: readonly SystemId[]): Promise<SystemId[]> {
  return answered(
    prompts.multiselect({
      message: "In which systems may missing records be created? (Space selects, none is fine.)",
      options: systems.map((value) => ({ value })),
      required: false,
    }),
  );
}

/** The country of phone numbers that are written without a prefix. */
export async function askCountry(isCountry: (text: string) => boolean): Promise<string | null> {
  const text = await answered(
    prompts.text({
      message: "Phone numbers without a prefix belong to which country?",
      placeholder: "US, DE, BR ...; empty: numbers without a prefix are refused",
      validate: (given) => (!given || isCountry(given.toUpperCase()) ? undefined : "Two letters of ISO 3166."),
    }),
  );
  return text ? text.toUpperCase() : null;
}
