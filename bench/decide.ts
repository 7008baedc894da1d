import { type Decided, decide, type State } from "../src/core/decide.ts";
import { observe } from "../src/core/observe.ts";
import { testPolicy } from "../src/core/testing/policy.ts";
import type { GoldenRecord } from "../src/model/golden.ts";
import { type RawUpsert, revisionOf, type Upsert } from "../src/model/observation.ts";
import { mappingOf, type Policy } from "../src/model/policy.ts";
import { perCoreSecond } from "./measure/per-core-second.ts";
import { columns } from "./sync/workload.ts";

/**
 * Decisions a second of one core, the pure function alone: what one system said about a contact of ten fields with records in two systems. The
 * baseline of the same run is what any store must do with such a golden record at least: write it as JSON and read it back. One JSON line.
 *
 *   npm run bench -- decide
 */
const policy = testPolicy(
  {
    ...Object.fromEntries(
      columns.map((column) => [column, { rule: { kind: "newest", tie: { kind: "keep" } } as const }]),
    ),
    email: { type: { kind: "email" } },
    note: { rule: { kind: "review" } },
  },
  { systems: ["left", "right"] },
);
const blank = {
  email: "p1@example.org",
  ...Object.fromEntries(columns.slice(1).map((column) => [column, `${column} 1`])),
};
const now = 1_700_000_000_000;

const alone = goldenOf(decide(stateOf(null), seen("left", {}, 1), policy, now, "first"));
const golden = goldenOf(decide(stateOf(null, alone), seen("right", {}, 1), policy, now, "second"));
const edited = goldenOf(
  decide(stateOf(golden), seen("right", { title: "theirs", note: "theirs" }, 2), policy, now, "third"),
);

const cases: Readonly<Record<string, readonly [State, Upsert]>> = {
  same: [stateOf(golden), seen("left", {}, 2)],
  edit: [stateOf(golden), seen("left", { title: "new", city: "new" }, 2)],
  conflict: [stateOf(edited), seen("left", { title: "ours" }, 2)],
  held: [stateOf(edited), seen("left", { note: "ours" }, 2)],
  created: [stateOf(null), seen("left", {}, 1)],
  joined: [stateOf(null, alone), seen("right", {}, 1)],
};
const decisionsPerS = Object.fromEntries(
  Object.entries(cases).map(([name, [state, one]]) => [
    name,
    perCoreSecond((n) => decide(state, one, policy, now + n, "cause")),
  ]),
);
const copiesPerS = perCoreSecond(() => JSON.parse(JSON.stringify(edited)));
console.log(JSON.stringify({ name: "decide", fields: columns.length, decisionsPerS, baseline: { copiesPerS } }));

function goldenOf({ goldens }: Decided): GoldenRecord {
  const [one] = goldens;
  if (one === undefined) throw new Error("Nothing was decided.");
  return one;
}

/** `byKey`: the golden record that has the identity of every record. */
function stateOf(linked: GoldenRecord | null, byKey?: GoldenRecord): State {
  return {
    golden: linked,
    goldenByKey: () => byKey,
    goldenById: () => undefined,
    goldenByRecord: () => undefined,
    hold: null,
    pin: null,
    scoring: null,
    freshId: "g",
  };
}

function seen(system: string, also: Readonly<Record<string, string>>, order: number): Upsert {
  const at = now + order;
  const raw: RawUpsert = {
    kind: "upsert",
    ref: { system, object: "contacts", id: "1" },
    ...{
      revision: revisionOf(order),
      observedAt: at,
      complete: true,
      changedAt: { from: at, until: at },
      author: null,
    },
    cells: { ...blank, ...also },
  };
  const { entity, mapping } = found(policy, system);
  return observe(raw, entity, mapping);
}

function found(all: Policy, system: string) {
  const one = mappingOf(all, system, "contacts");
  if (one === null) throw new Error(`The policy maps nothing of ${system}.`);
  return one;
}
