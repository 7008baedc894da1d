import type { SeededRandom } from "../sandbox/core/random.ts";
import type { FieldType } from "../src/model/field-type.ts";
import type { FieldValue } from "../src/model/value.ts";
import { chanceOf } from "./chance.ts";
import { type KindName, kindNames } from "./profile.ts";
import {
  type Action,
  type CellEdit,
  type FieldSetup,
  noOdds,
  type Odds,
  type RuleName,
  type Scenario,
  type SystemSetup,
  stages,
  type Values,
} from "./scenario.ts";

/**
 * The scenario of a seed. Each leaves out random features and draws the odds of the others anew (swarm testing): a world with everything in it
 * never gets far enough into anything.
 */
export function drawScenario(seed: number): Scenario {
  const chance = chanceOf(seed, "scenario");
  const spanMs = 10_000 + chance.below(25_000);
  const systems = drawSystems(chance);
  const fields = drawFields(chance, systems);
  const names = systems.map((system) => system.name);
  const engines = chance.chance(0.25) ? 2 + chance.below(2) : 1;
  const byPhone = chance.chance(0.15);
  const watch = drawWatch(chanceOf(seed, "schema"), spanMs, names, engines);
  const relation = drawRelation(chanceOf(seed, "relation"), spanMs, systems);
  const drawn: Scenario = {
    seed,
    spanMs,
    systems,
    fields: [...fields, ...relation.fields],
    deletes: anyOf(chance, ["hold", "hold", "propagate", "archive", "ignore"]),
    duplicates: anyOf(chance, ["hold", "link"]),
    merges: chanceOf(seed, "merges").chance(0.5) ? "link" : "hold",
    required: chance.chance(0.1) ? ["phone"] : [],
    identity: byPhone ? ["email", "phone"] : ["email"],
    matching: false,
    settleMs: chance.chance(0.15) ? 2_000 : 0,
    engines,
    odds: drawOdds(chance),
    sweepEveryMs: chance.chance(0.15) ? 8_000 : null,
    // Where a parent that never comes is waited for, so many looks would be most of the run.
    schemaEveryMs: relation.fields.length === 0 ? watch.everyMs : null,
    records: drawRecords(chance, names, fields, byPhone),
    actions: [
      ...drawActions(chance, spanMs, systems, fields, engines, byPhone),
      ...relation.actions,
      ...watch.actions,
    ].sort((a, b) => a.at - b.at),
    decideAll: chance.chance(0.5),
  };
  return chanceOf(seed, "matching").chance(0.15) ? withPeople(drawn) : drawn;
}

function anyOf<T>(chance: SeededRandom, items: readonly T[]): T {
  return items[chance.below(items.length)]!;
}

function drawSystems(chance: SeededRandom): SystemSetup[] {
  const skewed = chance.chance(0.3);
  const limited = chance.chance(0.2);
  const refusing = chance.chance(0.15);
  const automated = chance.chance(0.15);
  return ["crm", "db", "desk"].slice(0, chance.chance(0.2) ? 2 : 3).map((name): SystemSetup => {
    const kind: KindName = anyOf(chance, kindNames);
    return {
      name,
      kind,
      skewMs: skewed ? chance.below(1_200_001) - 600_000 : 0,
      creates: !chance.chance(0.1),
      keyless: chance.chance(0.1),
      lengthMax: limited && chance.chance(0.5) ? 9 : null,
      refuses: refusing && chance.chance(0.5) ? String(chance.below(10)) : null,
      automation:
        automated && chance.chance(0.5) ? { cell: anyOf(chance, ["phone", "note"]), times: 1 + chance.below(2) } : null,
    };
  });
}

type Template = {
  readonly name: string;
  readonly type: FieldType;
  readonly rules: readonly RuleName[];
  readonly odds: number;
};

