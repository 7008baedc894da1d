import { expect, test } from "vitest";
import { draftOf, emptyGolden, goldenOf, newLink } from "../core/draft.ts";
import { newRetryBudget } from "../core/retry-budget.ts";
import { testPolicy } from "../core/testing/policy.ts";
import type { Connector } from "../ports/connector.ts";
import type { Store } from "../ports/store.ts";
import { createMemoryStore } from "../store/memory/memory-store.ts";
import { emptyUnit, goldenUnit } from "./commit.ts";
import type { Deps } from "./deps.ts";
import { dispatchBatch } from "./dispatch.ts";
import { toldApart } from "./store-failure.ts";

const policy = testPolicy({ email: { type: { kind: "email" } } }, { systems: ["crm", "desk"] });

test("a store whose disk is full for a minute, just when receipts come, can still be read: they are kept, and committed once there is room", async () => {
  const memory = createMemoryStore();
  let now = 5_000;
  let fullUntil = 0;
  const store: Store = toldApart({
    ...memory,
    commit: async (units) => {
      if (now < fullUntil) throw new Error("The disk of the store is full.");
      return memory.commit(units);
    },
  });
  let writes = 0;
  const desk = {
    system: "desk",
    encode: (_object: string, _cell: unknown, value: unknown) => value,
    write: async () => {
      fullUntil = now + 60_000;
      writes++;
      return [{ kind: "written", id: "d1", cells: { email: "ann@example.org" }, revision: null, observedAt: now }];
    },
  } as unknown as Connector;
  const deps: Deps = {
    store,
    connectors: new Map([["desk", desk]]),
    policy,
    clock: {
      now: () => now,
      sleep: async (ms) => {
        now += ms;
      },
    },
    startedAt: 0,
    random: { fraction: () => 0, id: () => "a1" },
    tell: () => undefined,
  };
  const entity = policy.entities["contact"]!;
  const draft = draftOf(emptyGolden("g1", entity), entity);
  const source = { kind: "record", ref: { system: "crm", object: "contacts", id: "c1" }, author: null } as const;
  draft.fields["email"] = { value: "ann@example.org", version: 1, changedAt: { from: 0, until: 0 }, source };
  draft.links.push({ ...newLink(entity.mappings[1]!, "d1", 0), cells: { email: "old@example.org" } });
  await store.commit([{ ...emptyUnit, ...goldenUnit(deps, goldenOf(draft), 0, () => undefined) }]);
  await dispatchBatch(deps, "desk", 10, newRetryBudget(0));
  const link = (await store.load({ records: [], keys: [], ids: ["g1"] })).goldens.get("g1")?.links[0];
  expect(link).toMatchObject({ inFlight: null, failures: 0, cells: { email: "ann@example.org" } });
  expect(writes).toBe(1);
});
