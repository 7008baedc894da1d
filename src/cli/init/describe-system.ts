import { machineClock } from "../../clock/machine.ts";
import type { ReferenceSource } from "../../config/reference.ts";
import { createConnector } from "../create-connector.ts";
import type { DescribedSystem } from "./propose.ts";
import { type SystemChoice, systemOptions } from "./system-choice.ts";

/** Connects to a system and reads what it holds. Rejects when it can't be reached or refuses. */
export async function describeSystem(choice: SystemChoice, source: ReferenceSource): Promise<DescribedSystem> {
  const { system, connector: name } = choice;
  const connector = await createConnector(systemOptions(choice), {
    system,
    objects: [],
    source,
    clock: machineClock,
    webhookUrl: null,
  });
  try {
    return { system, connector: name, objects: await connector.describe() };
  } finally {
    await connector.close();
  }
}
