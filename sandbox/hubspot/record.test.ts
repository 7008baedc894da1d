import { afterEach, beforeEach, expect, test } from "vitest";
import type { HubSpotSandbox } from "./sandbox.ts";
import { type AnyJson, call, calmSandbox } from "./testing.ts";

let sandbox: HubSpotSandbox;
let now: number;

beforeEach(async () => {
  now = Date.UTC(2026, 0, 1);
  sandbox = await calmSandbox({ clock: () => now });
});

afterEach(() => sandbox.close());

const contacts = "/crm/v3/objects/contacts";

function seeded(properties: Record<string, string>): string {
  return sandbox.admin.seed("contacts", [{ properties }])[0]!;
}

async function patch(id: string, properties: Record<string, string>) {
  return (await call(sandbox, "PATCH", `${contacts}/${id}`, { properties })).body;
}

test("history tells every version of a property, newest first, with its author", async () => {
  const id = seeded({ firstname: "Ada" });
  now += 1000;
  sandbox.admin.edit(101, "contacts", id, { firstname: "Adah" });
  now += 1000;
  await patch(id, { firstname: "Ada L." });
  const { body } = await call(sandbox, "GET", `${contacts}/${id}?propertiesWithHistory=firstname`);
  expect(body["propertiesWithHistory"].firstname).toEqual([
    {
      value: "Ada L.",
      timestamp: "2026-01-01T00:00:02.000Z",
      sourceType: "INTEGRATION",
      sourceId: String(sandbox.appId),
    },
    {
      value: "Adah",
      timestamp: "2026-01-01T00:00:01.000Z",
      sourceType: "CRM_UI",
      sourceId: "userId:101",
      updatedByUserId: 101,
    },
    { value: "Ada", timestamp: "2026-01-01T00:00:00.000Z", sourceType: "IMPORT" },
  ]);
});

test("only given properties change, an empty text clears, the same value again moves nothing", async () => {
  const id = seeded({ firstname: "Ada", lastname: "L", phone: "1" });
  now += 1000;
  const cleared = await patch(id, { phone: "" });
  expect(cleared["properties"].phone).toBe("");
  expect(sandbox.admin.record("contacts", id)!.properties).toMatchObject({ firstname: "Ada", lastname: "L" });
  expect(sandbox.admin.record("contacts", id)!.properties).not.toHaveProperty("phone");
  now += 1000;
  const same = await patch(id, { firstname: "Ada" });
  expect(same["updatedAt"]).toBe(cleared["updatedAt"]);
});

test("lifecyclestage only moves on; cleared first it may go back", async () => {
  const id = seeded({ firstname: "Ada", lifecyclestage: "customer" });
  expect((await patch(id, { lifecyclestage: "lead" }))["properties"].lifecyclestage).toBe("customer");
  await patch(id, { lifecyclestage: "" });
  expect((await patch(id, { lifecyclestage: "lead" }))["properties"].lifecyclestage).toBe("lead");
});

test("a leading semicolon adds to the choices", async () => {
  const id = seeded({ firstname: "Ada", hs_buying_role: "CHAMPION" });
  await patch(id, { hs_buying_role: ";BLOCKER" });
  expect(sandbox.admin.record("contacts", id)!.properties["hs_buying_role"]).toBe("CHAMPION;BLOCKER");
  await patch(id, { hs_buying_role: "END_USER" });
  expect(sandbox.admin.record("contacts", id)!.properties["hs_buying_role"]).toBe("END_USER");
});

test("values of any script and any control character survive", async () => {
  const value = "İ ﷽ 👩‍👩‍👧 <b>\u0000\u202e' OR 1=1;--";
  const id = seeded({ firstname: value });
  expect(sandbox.admin.record("contacts", id)!.properties["firstname"]).toBe(value);
});

test("a merge makes a survivor with a new id, that both old ids mean and lists name only once", async () => {
  const a = seeded({ email: "a@x.example", firstname: "A" });
  const b = seeded({ email: "b@x.example", phone: "2" });
  const survivor = sandbox.admin.mergeAs(101, "contacts", a, b);
  expect([a, b]).not.toContain(survivor);
  const old = await call(sandbox, "GET", `${contacts}/${a}?properties=email,phone,hs_merged_object_ids`);
  expect(old.body).toMatchObject({
    id: survivor,
    properties: { email: "a@x.example", phone: "2", hs_merged_object_ids: `${a};${b}` },
  });
  const batch = await call(sandbox, "POST", `${contacts}/batch/read`, {
    inputs: [{ id: a }, { id: b }],
    properties: [],
  });
  expect(batch.body["results"].map((one: AnyJson) => one.id)).toEqual([survivor]);
  expect((await call(sandbox, "GET", contacts)).body["results"]).toHaveLength(1);
  expect((await call(sandbox, "GET", `${contacts}?archived=true`)).body["results"]).toEqual([]);
});

