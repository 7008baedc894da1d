import { expect, test } from "vitest";
import { play } from "../play.ts";
import { plainSystem, smallScenario } from "./small-scenario.ts";

const scenario = smallScenario({
  systems: [plainSystem("crm", { kind: "hubspot" }), plainSystem("desk")],
  records: [{ system: "crm", values: { email: "ann@people.org", phone: "100" } }],
  actions: [
    { at: 1_000, kind: "edit", system: "crm", pick: 0, cells: { phone: { set: "200" } } },
    { at: 3_000, kind: "edit", system: "crm", pick: 0, cells: { phone: { set: "300" } } },
  ],
  sweepEveryMs: 3_600_000,
});

test("a webhook has what it names read, and does not start the sweep that is due in an hour", async () => {
  const { log, failures } = await play(scenario, { keepsLog: true });
  expect(failures).toEqual([]);
  const healing = log.findIndex((line) => line.includes("users and faults stop"));
  expect(log.slice(0, healing).filter((line) => line.includes('"kind":"swept"'))).toEqual([]);
});