const anyRule: readonly RuleName[] = ["review", "prefer", "newest", "keep", "owner", "custom", "longest"];
const templates: readonly Template[] = [
  { name: "email", type: { kind: "email" }, rules: anyRule, odds: 1 },
  { name: "phone", type: { kind: "text" }, rules: anyRule, odds: 1 },
  { name: "note", type: { kind: "text" }, rules: [...anyRule, "merge-text", "merge-text"], odds: 0.5 },
  {
    name: "score",
    type: { kind: "number" },
    rules: ["counter", "counter", "max", "min", "review", "newest"],
    odds: 0.4,
  },
  { name: "tags", type: { kind: "set" }, rules: ["union", "union", "prefer", "longest"], odds: 0.3 },
  { name: "member", type: { kind: "boolean" }, rules: ["any-true", "all-true", "prefer"], odds: 0.2 },
  { name: "stage", type: { kind: "choice", options: stages }, rules: ["forward-only", "review"], odds: 0.2 },
  { name: "street", type: { kind: "text" }, rules: ["review", "prefer", "newest", "longest", "keep"], odds: 0.25 },
];

function drawFields(chance: SeededRandom, systems: readonly SystemSetup[]): FieldSetup[] {
  const fields: FieldSetup[] = [];
  for (const { name, type, rules, odds } of templates) {
    if (!chance.chance(odds)) continue;
    const rule = anyOf(chance, rules);
    const clears = anyOf(chance, ["propagate", "hold", "restore"] as const);
    const directions: Record<string, "read" | "write" | null> = {};
    if (name !== "email" && chance.chance(0.1)) {
      directions[anyOf(chance, systems).name] = anyOf(chance, ["read", "write", null] as const);
    }
    const group = name === "street" ? "address" : null;
    fields.push({ name, type, rule, clears, group, directions });
    if (name === "street") fields.push({ name: "city", type, rule, clears, group, directions });
  }
  return fields;
}

/** Now and then schemas are watched; then a cell goes more often, and comes back while no process runs to see it. */
function drawWatch(chance: SeededRandom, spanMs: number, systems: readonly string[], engines: number) {
  if (!chance.chance(0.3)) return { everyMs: null, actions: [] };
  const actions: Action[] = [];
  if (chance.chance(0.5)) {
    const at = chance.chance(0.5) ? 0 : 200 + chance.below(spanMs - 200);
    const ms = 3_000 + chance.below(8_000);
    actions.push({ at, kind: "drop-cell", system: anyOf(chance, systems), cell: "phone", ms });
    const diesAt = Math.min(spanMs - 1, at + ms - 50);
    for (let engine = 0; engine < engines; engine++) actions.push({ at: diesAt, kind: "crash", engine });
  }
  return { everyMs: 2_000, actions };
}

/** Now and then people have a boss, who is one of them: each system names him by an id of its own. */
function drawRelation(chance: SeededRandom, spanMs: number, systems: readonly SystemSetup[]) {
  if (!chance.chance(0.2)) return { fields: [], actions: [] };
  const boss: FieldSetup = {
    name: "boss",
    type: { kind: "reference", to: "contact" },
    rule: anyOf(chance, ["review", "prefer", "newest", "keep"] as const),
    clears: anyOf(chance, ["propagate", "hold", "restore"] as const),
    group: null,
    directions: {},
  };
  const actions = Array.from({ length: 2 + chance.below(8) }, (): Action => {
    const cell: CellEdit = chance.chance(0.15) ? { set: null } : { pick: chance.fraction() };
    const at = 200 + chance.below(spanMs - 200);
    return { at, kind: "edit", system: anyOf(chance, systems).name, pick: chance.fraction(), cells: { boss: cell } };
  });
  return { fields: [boss], actions };
}

function drawOdds(chance: SeededRandom): Odds {
  const calm = chance.chance(0.15);
  const odd = (there: number, max: number) => (!calm && chance.chance(there) ? chance.fraction() * max : 0);
  return {
    ...noOdds,
    failBefore: odd(0.35, 0.2),
    failAfter: odd(0.35, 0.2),
    rateLimit: odd(0.25, 0.15),
    slow: odd(0.3, 0.08),
    repeat: odd(0.35, 0.5),
    shuffle: odd(0.35, 0.5),
    drop: odd(0.2, 0.3),
    hint: odd(0.2, 0.5),
    again: odd(0.2, 0.3),
    shift: odd(0.3, 0.5),
    rush: odd(0.3, 0.3),
    storeFails: odd(0.2, 0.08),
    commitUnknown: odd(0.25, 0.15),
    tornLoad: odd(0.2, 0.5),
    crash: odd(0.35, chance.chance(0.2) ? 0.05 : 0.008),
    webhookRepeat: odd(0.4, 0.6),
    webhookGarbled: odd(0.2, 0.3),
  };
}

