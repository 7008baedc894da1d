import Airtable from "airtable";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { AirtableSandbox } from "./sandbox.ts";
import { crmSandbox } from "./testing.ts";

let sandbox: AirtableSandbox;
let base: ReturnType<Airtable["base"]>;

beforeEach(async () => {
  sandbox = await crmSandbox();
  const client = new Airtable({ apiKey: sandbox.token, endpointUrl: sandbox.url, noRetryIfRateLimited: true });
  base = client.base(sandbox.baseId);
});

afterEach(() => sandbox.close());

test("the official client creates, finds, changes, replaces and deletes one record", async () => {
  const made = await base("People").create({ Name: "Ada", Email: "ada@example.com", Customer: true });
  expect(made.id).toMatch(/^rec\w{14}$/);
  expect((await base("People").find(made.id)).get("Greeting")).toBe("Dear Ada");

  const changed = await base("People").update(made.id, { Email: "ada@lovelace.example" });
  expect(changed.fields).toMatchObject({ Name: "Ada", Email: "ada@lovelace.example", Customer: true });

  const replaced = await base("People").replace(made.id, { Name: "Ada L." });
  expect(replaced.get("Email")).toBeUndefined();
  expect(replaced.get("Customer")).toBeUndefined();

  expect((await base("People").destroy(made.id)).id).toBe(made.id);
  await expect(base("People").find(made.id)).rejects.toMatchObject({ statusCode: 404, error: "NOT_FOUND" });
});

test("the official client works in batches, in the order of the request", async () => {
  const made = await base("People").create([{ fields: { Name: "A" } }, { fields: { Name: "B" } }], { typecast: true });
  expect(made.map((record) => record.get("Name"))).toEqual(["A", "B"]);

  const patched = await base("People").update(made.map(({ id }) => ({ id, fields: { Score: 1.5 } })));
  expect(patched.map((record) => [record.get("Name"), record.get("Score")])).toEqual([
    ["A", 1.5],
    ["B", 1.5],
  ]);
  const put = await base("People").replace(made.map(({ id }) => ({ id, fields: { Name: "C" } })));
  expect(put.map((record) => record.get("Score"))).toEqual([undefined, undefined]);

  const gone = await base("People").destroy(made.map(({ id }) => id));
  expect(gone.map(({ id }) => id)).toEqual(made.map(({ id }) => id));
  expect(sandbox.admin.records("People")).toEqual([]);
});

test("a record of the client saves, fetches, patches, puts and deletes itself", async () => {
  const record = await base("People").create({ Name: "Ada" });
  record.set("Name", "Grace");
  // `save` puts all cells back, so only a record without computed ones can be saved.
  record.fields = { Name: "Grace" };
  await record.save();
  sandbox.admin.edit("Zoe", "People", record.id, { Phone: "1" });
  expect((await record.fetch()).get("Phone")).toBe("1");
  expect((await record.patchUpdate({ Phone: "2" })).get("Name")).toBe("Grace");
  expect((await record.putUpdate({ Phone: "3" })).get("Name")).toBeUndefined();
  await record.destroy();
  expect(sandbox.admin.records("People")).toEqual([]);
});

test("select reads all pages, the first page, each page, and as a POST", async () => {
  sandbox.admin.seed(
    "People",
    Array.from({ length: 250 }, (_, n) => ({ Name: `P${n}`, Score: n })),
  );
  const all = await base("People")
    .select({ fields: ["Score"] })
    .all();
  expect(new Set(all.map((record) => record.id)).size).toBe(250);
  expect(await base("People").select({ pageSize: 7 }).firstPage()).toHaveLength(7);

  const sizes: number[] = [];
  await base("People")
    .select({ pageSize: 100 })
    .eachPage((records, next) => {
      sizes.push(records.length);
      next();
    });
  expect(sizes).toEqual([100, 100, 50]);

  const posted = await base("People")
    .select({
      method: "post",
      filterByFormula: "AND({Score}>=10, {Score}<13)",
      sort: [{ field: "Score", direction: "desc" }],
      timeZone: "Europe/Berlin",
      userLocale: "de",
      cellFormat: "string",
      recordMetadata: ["commentCount"],
    })
    .all();
  expect(posted.map((record) => record.get("Score"))).toEqual(["12", "11", "10"]);
  expect(posted[0]?.commentCount).toBe(0);
});

test("an upsert through the client's update", async () => {
  const upsert = () =>
    base("People").update([{ fields: { "Truce ID": "t1", Name: "Ada" } } as never], {
      performUpsert: { fieldsToMergeOn: ["Truce ID"] },
    } as never);
  const [first] = await upsert();
  const [second] = await upsert();
  expect(second?.id).toBe(first?.id);
});

test("the client names refusals by their type", async () => {
  await expect(base("People").create({ Nope: 1 })).rejects.toMatchObject({
    error: "UNKNOWN_FIELD_NAME",
    message: 'Unknown field name: "Nope"',
    statusCode: 422,
  });
  await expect(base("Nowhere").select().all()).rejects.toMatchObject({ error: "NOT_AUTHORIZED", statusCode: 403 });
  const stranger = new Airtable({ apiKey: "patWrong", endpointUrl: sandbox.url, noRetryIfRateLimited: true });
  await expect(stranger.base(sandbox.baseId)("People").select().all()).rejects.toMatchObject({ statusCode: 401 });
});
