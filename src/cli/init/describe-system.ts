import { machineClock } from "../../clock/machine.ts";
import type { ReferenceSource } from "../../config/reference.ts";
import { createConnector, probeRest } from "../create-connector.ts";
import type { DescribedSystem } from "./propose.ts";
import { type SystemChoice, systemOptions } from "./system-choice.ts";

/** A system as it was chosen, with what it told of itself, and its objects. */
export type Connected = { readonly choice: SystemChoice; readonly described: DescribedSystem };

/** Connects to a system and reads what it holds. Rejects when it can't be reached or refuses. */
export async function connectChoice(chosen: SystemChoice, source: ReferenceSource): Promise<Connected> {
  const choice = await known(chosen, source);
  const { system, connector: name } = choice;
  const connector = await createConnector(systemOptions(choice), {
    system,
    objects: [],
    source,
    folder: process.cwd(),
    clock: machineClock,
    webhookUrl: null,
  });
  try {
    return { choice, described: { system, connector: name, objects: await connector.describe() } };
  } finally {
    await connector.close();
  }
}

/** A tool that nobody knows is asked what it is like. */
async function known(choice: SystemChoice, source: ReferenceSource): Promise<SystemChoice> {
  if (choice.connector !== "rest") return choice;
  const addresses = (choice.base ?? choice.url ?? "").split(",");
  const hasToken = (source.env[choice.variable] ?? "") !== "";
  return { ...choice, probed: await probeRest(addresses, hasToken ? `\${${choice.variable}}` : null, source) };
}
