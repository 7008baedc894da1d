import { expect, test } from "vitest";
import { play } from "../play.ts";
import { noOdds, type Scenario, type SystemSetup } from "../scenario.ts";

const system = (name: string): SystemSetup => ({
  name,
  kind: "postgres",
  skewMs: 0,
  creates: true,
  keyless: false,
  lengthMax: null,
  refuses: null,
  automation: null,
});

const about = { clears: "propagate", rule: "review", group: null, directions: {} } as const;

const scenario: Scenario = {
  seed: 80182,
  spanMs: 5_000,
  systems: [system("crm"), system("desk")],
  fields: [
    { name: "email", type: { kind: "email" }, ...about },
    { name: "phone", type: { kind: "text" }, ...about },
    { name: "boss", type: { kind: "reference", to: "contact" }, ...about },
  ],
  deletes: "hold",
  duplicates: "hold",
  merges: "hold",
  required: ["phone"],
  identity: ["email"],
  settleMs: 0,
  engines: 1,
  odds: noOdds,
  sweepEveryMs: null,
  records: [
    { system: "crm", values: { email: "boss@people.org", phone: null, boss: null } },
    { system: "crm", values: { email: "ann@people.org", phone: "100", boss: "crm1" } },
  ],
  actions: [],
  decideAll: false,
};

test("seed 80182: a record that points to one that nobody knows keeps nothing from being written", async () => {
  const { log, failures } = await play(scenario, { keepsLog: true });
  expect(failures).toEqual([]);
  expect(log.filter((line) => line.includes("truce create"))).toHaveLength(1);
});
