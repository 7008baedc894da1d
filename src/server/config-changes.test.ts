import { afterAll, beforeAll, expect, test } from "vitest";
import { ApiError } from "./client.ts";
import { type Browser, contested, openTestServer, type TestServer } from "./testing.ts";

let server: TestServer;
let [rosa, olga] = [] as unknown as [Browser, Browser];

beforeAll(async () => {
  server = await openTestServer();
  rosa = await server.signedIn("reviewer", "rosa");
  olga = await server.signedIn("operator", "olga");
});
afterAll(() => server.close());

const preferDb = [{ entity: "contact", field: "phone", rule: "{ prefer: [db, crm] }" }];

test("a rule is tried on what people decided and on what waits, and comes as a diff of the file", async () => {
  const [first, second, third] = [
    await contested(server, "one"),
    await contested(server, "two"),
    await contested(server, "three"),
  ];
  await rosa.client.decideHold({ hold: first, revision: 1, choice: { kind: "take", candidate: 1 } });
  await rosa.client.decideHold({ hold: second, revision: 1, choice: { kind: "take", candidate: 0 } });
  const preview = await rosa.client.previewConfig({ rules: preferDb });
  expect(preview.problems).toEqual([]);
  expect(preview.diff).toContain("-      phone: text # as they write it\n");
  expect(preview.diff).toContain("+      phone: { type: text, rule: { prefer: [db, crm] } } # as they write it\n");
  expect(preview.effects).toEqual([
    expect.objectContaining({
      entity: "contact",
      field: "phone",
      before: "a person decides",
      after: "db before crm; among equals, a person decides",
      open: { settles: 1, leaves: 0, unknown: 0 },
      people: { agrees: 1, contradicts: 1, asks: 0, unknown: 0 },
    }),
  ]);
  expect(preview.samples).toEqual([
    expect.objectContaining({ label: "Name three", by: "nobody", decided: null, value: "300" }),
    expect.objectContaining({ label: "Name two", by: "person", decided: "200", value: "300" }),
  ]);
  expect((await server.deps.store.hold(third))?.status).toBe("open");
  // Looking is no deed.
  expect((await server.accounts.auditLog(undefined, 99)).map(({ value }) => value.what)).not.toContain("previewConfig");
});

test("what is wrong is told with its place, and has no effect to show", async () => {
  const rules = [{ entity: "contact", field: "phone", rule: "{ prefer: [bd] }" }];
  const preview = await rosa.client.previewConfig({ rules });
  expect(preview).toMatchObject({ effects: null, text: null });
  expect(preview.problems).toEqual([
    expect.objectContaining({ severity: "error", line: 10, message: 'there is no system "bd"' }),
  ]);
  await expect(
    rosa.client.previewConfig({ rules: [{ entity: "contact", field: "fax", rule: "keep" }] }),
  ).rejects.toMatchObject({ status: 422 });
});

test("the whole file is for operators, to read and to try", async () => {
  const { text } = await olga.client.getConfigText({});
  expect(text).toContain("phone: text # as they write it");
  expect((await olga.client.previewConfig({ text })).diff).toBe("");
  const broken = await olga.client.previewConfig({ text: text.replace("identity: [email]", "identity: [mail]") });
  expect(broken.problems.map(({ path }) => path)).toEqual(["entities.contact.identity[0]"]);
  await expect(rosa.client.getConfigText({})).rejects.toMatchObject({ status: 403 });
  const refused = await rosa.client.previewConfig({ text }).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(ApiError);
  expect((refused as ApiError).status).toBe(403);
});

test("what people keep deciding alike is suggested as a rule", async () => {
  for (let i = 0; i < 24; i++) {
    const hold = await contested(server, `habit${i}`, "note");
    await rosa.client.decideHold({ hold, revision: 1, choice: { kind: "take", candidate: 1 } });
  }
  await contested(server, "waits", "note");
  const { items } = await rosa.client.suggestRules({});
  expect(items).toContainEqual(
    expect.objectContaining({ entity: "contact", field: "note", decisions: 24, agreed: 24, settles: 1 }),
  );
});

test("a config that is a program is changed where it is", async () => {
  const own = await openTestServer({ configFile: { name: "truce.config.ts", read: () => "", check: null } });
  const { client } = await own.signedIn("operator");
  await expect(client.previewConfig({ rules: preferDb })).rejects.toMatchObject({ status: 422 });
  expect(await client.getConfig({})).toMatchObject({ file: "truce.config.ts", isEditable: false });
  await own.close();
});
