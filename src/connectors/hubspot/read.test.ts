import { afterEach, beforeEach, expect, test } from "vitest";
import { SyncFailure } from "../../model/sync-error.ts";
import { cell, contacts, mapped, type Setting, setUp } from "./testing.ts";

let setting: Setting;
beforeEach(async () => {
  setting = await setUp();
});
afterEach(() => setting.sandbox.close());

const seed = (...rows: Record<string, string>[]) =>
  setting.sandbox.admin.seed(
    "contacts",
    rows.map((properties) => ({ properties })),
  );

test("a read tells every mapped cell, when each was changed, and by whom", async () => {
  const { sandbox, connector, clock } = setting;
  const [id] = seed({ email: "ada@x.example", firstname: "Ada" });
  clock.aheadMs += 1000;
  sandbox.admin.edit(101, "contacts", id!, { firstname: "Adah" });
  const [result] = await connector.read(contacts, [id!]);
  expect(result).toMatchObject({
    id,
    kind: "found",
    observation: {
      kind: "upsert",
      ref: { system: "crm", object: "contacts", id },
      cells: { email: "ada@x.example", firstname: "Adah", lastname: null, phone: null },
      complete: true,
      author: "user 101",
      cellChanges: { firstname: { author: "user 101" }, email: { author: "IMPORT" } },
    },
  });
  if (result?.kind !== "found") throw new Error("not found");
  const { at } = result.observation.cellChanges!["firstname"]!;
  expect(at.from).toBeLessThanOrEqual(clock.now());
  expect(at.until).toBeGreaterThanOrEqual(clock.now() - 3000);
  expect(Number(result.observation.revision)).toBe(Date.parse(sandbox.admin.record("contacts", id!)!.updatedAt));
});

test("a read tells the create key, and the value that each present one replaced", async () => {
  const { sandbox, connector } = setting;
  const [id] = seed({ firstname: "Ada", phone: "1", truce_id: "golden-1" });
  sandbox.admin.edit(101, "contacts", id!, { firstname: "Adah" });
  const [result] = await connector.read(contacts, [id!]);
  expect(result).toMatchObject({
    observation: { createKey: "golden-1", previous: { firstname: "Ada", phone: null } },
  });
  const page = await connector.scan(contacts, null);
  expect(page.observations).toMatchObject([{ createKey: "golden-1", complete: true }]);
});

test("times are told by Truce's clock, even if HubSpot's is a day ahead", async () => {
  let vendorAheadMs = 0;
  const other = await setUp({}, { clock: () => Date.now() + vendorAheadMs });
  vendorAheadMs = 86_400_000;
  const [id] = other.sandbox.admin.seed("contacts", [{ properties: { firstname: "Ada" } }]);
  const results = await other.connector.read(contacts, [id!]);
  const [result] = results;
  if (result?.kind !== "found") throw new Error("not found");
  const { from, until } = result.observation.cellChanges!["firstname"]!.at;
  expect(Math.abs((from + until) / 2 - Date.now())).toBeLessThan(10_000);
  await other.sandbox.close();
});

test("a hundred and twenty records cost three calls, whatever HubSpot's order is", async () => {
  const { sandbox, connector } = setting;
  const ids = seed(...Array.from({ length: 120 }, (_, n) => ({ firstname: `${n}` })));
  sandbox.admin.resetCalls();
  const results = await connector.read(contacts, ids);
  expect(results.map(({ id, kind }) => [id, kind])).toEqual(ids.map((id) => [id, "found"]));
  expect(sandbox.admin.calls()).toEqual({ "POST /crm/v3/objects/contacts/batch/read": 3 });
});

test("deleted and unknown records are missing", async () => {
  const { sandbox, connector } = setting;
  const [id] = seed({ firstname: "A" });
  sandbox.admin.archiveAs(101, "contacts", id!);
  const results = await connector.read(contacts, [id!, "999", "no number"]);
  expect(results.map(({ kind }) => kind)).toEqual(["missing", "missing", "missing"]);
});

test.for([true, false])("a merged-away id is found as its survivor, batch reads resolving it: %s", async (resolves) => {
  const { sandbox, connector } = setting;
  const [a, b, c] = seed({ firstname: "A" }, { firstname: "B" }, { firstname: "C" });
  sandbox.admin.setBatchReadsMergedIds(resolves);
  const survivor = sandbox.admin.mergeAs(101, "contacts", a!, b!);
  const results = await connector.read(contacts, [a!, b!, c!]);
  expect(results.map((one) => (one.kind === "found" ? [one.id, one.observation.ref.id] : one.id))).toEqual([
    [a, survivor],
    [b, survivor],
    [c, c],
  ]);
});