function drawRecords(
  chance: SeededRandom,
  systems: readonly string[],
  fields: readonly FieldSetup[],
  byPhone: boolean,
) {
  const records: { system: string; values: Values }[] = [];
  const people = 1 + chance.below(3);
  const alike = chance.chance(0.5);
  for (let person = 0; person < people; person++) {
    const shared = drawPerson(chance, person, fields);
    const there = systems.filter(() => chance.chance(0.65));
    for (const system of there.length === 0 ? systems.slice(0, 1) : there) {
      const values = alike ? shared : variant(chance, shared, system);
      // Now and then without an e-mail, or with another one, even somebody else's: then only the phone tells who it is.
      const others = [null, `other${person}-${system}@people.org`, `p${(person + 1) % people}@people.org`];
      const isOther = byPhone && chance.chance(0.4);
      records.push({ system, values: isOther ? { ...values, email: anyOf(chance, others) } : values });
    }
  }
  return records;
}

type StartRecord = Scenario["records"][number];

/**
 * People have names and birth dates that nobody edits, and mailboxes of their own in each system, so that nothing else tells who is who. Some
 * are twice in a system; some have a namesake of whom less is known.
 */
function withPeople(drawn: Scenario): Scenario {
  const chance = chanceOf(drawn.seed, "people");
  const fields = [
    { name: "name", type: { kind: "name" } },
    { name: "born", type: { kind: "date" } },
  ].map((field) => ({ ...field, rule: "keep", clears: "restore", group: null, directions: {} }) as FieldSetup);
  const known = drawn.records.map(({ system, values }): StartRecord => {
    const person = Number(/^p(\d)@/iu.exec(String(values["email"]))?.[1] ?? 0);
    const email = chance.chance(0.6) ? `own${person}.${system}@people.org` : (values["email"] ?? null);
    return { system, values: { ...values, ...personOf(person), email } };
  });
  const twin = known[0];
  const twins =
    twin !== undefined && chance.chance(0.3)
      ? [{ ...twin, values: { ...twin.values, email: `twin.${twin.system}@people.org` } }]
      : [];
  const namesake = { name: personOf(0).name, email: "namesake@gmail.com" };
  const namesakes = chance.chance(0.3) ? [{ system: anyOf(chance, drawn.systems).name, values: namesake }] : [];
  const records = [...known, ...twins, ...namesakes];
  // Two who make one person at once see each other only by what they file.
  const engines = chance.chance(0.6) ? Math.max(2, drawn.engines) : drawn.engines;
  return { ...drawn, matching: true, fields: [...drawn.fields, ...fields], records, engines };
}

function personOf(person: number) {
  const name = ["Maria Miller", "Ottilie Quastenberg", "Zoltan Ferencvari"][person] ?? "Ximena Uriarte";
  return { name, born: `19${61 + 7 * person}-0${3 + person}-1${person}` };
}

function drawPerson(chance: SeededRandom, person: number, fields: readonly FieldSetup[]): Values {
  const values: Record<string, FieldValue> = {
    email: `p${person}@people.org`,
    phone: `10${person}`,
    note: `note ${person} of old`,
    score: String(100 * (person + 1)),
    tags: [`base${person}`, `old${person}`],
    member: false,
    stage: stages[0]!,
    street: `street ${person}`,
    city: `city ${person}`,
  };
  return Object.fromEntries(
    fields.map(({ name }) => [name, name !== "email" && chance.chance(0.25) ? null : (values[name] ?? null)]),
  );
}

/** The same person as another system has it: in capitals, with blanks, with a value of its own. */
function variant(chance: SeededRandom, shared: Values, system: string): Values {
  return Object.fromEntries(
    Object.entries(shared).map(([name, value]) => {
      if (name === "email")
        return [name, chance.chance(0.3) && typeof value === "string" ? value.toUpperCase() : value];
      if (chance.chance(0.2)) return [name, null];
      const own = chance.chance(0.2) && typeof value === "string" && ["phone", "note", "street", "city"].includes(name);
      return [name, own ? `${value} ${system}` : value];
    }),
  );
}

