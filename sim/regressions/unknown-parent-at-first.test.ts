import { expect, test } from "vitest";
import { play } from "../play.ts";
import { plainField, smallScenario } from "./small-scenario.ts";

const scenario = smallScenario({
  fields: [
    plainField("email", { kind: "email" }),
    plainField("phone", { kind: "text" }),
    plainField("boss", { kind: "reference", to: "contact" }),
  ],
  required: ["phone"],
  records: [
    { system: "crm", values: { email: "boss@people.org", phone: null, boss: null } },
    { system: "crm", values: { email: "ann@people.org", phone: "100", boss: "crm1" } },
  ],
});

test("seed 80182: a record that points to one that nobody knows keeps nothing from being written", async () => {
  const { log, failures } = await play(scenario, { keepsLog: true });
  expect(failures).toEqual([]);
  expect(log.filter((line) => line.includes("truce create"))).toHaveLength(1);
});