test("a property that was removed is absent, not blank", async () => {
  const { sandbox, connector } = setting;
  sandbox.admin.defineProperty("contacts", { name: "plan", type: "string" });
  const [id] = seed({ firstname: "A", plan: "gold" });
  sandbox.admin.removeProperty("contacts", "plan");
  const [result] = await connector.read(mapped("contacts", "firstname", "plan"), [id!]);
  expect(result).toMatchObject({ kind: "found", observation: { complete: false, cells: { firstname: "A" } } });
  expect(result?.kind === "found" && Object.keys(result.observation.cells)).toEqual(["firstname"]);
});

test("hostile values come through as they are", async () => {
  const { connector } = setting;
  const value = '{"__proto__":1}\u0000\u202eİ👩‍👩‍👧\ud83d =1+1;--';
  const [id] = seed({ firstname: value });
  const [result] = await connector.read(contacts, [id!]);
  expect(result).toMatchObject({ observation: { cells: { firstname: value } } });
});

test("a scan shows every record once, with progress, and goes on where it stopped", async () => {
  const { connector, sandbox } = setting;
  const ids = seed(...Array.from({ length: 250 }, (_, n) => ({ firstname: `${n}` })));
  sandbox.admin.archiveAs(101, "contacts", ids.pop()!);
  const shown: string[] = [];
  let cursor: string | null = null;
  do {
    const page = await connector.scan(contacts, cursor);
    expect(page.total).toBe(249);
    shown.push(...page.observations.map(({ ref }) => ref.id));
    cursor = page.cursor;
  } while (cursor !== null);
  expect(shown).toEqual(ids.toSorted());
});

test("a scan of more properties than an address holds reads them in batches", async () => {
  const { connector, sandbox } = setting;
  const names = Array.from({ length: 90 }, (_, n) => `property_with_a_rather_long_internal_name_no_${n}`);
  for (const name of names) sandbox.admin.defineProperty("contacts", { name, type: "string" });
  const [id] = seed({ firstname: "A", [names[89]!]: "last" });
  const page = await connector.scan(mapped("contacts", ...names), null);
  expect(page.observations).toMatchObject([{ ref: { id }, complete: true, cells: { [names[89]!]: "last" } }]);
});

test("an object that HubSpot does not have is a problem of the schema, a missing scope one of access", async () => {
  const { connector, sandbox } = setting;
  const codeOf = async (call: Promise<unknown>) => {
    const error = await call.then(
      () => null,
      (reason: unknown) => reason,
    );
    return error instanceof SyncFailure ? error.error.code : error;
  };
  expect(await codeOf(connector.scan(mapped("butterflies", "name"), null))).toBe("SCHEMA");
  sandbox.admin.setScopes([]);
  expect(await codeOf(connector.scan(contacts, null))).toBe("UNAUTHORIZED");
});

test("custom objects are read under their id or their name", async () => {
  const { connector, sandbox } = setting;
  const typeId = sandbox.admin.defineObject({ name: "pet", properties: [{ name: "name", type: "string" }] });
  const [id] = sandbox.admin.seed("pet", [{ properties: { name: "Rex" } }]);
  for (const object of [typeId, "pet"]) {
    const [result] = await connector.read(mapped(object, "name"), [id!]);
    expect(result).toMatchObject({ observation: { ref: { object, id }, cells: { name: "Rex" } } });
  }
});

test("values are encoded as HubSpot reads them back", async () => {
  const { connector, sandbox } = setting;
  const forms = [
    [cell("email"), "ada@x.example", "ada@x.example"],
    [cell("annualrevenue"), "1200.5", "1200.5"],
    [cell("hs_email_optout"), true, "true"],
    [cell("closedate"), "2026-01-02T03:04:05.000Z", "2026-01-02T03:04:05.000Z"],
    [cell("hs_buying_role", { type: { kind: "set" } }), ["BLOCKER", "CHAMPION"], "BLOCKER;CHAMPION"],
    [cell("phone"), null, null],
  ] as const;
  const patch = Object.fromEntries(forms.map(([one, value]) => [one.cell, connector.encode("contacts", one, value)]));
  expect(patch).toEqual(Object.fromEntries(forms.map(([one, , raw]) => [one.cell, raw])));
  const [id] = seed({ firstname: "A", phone: "1" });
  const object = mapped("contacts", ...Object.keys(patch));
  const [result] = await connector.write(object, [
    { kind: "update", attemptId: "1", id: id!, base: {}, patch, revision: null },
  ]);
  expect(result).toMatchObject({ kind: "written", cells: patch });
  expect(sandbox.admin.record("contacts", id!)!.properties).not.toHaveProperty("phone");
});