function drawActions(
  chance: SeededRandom,
  spanMs: number,
  systems: readonly SystemSetup[],
  fields: readonly FieldSetup[],
  engines: number,
  byPhone: boolean,
): Action[] {
  const actions: Action[] = [];
  const when = () => 200 + chance.below(spanMs - 200);
  const where = () => anyOf(chance, systems).name;
  const times = (there: number, max: number) => (chance.chance(there) ? 1 + chance.below(max) : 0);
  // Several edits of a burst fall into the same seconds: that is where conflicts come from.
  const bursts = Array.from({ length: 1 + chance.below(3) }, when);
  const edits = 3 + chance.below(15);
  for (let n = 0; n < edits; n++) {
    const at = chance.chance(0.6) ? Math.min(spanMs - 1, anyOf(chance, bursts) + chance.below(3_000)) : when();
    const pick = chance.fraction();
    actions.push({ at, kind: "edit", system: where(), pick, cells: drawEdit(chance, fields, n) });
  }
  // The same field of the same person, on several sides at once.
  const clashes = 1 + chance.below(4);
  for (let n = edits; n < edits + clashes; n++) {
    const [at, pick] = [when(), chance.fraction()];
    const { name, type } = anyOf(chance, fields);
    // Some raise a number by the same on all sides: each of them counts.
    const same = type.kind === "number" && chance.chance(0.5) ? drawCellEdit(chance, name, type, n) : null;
    systems.forEach((system, side) => {
      if (!chance.chance(0.8)) return;
      const cells = { [name]: same ?? drawCellEdit(chance, name, type, 10 * n + side) };
      actions.push({ at: at + chance.below(80), kind: "edit", system: system.name, pick, cells });
    });
  }
  const repeat = (count: number, make: (n: number) => Action) => {
    for (let n = 0; n < count; n++) actions.push(make(n));
  };
  repeat(times(0.2, 2), (n) => ({
    at: when(),
    kind: "create",
    system: where(),
    values: { ...drawPerson(chance, 7 + n, fields), phone: chance.chance(0.3) ? null : `20${n}` },
  }));
  // Someone with the e-mail of one and the phone of another.
  repeat(byPhone ? times(0.5, 2) : 0, () => ({
    at: when(),
    kind: "create",
    system: where(),
    values: { email: `p${chance.below(3)}@people.org`, phone: `10${chance.below(3)}` },
  }));
  repeat(times(0.15, 2), () => ({ at: when(), kind: "duplicate", system: where(), pick: chance.fraction() }));
  repeat(times(0.25, 2), () => ({ at: when(), kind: "delete", system: where(), pick: chance.fraction() }));
  repeat(times(0.15, 2), () => ({ at: when(), kind: "undelete", system: where(), pick: chance.fraction() }));
  repeat(times(0.35, 2), () => ({
    at: when(),
    kind: "merge",
    system: where(),
    pick: chance.fraction(),
    into: chance.fraction(),
  }));
  repeat(times(0.5, 5), () => ({
    at: when(),
    kind: "decide",
    pick: chance.fraction(),
    choice: chance.fraction(),
    how: anyOf(chance, ["once", "once", "twice", "stale"] as const),
  }));
  repeat(times(0.25, 2), () => ({ at: when(), kind: "crash", engine: chance.below(engines) }));
  repeat(times(engines > 1 ? 0.5 : 0.1, 2), () => ({
    at: when(),
    kind: "pause",
    engine: chance.below(engines),
    ms: chance.chance(0.5) ? 11_000 + chance.below(10_000) : 121_000 + chance.below(20_000),
  }));
  repeat(times(0.15, 2), () => ({ at: when(), kind: "lose-feed", system: where() }));
  repeat(times(0.1, 2), () => ({ at: when(), kind: "sweep", system: where() }));
  repeat(times(0.1, 2), () => ({ at: when(), kind: "outage", system: where(), ms: 1_000 + chance.below(15_000) }));
  repeat(times(0.1, 1), () => ({
    // Records that are met without it must be read before it is written.
    at: chance.chance(0.5) ? 0 : when(),
    kind: "drop-cell",
    system: where(),
    cell: "phone",
    ms: 1_000 + chance.below(15_000),
  }));
  repeat(times(0.07, 2), () => ({ at: when(), kind: "poison", system: where(), pick: chance.fraction() }));
  repeat(times(0.08, 2), () => {
    const field = anyOf(chance, fields);
    const rules = templates.find((one) => one.name === (field.name === "city" ? "street" : field.name))!.rules;
    return { at: when(), kind: "reconfigure", field: field.name, rule: anyOf(chance, rules) };
  });
  return actions.sort((a, b) => a.at - b.at);
}

