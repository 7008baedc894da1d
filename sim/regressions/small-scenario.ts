import { noOdds, type Scenario, type SystemSetup } from "../scenario.ts";

/** A scenario in which nothing goes wrong and nothing happens, but for what is given. */
export function smallScenario(parts: Partial<Scenario>): Scenario {
  return {
    seed: 1,
    spanMs: 5_000,
    systems: [plainSystem("crm"), plainSystem("desk")],
    fields: [plainField("email", { kind: "email" }), plainField("phone", { kind: "text" })],
    deletes: "hold",
    duplicates: "hold",
    merges: "hold",
    required: [],
    identity: ["email"],
    matching: false,
    settleMs: 0,
    engines: 1,
    odds: noOdds,
    sweepEveryMs: null,
    schemaEveryMs: null,
    records: [],
    actions: [],
    decideAll: false,
    ...parts,
  };
}

export function plainSystem(name: string, parts: Partial<SystemSetup> = {}): SystemSetup {
  return {
    name,
    kind: "postgres",
    skewMs: 0,
    creates: true,
    keyless: false,
    lengthMax: null,
    refuses: null,
    automation: null,
    ...parts,
  };
}

export function plainField(
  name: string,
  type: Scenario["fields"][number]["type"],
  parts: Partial<Scenario["fields"][number]> = {},
): Scenario["fields"][number] {
  return { name, type, rule: "review", clears: "propagate", group: null, directions: {}, ...parts };
}
