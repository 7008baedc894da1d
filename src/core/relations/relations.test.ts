import { expect, test } from "vitest";
import type { FieldType } from "../../model/field-type.ts";
import type { GoldenRecord } from "../../model/golden.ts";
import type { EntityPolicy, ObjectMapping, Policy } from "../../model/policy.ts";
import { testPolicy } from "../testing/policy.ts";
import { scene } from "../testing/scene.ts";

const company: FieldType = { kind: "reference", to: "company" };
const minute = 60_000;

/** Contacts that point to companies, in systems in which both live. `where`: systems that may make companies. */
function withCompanies(type: FieldType = company, create: readonly string[] = ["crm", "db"]): Policy {
  const contacts = testPolicy({ email: { type: { kind: "email" } }, company: { type } }, { systems: ["crm", "db"] });
  const companies = testPolicy({ domain: { type: { kind: "domain" } } }, { systems: ["crm", "db"] });
  const entity: EntityPolicy = {
    ...companies.entities["contact"]!,
    name: "company",
    identity: [{ fields: ["domain"] }],
    mappings: companies.entities["contact"]!.mappings.map(
      (one): ObjectMapping => ({ ...one, object: "companies", create: create.includes(one.system) }),
    ),
  };
  return { ...contacts, entities: { ...contacts.entities, company: entity } };
}

test("a reference is told in each system by the id that the parent has there, and the parent goes first", () => {
  const world = scene(withCompanies());
  world.says("crm/companies", "c7", { domain: "acme.com" });
  world.says("crm", "1", { email: "a@x.org", company: "c7" });
  const parent = world.goldenOf("crm/companies", "c7")!.id;
  expect(world.goldenOf("crm", "1")?.fields["company"]?.value).toBe(parent);
  expect(world.dispatch()).toEqual(['db: {"domain":"acme.com"}', `db: {"email":"a@x.org","company":"db-${parent}"}`]);
  const child = world.goldenOf("crm", "1")!.id;
  expect(world.says("db", `db-${child}`, { email: "a@x.org", company: `db-${parent}` })).toBe("no-op");
  expect(world.dispatch()).toEqual([]);
});

test("a child that was known first waits to be made until its parent is there", () => {
  const world = scene(withCompanies());
  expect(world.says("crm", "1", { email: "a@x.org", company: "c7" })).toBe("applied");
  expect(world.goldenOf("crm", "1")?.links[0]?.parked).toMatchObject({ company: { asked: false } });
  expect(world.goldenOf("crm", "1")?.fields["company"]).toBeUndefined();
  world.says("crm/companies", "c7", { domain: "acme.com" });
  world.says("crm", "1", { email: "a@x.org", company: "c7" });
  const parent = world.goldenOf("crm/companies", "c7")!.id;
  expect(world.goldenOf("crm", "1")).toMatchObject({ fields: { company: { value: parent } } });
  expect(world.goldenOf("crm", "1")?.links[0]?.parked).toEqual({});
  expect(world.dispatch()).toEqual(['db: {"domain":"acme.com"}']);
  expect(world.dispatch()).toEqual([`db: {"email":"a@x.org","company":"db-${parent}"}`]);
});

test("an edit that points to a record nobody knows is neither taken nor written over, and a person is told in time", () => {
  const world = scene(withCompanies());
  world.says("crm/companies", "c7", { domain: "acme.com" });
  world.says("crm", "1", { email: "a@x.org", company: "c7" });
  world.dispatch();
  world.says("crm/companies", "c8", { domain: "new.com" });
  world.dispatch();
  const child = world.goldenOf("crm", "1")!.id;
  world.says("db", `db-${child}`, { email: "a@x.org", company: "d99" });
  world.says("crm", "1", { email: "a@x.org", company: "c8" });
  expect(world.dispatch()).toEqual([]);
  world.passes(11 * minute);
  world.says("db", `db-${child}`, { email: "a@x.org", company: "d99" });
  expect(world.openHolds().map((hold) => [hold.kind, hold.reason])).toEqual([
    ["missing", "company points to companies d99 of db, which is not known"],
  ]);
  world.says("db/companies", "d99", { domain: "late.com" });
  world.says("db", `db-${child}`, { email: "a@x.org", company: "d99" });
  // Now it is what it was: an edit by someone who had not seen the other one.
  expect(world.openHolds().map((hold) => hold.kind)).toEqual(["conflict"]);
});

test("where the parent can't be made, the child is made without it, and told when the parent is there", () => {
  const world = scene(withCompanies(company, ["crm"]));
  world.says("crm/companies", "c7", { domain: "acme.com" });
  world.says("crm", "1", { email: "a@x.org", company: "c7" });
  expect(world.dispatch()).toEqual(['db: {"email":"a@x.org"}']);
  world.passes(minute);
  expect(world.dispatch()).toEqual([]);
  expect(world.goldenOf("crm", "1")?.links[1]?.behindSince).toBeNull();
  world.says("db/companies", "d1", { domain: "acme.com" });
  world.passes(5 * minute);
  expect(world.dispatch()).toEqual(['db: {"company":"d1"}']);
  expect(world.goldenOf("crm", "1")?.links[1]?.waiting).toEqual({});
});

