import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { GoldenRecord } from "../model/golden.ts";
import { revisionOf } from "../model/observation.ts";
import { testPolicy } from "./testing/policy.ts";
import { scene } from "./testing/scene.ts";

/** The laws that `decide` keeps whatever systems say, in whatever order. */

const systems = ["crm", "db", "desk", "shop"] as const;
const otherwise = { kind: "review" as const };
const rules = {
  note: {},
  phone: { rule: { kind: "prefer" as const, systems: ["db", "crm"], otherwise } },
  tags: { type: { kind: "set" as const }, rule: { kind: "union" as const } },
  size: { type: { kind: "number" as const }, rule: { kind: "max" as const } },
  title: { rule: { kind: "longest" as const } },
  seat: { rule: { kind: "newest" as const, tie: otherwise } },
  street: { group: "address", rule: { kind: "prefer" as const, systems: ["desk", "crm"], otherwise } },
  city: { group: "address" },
};
const policy = testPolicy({ email: { type: { kind: "email" } }, ...rules }, { systems });
const fields = ["note", "phone", "tags", "size", "title", "seat", "street", "city"] as const;
type Field = (typeof fields)[number];
type Cells = Readonly<Partial<Record<Field, string | null>>>;

const agreed = {
  email: "a@b.co",
  note: "n",
  phone: "100",
  tags: "x;y",
  size: "1",
  title: "t",
  seat: "a",
  street: "s",
  city: "c",
};

const values: Record<Field, fc.Arbitrary<string>> = {
  note: fc.constantFrom("n", "n1", "n2", "N1 "),
  phone: fc.constantFrom("100", "200", "300"),
  tags: fc.constantFrom("x;y", "x", "x;y;z", "w"),
  size: fc.constantFrom("1", "2", "30", "30.0"),
  title: fc.constantFrom("t", "tt", "uu", "ttt"),
  seat: fc.constantFrom("a", "b", "c"),
  street: fc.constantFrom("s", "s1", "s2"),
  city: fc.constantFrom("c", "c1", "c2"),
};
const value = (field: Field) => fc.option(values[field], { freq: 6 });
/** Any of the fields; those left out are not mentioned. */
const someCells: fc.Arbitrary<Cells> = fc
  .dictionary(fc.constantFrom(...fields), fc.nat())
  .chain((picked) =>
    fc.record(Object.fromEntries(fields.filter((field) => field in picked).map((field) => [field, value(field)]))),
  );

type Step = { readonly system: (typeof systems)[number]; readonly cells: Cells } | "dispatch";
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ system: fc.constantFrom(...systems), cells: someCells }) },
  { weight: 1, arbitrary: fc.constant("dispatch" as const) },
);
const steps = fc.array(step, { maxLength: 14 });

/** A world in which all systems agree on one contact, and what each holds of it, so that writes change that too. */
function worldOf() {
  const world = scene(policy);
  const held = new Map<string, Record<string, string | null>>(systems.map((system) => [system, { ...agreed }]));
  for (const system of systems) world.says(system, "1", agreed);
  const tell = ({ system, cells }: Exclude<Step, "dispatch">) => {
    const now = Object.assign(held.get(system)!, cells);
    const whole = Object.keys(cells).length === fields.length;
    return world.says(system, "1", whole ? { ...now } : cells, { complete: whole });
  };
  return {
    ...world,
    held,
    take: (one: Step) => (one === "dispatch" ? void world.dispatch() : void tell(one)),
    golden: () => [...world.goldens.values()][0]!,
  };
}

/** What is agreed and what waits for a person, without versions and times. */
function essence(golden: GoldenRecord) {
  return {
    fields: Object.fromEntries(Object.entries(golden.fields).map(([field, version]) => [field, version.value])),
    holds: golden.holds
      .map((hold) => ({
        kind: hold.kind,
        fields: [...hold.fields].sort(),
        candidates: [...new Set(hold.candidates.map((one) => JSON.stringify(one.values)))].sort(),
      }))
      .sort((a, b) => (a.fields.join() < b.fields.join() ? -1 : 1)),
  };
}

/** Who says again what they said shows that it was still so: under `newest`, that is news. */
function withoutSeat(one: Step): Step {
  if (one === "dispatch") return one;
  const { seat: _seat, ...cells } = one.cells;
  return { ...one, cells };
}

