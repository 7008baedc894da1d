import { expect, test } from "vitest";
import { play } from "../play.ts";
import { smallScenario } from "./small-scenario.ts";

const scenario = smallScenario({
  identity: ["email", "phone"],
  records: [{ system: "crm", values: { email: "ann@people.org", phone: null } }],
  schemaEveryMs: 1_000,
  actions: [
    { at: 0, kind: "drop-cell", system: "desk", cell: "phone", ms: 3_050 },
    { at: 3_000, kind: "crash", engine: 0 },
  ],
});

test("seed 87762: what came back while no process ran is caught up with by the next one", async () => {
  const { log, failures } = await play(scenario, { keepsLog: true });
  expect(log.some((line) => line.includes('"kind":"paused-fields"'))).toBe(true);
  expect(failures).toEqual([]);
});