test("a parent that waits for a person is not waited for, and not looked for every few seconds", () => {
  const policy = withCompanies();
  const companyOf = (required: string[]): Policy => ({
    ...policy,
    entities: { ...policy.entities, company: { ...policy.entities["company"]!, required } },
  });
  const world = scene(companyOf(["domain"]));
  world.says("crm/companies", "c7", { domain: null });
  world.decides(world.openHolds()[0]!, { kind: "new" });
  world.says("crm/companies", "c7", { domain: null });
  world.says("crm", "1", { email: "a@x.org", company: "c7" });
  expect(world.dispatch()).toEqual(['db: {"email":"a@x.org"}']);
  world.passes(minute);
  world.dispatch();
  const { company: waiting } = world.goldenOf("crm", "1")!.links[1]!.waiting;
  expect(waiting!.until - waiting!.since).toBeGreaterThan(2 * minute);
  world.says("crm/companies", "c7", { domain: "acme.com" });
  world.passes(2 * minute);
  const parent = world.goldenOf("crm/companies", "c7")!.id;
  expect(world.dispatch()).toEqual(['db: {"domain":"acme.com"}', `db: {"company":"db-${parent}"}`]);
});

test("two records that point to each other: one goes first, and the relation second", () => {
  const policy = withCompanies();
  const owner: FieldType = { kind: "reference", to: "contact" };
  const entity = policy.entities["company"]!;
  const withOwner: EntityPolicy = {
    ...entity,
    fields: { ...entity.fields, owner: { ...entity.fields["domain"]!, name: "owner", type: owner } },
    mappings: entity.mappings.map((one) => ({
      ...one,
      fields: { ...one.fields, owner: { cell: "owner", direction: "both" } },
    })),
  };
  const world = scene({ ...policy, entities: { ...policy.entities, company: withOwner } });
  world.says("crm/companies", "c7", { domain: "acme.com", owner: null });
  world.says("crm", "1", { email: "a@x.org", company: "c7" });
  world.says("crm/companies", "c7", { domain: "acme.com", owner: "1" });
  const [parent, child] = [world.goldenOf("crm/companies", "c7")!.id, world.goldenOf("crm", "1")!.id];
  expect(world.dispatch()).toEqual(['db: {"domain":"acme.com"}', `db: {"email":"a@x.org","company":"db-${parent}"}`]);
  world.passes(minute);
  expect(world.dispatch()).toEqual([`db: {"owner":"db-${child}"}`]);
});

const companies: FieldType = { kind: "reference", to: "company", many: true };

test("many: what has no record there is left out, belongs to the value all the same, and is told later", () => {
  const world = scene(withCompanies(companies, ["crm"]));
  world.says("crm/companies", "c7", { domain: "acme.com" });
  world.says("crm/companies", "c8", { domain: "new.com" });
  world.says("db/companies", "d7", { domain: "acme.com" });
  world.says("crm", "1", { email: "a@x.org", company: ["c8", "c7"] });
  expect(world.dispatch()).toEqual(['db: {"email":"a@x.org","company":["d7"]}']);
  const child = world.goldenOf("crm", "1")!;
  expect(world.says("db", `db-${child.id}`, { email: "a@x.org", company: ["d7"] })).toBe("no-op");
  // Someone takes out the one that is there: the other one stays.
  world.says("db", `db-${child.id}`, { email: "b@x.org", company: ["d7"] });
  expect(world.goldenOf("crm", "1")?.fields["company"]?.version).toBe(1);
  world.says("db/companies", "d8", { domain: "new.com" });
  world.passes(minute);
  expect(world.dispatch()).toContain('db: {"company":["d7","d8"]}');
});

test("what points to a golden record that was merged into another points to that one", () => {
  const world = scene(withCompanies());
  world.says("crm/companies", "c7", { domain: "acme.com" });
  world.says("crm/companies", "c8", { domain: "acme.org" });
  world.says("crm", "1", { email: "a@x.org", company: "c8" });
  const [into, from] = ["c7", "c8"].map((id) => world.goldenOf("crm/companies", id)!) as [GoldenRecord, GoldenRecord];
  world.goldens.set(from.id, { ...from, links: [], deletedAt: 1, mergedInto: into.id });
  world.goldens.set(into.id, { ...into, links: [...into.links, from.links[0]!] });
  expect(world.dispatch()).toContain(`db: {"email":"a@x.org","company":"db-${into.id}"}`);
  world.says("crm", "1", { email: "a@x.org", company: "c8" });
  expect(world.goldenOf("crm", "1")?.fields["company"]?.value).toBe(into.id);
  expect(world.dispatch()).toEqual([]);
});