describe("after any history", () => {
  test("identity: a system that says again what it said last changes nothing, and nothing is written for it", () => {
    fc.assert(
      fc.property(steps, fc.constantFrom(...systems), someCells, (history, system, cells) => {
        const world = worldOf();
        for (const one of history) world.take(one);
        world.take({ system, cells });
        const before = essence(world.golden());
        const lines = world.journal.length;
        world.take({ system, cells });
        expect(essence(world.golden())).toEqual(before);
        expect(world.journal.length).toBe(lines);
      }),
    );
  });

  test("idempotence: each statement told one to three times comes to the same as told once", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(step, fc.integer({ min: 1, max: 3 })), { maxLength: 14 }), (history) => {
        const [once, often] = [worldOf(), worldOf()];
        for (const [told, times] of history) {
          const one = withoutSeat(told);
          once.take(one);
          for (let i = 0; i < times; i++) often.take(one);
        }
        expect(essence(often.golden())).toEqual(essence(once.golden()));
        expect(often.dispatch()).toEqual(once.dispatch());
      }),
    );
  });

  test("monotonic versions: no version of a field or of the record falls, and nobody has seen more than there is", () => {
    fc.assert(
      fc.property(steps, (history) => {
        const world = worldOf();
        for (const one of history) {
          const before = world.golden();
          world.take(one);
          const after = world.golden();
          expect(after.version).toBeGreaterThanOrEqual(before.version);
          for (const [field, { version }] of Object.entries(before.fields))
            expect(after.fields[field]?.version ?? -1).toBeGreaterThanOrEqual(version);
          for (const link of after.links)
            for (const [field, seen] of Object.entries(link.seen))
              expect(seen).toBeLessThanOrEqual(after.fields[field]?.version ?? 0);
        }
      }),
    );
  });

  test("no blanking: a field that is not mentioned stays, and a blank replaces no value unless the config lets it travel", () => {
    fc.assert(
      fc.property(steps, fc.constantFrom(...systems), someCells, (history, system, cells) => {
        const world = worldOf();
        for (const one of history) world.take(one);
        const before = world.golden();
        world.take({ system, cells });
        const after = world.golden();
        for (const field of Object.keys(agreed)) {
          const [was, is] = [before.fields[field]?.value, after.fields[field]?.value];
          if (!(field in cells) && !("street" in cells || "city" in cells)) expect(is).toEqual(was);
          if (was !== null && was !== undefined) expect(is ?? null).not.toBeNull();
        }
      }),
    );
  });

  test("convergence: once all is written and read back, nothing is left to write, and all agree on what is not held", () => {
    fc.assert(
      fc.property(steps, (history) => {
        const world = worldOf();
        for (const one of history) world.take(one);
        for (let i = 0; i < 3; i++) world.dispatch();
        expect(world.dispatch()).toEqual([]);
        const golden = world.golden();
        const held = new Set(golden.holds.flatMap((hold) => hold.fields));
        for (const link of golden.links)
          for (const field of fields.filter((one) => !held.has(one)))
            expect(link.shadow[field] ?? null).toEqual(golden.fields[field]?.value ?? null);
      }),
    );
  });
});

describe("edits by systems that had not seen each other's", () => {
  /** One edit a field and system at most, made to what was agreed, with no value emptied; and when it was made, as far as its system can tell. */
  const edit = fc.record({
    cells: fc.record(values, { requiredKeys: [] }),
    from: fc.integer({ min: 1_500_000, max: 1_500_009 }),
    lengthMs: fc.integer({ min: 0, max: 4 }),
  });
  const edits = fc.tuple(edit, edit, edit, edit);
  type Edit = typeof edit extends fc.Arbitrary<infer E> ? E : never;
  type Event = { readonly system: (typeof systems)[number]; readonly edit: Edit };
  const eventsOf = (made: readonly Edit[]) => made.map((one, i): Event => ({ system: systems[i]!, edit: one }));

  function told(order: readonly Event[], repeats: number) {
    const world = scene(policy);
    for (const system of systems) world.says(system, "1", agreed);
    for (const {
      system,
      edit: { cells, from, lengthMs },
    } of order) {
      // The same event each time: what orders it and when it was seen belong to it, not to its delivery.
      const seenAt = 2_000_000 + systems.indexOf(system);
      const at = { from, until: from + lengthMs };
      const event = {
        revision: revisionOf(seenAt),
        observedAt: seenAt,
        cellChanges: Object.fromEntries(Object.keys(cells).map((cell) => [cell, { at, author: null }])),
      };
      for (let i = 0; i < repeats; i++) world.says(system, "1", { ...agreed, ...cells }, event);
    }
    return { golden: [...world.goldens.values()][0]!, writes: new Set(world.dispatch()) };
  }

  /** A held field's golden value is one of its candidates, whichever came first; which one is no decision. */
  function withoutHeld(golden: GoldenRecord) {
    const { fields: agreedOn, holds } = essence(golden);
    const held = new Set(holds.flatMap((hold) => hold.fields));
    return { holds, fields: Object.fromEntries(Object.entries(agreedOn).filter(([field]) => !held.has(field))) };
  }

  test("order does not matter: told in any order, they come to the same values, holds and writes", () => {
    fc.assert(
      fc.property(edits, fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }), (made, order) => {
        const events = eventsOf(made);
        const [one, other] = [
          told(events, 1),
          told(
            order.map((i) => events[i]!),
            1,
          ),
        ];
        expect(withoutHeld(other.golden)).toEqual(withoutHeld(one.golden));
        expect(other.writes).toEqual(one.writes);
      }),
      { numRuns: 300 },
    );
  });

  test("repeats do not matter: each told three times, they come to the same values, holds and writes", () => {
    fc.assert(
      fc.property(edits, (made) => {
        const events = eventsOf(made);
        const [one, other] = [told(events, 1), told(events, 3)];
        expect(essence(other.golden)).toEqual(essence(one.golden));
        expect(other.writes).toEqual(one.writes);
      }),
    );
  });

  test("symmetry: under rules that prefer nobody, it does not matter who said what", () => {
    const { phone: _phone, street: _street, city: _city, ...fair } = values;
    const fairEdit = edit.chain((one) =>
      fc.record(fair, { requiredKeys: [] }).map((cells): Edit => ({ ...one, cells })),
    );
    fc.assert(
      fc.property(fairEdit, fairEdit, (one, two) => {
        const straight = told(
          [
            { system: "crm", edit: one },
            { system: "db", edit: two },
          ],
          1,
        );
        const crossed = told(
          [
            { system: "crm", edit: two },
            { system: "db", edit: one },
          ],
          1,
        );
        expect(withoutHeld(crossed.golden)).toEqual(withoutHeld(straight.golden));
      }),
    );
  });
});
