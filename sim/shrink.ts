import type { Odds, Scenario } from "./scenario.ts";

/** Whether a scenario still fails in the way that is looked into. */
export type StillFails = (scenario: Scenario) => Promise<boolean>;

/** A scenario that still fails and is as small as could be found: parts are left out as long as it does. */
export async function shrink(scenario: Scenario, stillFails: StillFails): Promise<Scenario> {
  let smallest = scenario;
  for (;;) {
    const before = size(smallest);
    for (const smaller of [
      fewer("actions"),
      fewer("records"),
      lessOdds,
      fewerFields,
      simplerEdits,
      plainerSystems,
      plainer,
    ]) {
      smallest = await smaller(smallest, stillFails);
    }
    if (size(smallest) >= before) return smallest;
  }
}

type Step = (scenario: Scenario, stillFails: StillFails) => Promise<Scenario>;

function size(scenario: Scenario): number {
  return JSON.stringify(scenario).length;
}

/** Leaves out halves, quarters ... single items of a list, as in delta debugging. */
function fewer(list: "actions" | "records"): Step {
  return async (scenario, stillFails) => {
    let best = scenario;
    for (let chunk = Math.ceil(best[list].length / 2); chunk >= 1; chunk = chunk === 1 ? 0 : Math.ceil(chunk / 2)) {
      for (let at = 0; at < best[list].length; ) {
        const next = { ...best, [list]: [...best[list].slice(0, at), ...best[list].slice(at + chunk)] };
        if (await stillFails(next)) best = next;
        else at += chunk;
      }
    }
    return best;
  };
}

const lessOdds: Step = async (scenario, stillFails) => {
  let best = scenario;
  for (const name of Object.keys(scenario.odds) as (keyof Odds)[]) {
    best = await firstOf(best, stillFails, [{ ...best, odds: { ...best.odds, [name]: 0 } }]);
  }
  return best;
};

/** Without a field: no record has it and no edit touches it. The e-mail stays. */
const fewerFields: Step = async (scenario, stillFails) => {
  let best = scenario;
  for (const { name } of scenario.fields) {
    if (name === "email") continue;
    const without = <T>(values: Readonly<Record<string, T>>) =>
      Object.fromEntries(Object.entries(values).filter(([field]) => field !== name));
    const next: Scenario = {
      ...best,
      fields: best.fields.filter((field) => field.name !== name),
      required: best.required.filter((field) => field !== name),
      records: best.records.map((record) => ({ ...record, values: without(record.values) })),
      actions: best.actions
        .map((action) => (action.kind === "edit" ? { ...action, cells: without(action.cells) } : action))
        .map((action) => (action.kind === "create" ? { ...action, values: without(action.values) } : action))
        .filter((action) => action.kind !== "edit" || Object.keys(action.cells).length > 0)
        .filter(
          (action) => !("field" in action && action.field === name) && !("cell" in action && action.cell === name),
        ),
    };
    best = await firstOf(best, stillFails, [next]);
  }
  return best;
};

/** Edits of several cells become edits of one. */
const simplerEdits: Step = async (scenario, stillFails) => {
  let best = scenario;
  for (let i = 0; i < best.actions.length; i++) {
    const action = best.actions[i];
    if (action?.kind !== "edit") continue;
    for (const cell of Object.keys(action.cells)) {
      const { [cell]: _, ...cells } = action.cells;
      if (Object.keys(cells).length === 0) break;
      best = await firstOf(best, stillFails, [{ ...best, actions: best.actions.with(i, { ...action, cells }) }]);
    }
  }
  return best;
};

const plainerSystems: Step = async (scenario, stillFails) => {
  let best = scenario;
  for (let i = 0; i < best.systems.length; i++) {
    const setup = best.systems[i]!;
    const plain = { skewMs: 0, creates: true, keyless: false, lengthMax: null, refuses: null, automation: null };
    for (const [name, value] of Object.entries(plain)) {
      best = await firstOf(best, stillFails, [
        { ...best, systems: best.systems.with(i, { ...best.systems[i]!, [name]: value }) },
      ]);
    }
    const rest = best.systems.filter((other) => other.name !== setup.name);
    if (rest.length > 1) best = await firstOf(best, stillFails, [withoutSystem(best, setup.name)]);
  }
  return best;
};

function withoutSystem(scenario: Scenario, name: string): Scenario {
  return {
    ...scenario,
    systems: scenario.systems.filter((system) => system.name !== name),
    records: scenario.records.filter((record) => record.system !== name),
    actions: scenario.actions.filter((action) => !("system" in action && action.system === name)),
  };
}

const plainer: Step = async (scenario, stillFails) => {
  let best = scenario;
  const fields = scenario.fields.map((field) => ({ ...field, directions: {} }));
  for (const change of [
    { engines: 1 },
    { sweepEveryMs: null },
    { schemaEveryMs: null },
    { settleMs: 0 },
    { required: [] },
    { identity: ["email"] },
    { decideAll: false },
    { deletes: "hold" as const },
    { duplicates: "hold" as const },
    { merges: "hold" as const },
    { fields },
  ]) {
    best = await firstOf(best, stillFails, [{ ...best, ...change }]);
  }
  return best;
};

async function firstOf(best: Scenario, stillFails: StillFails, candidates: readonly Scenario[]): Promise<Scenario> {
  for (const next of candidates) {
    if (JSON.stringify(next) !== JSON.stringify(best) && (await stillFails(next))) return next;
  }
  return best;
}
