import { expect, test } from "vitest";
import { draftOf, emptyGolden, goldenOf, newLink } from "../../src/core/draft.ts";
import { newRetryBudget } from "../../src/core/retry-budget.ts";
import { testPolicy } from "../../src/core/testing/policy.ts";
import { emptyUnit, goldenUnit } from "../../src/engine/commit.ts";
import type { Deps, EngineEvent } from "../../src/engine/deps.ts";
import { dispatchBatch } from "../../src/engine/dispatch.ts";
import type { RawUpsert } from "../../src/model/observation.ts";
import type { Connector } from "../../src/ports/connector.ts";
import { createMemoryStore } from "../../src/store/memory/memory-store.ts";

const policy = testPolicy(
  { email: { type: { kind: "email" } }, boss: { type: { kind: "reference", to: "contact" } } },
  { systems: ["crm", "desk"] },
);

/** Cells that break whoever looks into them. */
const poison: RawUpsert["cells"] = new Proxy(
  {},
  {
    getOwnPropertyDescriptor() {
      throw new Error("poison");
    },
  },
);

const observation: RawUpsert = {
  kind: "upsert",
  ref: { system: "desk", object: "contacts", id: "d1" },
  cells: poison,
  complete: true,
  revision: null,
  observedAt: 0,
  changedAt: null,
  author: null,
};

test("seed 70970: an answer that breaks Truce is poison to its own write, and ends nothing else", async () => {
  const told: EngineEvent[] = [];
  const store = createMemoryStore();
  const desk = {
    system: "desk",
    encode: (_object: string, _cell: unknown, value: unknown) => value,
    write: async () => [{ kind: "changed", observation }],
  } as unknown as Connector;
  const deps: Deps = {
    store,
    connectors: new Map([["desk", desk]]),
    policy,
    clock: { now: () => 5_000, sleep: async () => undefined },
    startedAt: 0,
    random: { fraction: () => 0, id: () => "a1" },
    tell: (event) => told.push(event),
  };
  const entity = policy.entities["contact"]!;
  const draft = draftOf(emptyGolden("g1", entity), entity);
  const source = { kind: "record", ref: { system: "crm", object: "contacts", id: "c1" }, author: null } as const;
  draft.fields["email"] = { value: "ann@example.org", version: 1, changedAt: { from: 0, until: 0 }, source };
  draft.links.push({ ...newLink(entity.mappings[1]!, "d1", 0), cells: { email: "old@example.org" } });
  await store.commit([{ ...emptyUnit, ...goldenUnit(deps, goldenOf(draft), 0, () => undefined) }]);
  await dispatchBatch(deps, "desk", 10, newRetryBudget(0));
  const link = (await store.load({ records: [], keys: [], ids: ["g1"] })).goldens.get("g1")?.links[0];
  expect(link).toMatchObject({ inFlight: null, failures: 1 });
  expect(told.map((event) => event.kind)).toContain("poisoned");
});