/** One or two cells; texts are unique to the edit, so that a value read anywhere names its writer. */
function drawEdit(chance: SeededRandom, fields: readonly FieldSetup[], n: number): Record<string, CellEdit> {
  const cells: Record<string, CellEdit> = {};
  const count = chance.chance(0.25) ? 2 : 1;
  for (let i = 0; i < count; i++) {
    const { name, type } = anyOf(chance, fields);
    cells[name] = drawCellEdit(chance, name, type, n);
  }
  return cells;
}

function drawCellEdit(chance: SeededRandom, name: string, type: FieldType, n: number): CellEdit {
  if (name !== "email" && chance.chance(0.12)) return { set: null };
  if (chance.chance(0.03) && type.kind !== "text" && type.kind !== "set") return { junk: `junk ${n}` };
  switch (type.kind) {
    case "email":
      return { set: chance.chance(0.2) ? `Edit${n}@People.org` : `edit${n}@people.org` };
    case "number":
      return { add: 1 + chance.below(9) * 10 };
    case "set":
      return chance.chance(0.7) ? { tag: `t${n}` } : { untag: true };
    case "boolean":
      return { toggle: true };
    case "choice":
      return { set: anyOf(chance, stages) };
    default:
      if (name === "note" && chance.chance(0.5))
        return chance.chance(0.5) ? { append: `end${n}` } : { prepend: `top${n}` };
      return { set: chance.chance(0.2) ? ` edit ${n} at length ` : `edit ${n}` };
  }
}

/**
 * Rules whose outcome can't depend on who is heard first. `keep` keeps what came first, by its nature; two texts of one length are held before a
 * longer one comes, and beaten by it after.
 */
const orderly: Readonly<Record<string, readonly RuleName[]>> = {
  text: ["review", "prefer", "prefer", "owner", "custom"],
  email: ["review", "prefer", "prefer", "owner", "custom"],
  number: ["counter", "max", "min", "review", "prefer"],
  set: ["union", "prefer"],
  boolean: ["any-true", "all-true", "prefer"],
  choice: ["forward-only", "review"],
};

/**
 * A scenario for telling the same events in other orders: everyone agrees, then every field of a record is edited at most once in each
 * system.
 */
export function drawOrderScenario(seed: number): Scenario {
  const chance = chanceOf(seed, "order scenario");
  const systems = drawSystems(chance).map((one) => ({
    ...one,
    automation: null,
    refuses: null,
    lengthMax: null,
    skewMs: 0,
  }));
  const fields = drawFields(chance, systems).map((field) => ({
    ...field,
    rule: anyOf(chance, orderly[field.type.kind] ?? []),
    directions: {},
    group: null,
  }));
  const people = 1 + chance.below(2);
  const records = Array.from({ length: people }, (_, person) => drawPerson(chance, person, fields)).flatMap((values) =>
    systems.map(({ name }) => ({ system: name, values })),
  );
  const actions: Action[] = [];
  for (let person = 0; person < people; person++) {
    const said = new Map<string, CellEdit[]>();
    for (const { name } of systems) {
      for (const field of chance.shuffle(fields)) {
        if (!chance.chance(0.6)) continue;
        // Two sides may say the same: then both speak for it, whoever is heard first.
        const before = said.get(field.name) ?? [];
        const same = chance.chance(0.5) ? before[chance.below(before.length)] : undefined;
        const edit = same ?? drawCellEdit(chance, field.name, field.type, actions.length);
        said.set(field.name, [...before, edit]);
        if (!("junk" in edit))
          actions.push({
            at: actions.length,
            kind: "edit",
            system: name,
            pick: (person + 0.5) / people,
            cells: { [field.name]: edit },
          });
      }
    }
  }
  return {
    seed,
    spanMs: 1_000,
    systems,
    fields,
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
    records,
    actions,
    decideAll: false,
  };
}
