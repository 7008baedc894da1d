import type { Action, Scenario } from "./scenario.ts";

/** A scenario in words, a line each: who is there, what the rules are, what goes wrong how often, what happens when. */
export function tellScenario(scenario: Scenario): string[] {
  const { systems, fields, odds, records, actions } = scenario;
  const faults = Object.entries(odds).filter(([, odd]) => odd > 0);
  return [
    `seed ${scenario.seed}: ${scenario.engines === 1 ? "one process" : `${scenario.engines} processes on one store`}, deletes: ${scenario.deletes}, duplicates: ${scenario.duplicates}, merges: ${scenario.merges}, known by: ${scenario.identity.join(", ")}`,
    ...systems.map(({ name, kind, ...rest }) => `system ${name} is a ${kind}${unusual(rest)}`),
    ...fields.map(
      (field) =>
        `field ${field.name}: ${field.type.kind}, ${field.rule}, clears: ${field.clears}${unusual({ group: field.group, ...field.directions })}`,
    ),
    ...(faults.length === 0
      ? []
      : [`faults: ${faults.map(([name, odd]) => `${name} ${Math.round(odd * 1_000) / 10} %`).join(", ")}`]),
    ...records.map(({ system, values }) => `${system} has ${JSON.stringify(values)}`),
    ...actions.map(tellAction),
  ];
}

function tellAction({ at, kind, ...rest }: Action): string {
  const words = Object.entries(rest).map(
    ([name, value]) => `${name} ${typeof value === "number" ? Math.round(value * 100) / 100 : JSON.stringify(value)}`,
  );
  return `at ${(at / 1_000).toFixed(3)}: ${kind} ${words.join(", ")}`;
}

/** What is not as usual: set at all, or switched off. */
function unusual(settings: Readonly<Record<string, unknown>>): string {
  const told = Object.entries(settings).filter(([name, value]) =>
    name === "creates" ? value === false : value !== null && value !== 0 && value !== false,
  );
  return told.map(([name, value]) => `, ${name}: ${JSON.stringify(value)}`).join("");
}
