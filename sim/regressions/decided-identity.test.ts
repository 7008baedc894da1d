import { expect, test } from "vitest";
import { draftOf, emptyGolden, goldenOf, newLink, putHold } from "../../src/core/draft.ts";
import { finish } from "../../src/core/finish.ts";
import { testPolicy } from "../../src/core/testing/policy.ts";
import { emptyUnit } from "../../src/engine/commit.ts";
import type { Deps } from "../../src/engine/deps.ts";
import { decideHold } from "../../src/engine/review.ts";
import type { Hold } from "../../src/model/hold.ts";
import { createMemoryStore } from "../../src/store/memory/memory-store.ts";

const policy = testPolicy({ email: { type: { kind: "email" } } }, { systems: ["crm", "desk"] });
const keyOf = (email: string) => JSON.stringify(["contact", ["email"], [email]]);

/** A golden record whose e-mail waits for a person. */
async function heldEmail() {
  const store = createMemoryStore();
  const deps: Deps = {
    store,
    connectors: new Map(),
    policy,
    clock: { now: () => 5_000, sleep: async () => undefined },
    startedAt: 0,
    random: { fraction: () => 0, id: () => "i1" },
    tell: () => undefined,
  };
  const entity = policy.entities["contact"]!;
  const draft = draftOf(emptyGolden("g1", entity), entity);
  const source = { kind: "record", ref: { system: "crm", object: "contacts", id: "c1" }, author: null } as const;
  const at = { from: 0, until: 0 };
  draft.fields["email"] = { value: "old@example.org", version: 1, changedAt: at, source };
  draft.links.push(newLink(entity.mappings[0]!, "c1", 0));
  const candidates = ["old@example.org", "new@example.org"].map((email) => ({
    values: { email },
    source,
    at,
    cause: "o1",
  }));
  const hold: Hold = {
    id: "h1",
    kind: "conflict",
    entity: "contact",
    goldenId: "g1",
    ref: null,
    fields: ["email"],
    base: {},
    candidates,
    matches: [],
    reason: "review does not decide",
    openedAt: 0,
    updatedAt: 0,
    revision: 1,
    status: "open",
    closed: null,
  };
  putHold(draft, hold);
  const { golden, keys } = finish(goldenOf(draft), entity, 0);
  await store.commit([{ ...emptyUnit, golden, keys, holds: [hold] }]);
  return deps;
}

test("seed 1397: a golden record is known under the e-mail that a person decided on, at once", async () => {
  const deps = await heldEmail();
  const choice = { kind: "take", candidate: 1 } as const;
  expect(await decideHold(deps, { holdId: "h1", revision: 1, by: "anna", choice })).toMatchObject({ kind: "done" });
  const { byKey } = await deps.store.load({
    records: [],
    keys: [keyOf("old@example.org"), keyOf("new@example.org")],
    ids: [],
  });
  expect([...byKey]).toEqual([[keyOf("new@example.org"), "g1"]]);
});
