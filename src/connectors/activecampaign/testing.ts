import {
  type ActiveCampaignSandbox,
  type ActiveCampaignSandboxOptions,
  createActiveCampaignSandbox,
} from "../../../sandbox/activecampaign/sandbox.ts";
import { machineClock } from "../../clock/machine.ts";
import type { FieldType } from "../../model/field-type.ts";
import type { Connector, MappedCell, MappedObject } from "../../ports/connector.ts";
import { createActiveCampaignConnector } from "./connector.ts";
import type { ActiveCampaignOptions } from "./options.ts";

/** How many times faster than ActiveCampaign the tests' sandbox runs. */
const speed = 400;

/** An account with custom fields of each kind, and a list besides the first. */
export async function account(options: Partial<ActiveCampaignSandboxOptions> = {}): Promise<ActiveCampaignSandbox> {
  const sandbox = await createActiveCampaignSandbox({ speed, ...options });
  for (const object of ["contacts", "accounts", "deals"] as const) {
    const { addField } = sandbox.admin;
    addField(object, "Notes", "textarea");
    addField(object, "Born", "date");
    addField(object, "Next call", "datetime");
    addField(object, "Grade", "dropdown", ["A", "B"]);
    addField(object, "Topics", object === "contacts" ? "checkbox" : "multiselect", ["sales", "service", "a b"]);
    if (object !== "contacts") addField(object, "Score", "number");
  }
  sandbox.admin.addList("newsletter", "Newsletter");
  return sandbox;
}

export function connectTo(sandbox: ActiveCampaignSandbox, options: Partial<ActiveCampaignOptions> = {}): Connector {
  return createActiveCampaignConnector({
    system: "marketing",
    url: sandbox.url,
    token: sandbox.token,
    clock: machineClock,
    requestsPerSecond: 4 * speed,
    timeoutMs: 1_000,
    ...options,
  });
}

export function cell(name: string, type: FieldType = { kind: "text" }, rest: Partial<MappedCell> = {}): MappedCell {
  return { cell: name, field: name, type, direction: "both", ...rest };
}

export function mapped(object: string, ...cells: readonly MappedCell[]): MappedObject {
  return { object, create: true, cells };
}
