import type { GoldenRecord } from "../src/model/golden.ts";
import type { Hold } from "../src/model/hold.ts";
import type { FieldValue } from "../src/model/value.ts";
import type { DeadLetter, Store } from "../src/ports/store.ts";
import { openSqliteStore } from "../src/store/sqlite/sqlite-store.ts";
import type { Kept, RecordName } from "./check.ts";
import { type EntityName, references, type Story } from "./story.ts";
import { entityOf } from "./systems/system.ts";
import type { DemoWorld } from "./world.ts";

/** What Truce keeps besides the systems' values. */
export type Memory = {
  readonly kept: Kept;
  readonly holds: readonly Hold[];
  readonly deadLetters: readonly DeadLetter[];
};

/** A value of a field of a golden record that was one side of a conflict. */
type Side = {
  readonly goldenId: string;
  readonly entity: EntityName;
  readonly field: string;
  readonly value: FieldValue;
};

/** Reads open holds, and both sides of every decision, from the store of a Truce that is not running. */
export async function memoryOf(file: string, world: DemoWorld): Promise<Memory> {
  const store = await openSqliteStore(file);
  const holds = await store.holds({ status: "open", limit: 100_000 });
  const deadLetters = await store.deadLetters({ status: "open", limit: 1_000 });
  const sides = holds.flatMap(sidesOfHold);
  for (let after = 0; ; ) {
    const lines = await store.journal({ after, limit: 5_000 });
    const last = lines.at(-1);
    if (last === undefined) break;
    after = last.sequence;
    // Only lines that keep a side of a decision; a plain history of values would excuse anything.
    for (const { goldenId, entity, field, other, to, from } of lines)
      if (other !== null && field !== null)
        for (const value of [other, to, from]) sides.push({ goldenId, entity: entity as EntityName, field, value });
  }
  const kept: Kept = {
    values: sides.flatMap(({ value }) => textsOf(value)),
    references: await referencesIn(store, sides, world),
  };
  await store.close();
  return { kept, holds, deadLetters };
}

function sidesOfHold({ goldenId, entity, candidates }: Hold): Side[] {
  return candidates.flatMap(({ values }) =>
    Object.entries(values).map(([field, value]) => ({
      goldenId: goldenId ?? "",
      entity: entity as EntityName,
      field,
      value,
    })),
  );
}

function textsOf(value: FieldValue): readonly string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null || !("amount" in value)) return [];
  return [value.amount];
}

/** Golden records are told by any record that they have in a system: those the check knows. */
async function referencesIn(store: Store, sides: readonly Side[], world: DemoWorld): Promise<Kept["references"]> {
  const pairs = sides.filter(({ entity, field }) => references[entity]?.[field] !== undefined);
  const ids = new Set(pairs.flatMap(({ goldenId, value }) => [goldenId, ...textsOf(value)]));
  const { goldens } = await store.load({ records: [], keys: [], ids: [...ids] });
  const names = new Map<string, RecordName>();
  for (const [id, golden] of goldens) {
    const name = nameOf(golden, world);
    if (name !== null) names.set(id, name);
  }
  return pairs.flatMap(({ goldenId, field, value }) => {
    const [from, to] = [names.get(goldenId), names.get(textsOf(value)[0] ?? "")];
    return from === undefined || to === undefined ? [] : [{ from, field, to }];
  });
}

function nameOf({ links }: GoldenRecord, world: DemoWorld): RecordName | null {
  for (const { system, object, id } of links) {
    const entity = entityOf(world.system(system).shape, object);
    if (id !== null && entity !== undefined) return { system, entity, id };
  }
  return null;
}

/** The rules leave open: people who are twice in a system, and notes on which two wrote at once. */
export function isAccountedFor(hold: Hold, story: Story, world: DemoWorld): boolean {
  if (hold.kind === "duplicate" && hold.ref !== null) {
    const { system, id } = hold.ref;
    const thing = world.seeded.find(
      (record) => record.system === system && record.entity === hold.entity && record.id === id,
    )?.thing;
    return story.copies.some(
      (copy) => copy.twin && copy.entity === hold.entity && copy.thing === thing && copy.system === system,
    );
  }
  if (hold.kind !== "conflict" || hold.fields.join() !== "notes") return false;
  return hold.candidates.every(
    ({ values }) =>
      story.edits.some((edit) => edit.values["notes"] === values["notes"]) || values["notes"] === hold.base["notes"],
  );
}