test("a portal may keep the primary's id", async () => {
  sandbox.admin.setMergeKeepsPrimaryId(true);
  const a = seeded({ firstname: "A" });
  const b = seeded({ firstname: "B" });
  expect(sandbox.admin.mergeAs(101, "contacts", a, b)).toBe(a);
  expect(sandbox.admin.record("contacts", b)!.id).toBe(a);
});

test("archiving leaves the modified time, a restore brings the record back", async () => {
  const id = seeded({ firstname: "A" });
  now += 5000;
  sandbox.admin.archiveAs(101, "contacts", id);
  const bin = await call(sandbox, "GET", `${contacts}?archived=true`);
  expect(bin.body["results"]).toMatchObject([
    { id, updatedAt: "2026-01-01T00:00:00.000Z", archivedAt: "2026-01-01T00:00:05.000Z" },
  ]);
  sandbox.admin.restoreAs(101, "contacts", id);
  expect((await call(sandbox, "GET", `${contacts}/${id}`)).status).toBe(200);
});

test("lists page by id to the last record", async () => {
  const ids = sandbox.admin.seed(
    "contacts",
    Array.from({ length: 25 }, (_, n) => ({ properties: { firstname: `${n}` } })),
  );
  const seen: string[] = [];
  for (let after = ""; ; ) {
    const { body } = await call(sandbox, "GET", `${contacts}?limit=10${after}`);
    seen.push(...body["results"].map((one: AnyJson) => one.id));
    if (body["paging"] === undefined) break;
    after = `&after=${body["paging"].next.after}`;
  }
  expect(seen).toEqual(ids.toSorted());
});

test("the audit log has every write with the values before and after", async () => {
  const id = seeded({ firstname: "Ada" });
  sandbox.admin.edit(101, "contacts", id, { firstname: "Adah" });
  await patch(id, { firstname: "A", phone: "1" });
  await call(sandbox, "DELETE", `${contacts}/${id}`);
  expect(sandbox.admin.audit(1)).toMatchObject([
    { seq: 2, id, kind: "update", before: { firstname: "Ada" }, after: { firstname: "Adah" }, source: "user:101" },
    {
      kind: "update",
      before: { firstname: "Adah", phone: null },
      after: { firstname: "A", phone: "1" },
      source: "api",
    },
    { kind: "archive", before: { firstname: "A" }, after: {}, source: "api" },
  ]);
});

test("erasing a contact leaves nothing, not even in the recycle bin", async () => {
  const id = seeded({ email: "a@x.example" });
  const body = { objectId: "a@x.example", idProperty: "email" };
  expect((await call(sandbox, "POST", `${contacts}/gdpr-delete`, body)).status).toBe(204);
  expect((await call(sandbox, "GET", `${contacts}/${id}?archived=true`)).status).toBe(404);
});

test("a contact has one primary company: another takes its place, and the first stays associated", async () => {
  const id = seeded({ firstname: "Ada" });
  const [first, second] = sandbox.admin.seed("companies", [
    { properties: { name: "A" } },
    { properties: { name: "B" } },
  ]);
  sandbox.admin.associateAs(101, "contacts", id, "companies", first ?? "", "Primary");
  const primary = [{ associationCategory: "HUBSPOT_DEFINED", associationTypeId: 1 }];
  await call(sandbox, "PUT", `/crm/v4/objects/contacts/${id}/associations/companies/${second}`, primary);
  expect(sandbox.admin.associations("contacts", "companies", "Primary")[id]).toEqual([second]);
  expect(sandbox.admin.associations("contacts", "companies", null)[id]).toEqual([first, second].sort());
  expect(sandbox.admin.audit().at(-1)).toMatchObject({
    before: { "associations.companies:Primary": first },
    after: { "associations.companies:Primary": second },
    source: "api",
  });
});
