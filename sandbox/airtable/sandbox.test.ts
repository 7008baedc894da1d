import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { remoteAdmin } from "../core/admin.ts";
import type { AirtableAdmin } from "./admin.ts";
import { type AirtableSandbox, createAirtableSandbox } from "./sandbox.ts";
import { call, crmSandbox, crmSchema, errorOf } from "./testing.ts";

const closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function closed(sandbox: AirtableSandbox): AirtableSandbox {
  closing.push(() => sandbox.close());
  return sandbox;
}

test("five requests a second for a base; the sixth costs thirty seconds, and asking again does not help", async () => {
  let nowMs = 0;
  const sandbox = closed(await createAirtableSandbox({ schema: crmSchema, clock: () => nowMs }));
  const ask = () => call(sandbox, "GET", `${sandbox.baseId}/People`);
  for (let n = 0; n < 5; n++) expect((await ask()).status).toBe(200);
  const sixth = await ask();
  expect(sixth).toEqual({
    status: 429,
    body: { error: { type: "RATE_LIMIT_REACHED", message: "Rate limit exceeded. Please try again later" } },
  });
  nowMs = 29_999;
  expect((await ask()).status).toBe(429);
  nowMs = 30_000;
  expect((await ask()).status).toBe(200);
  expect(sandbox.admin.counts()).toEqual({ requests: 8, refused: 2, probes: 1 });
});

test("fifty requests a second for a user, whatever they are about", async () => {
  const sandbox = closed(await createAirtableSandbox({ schema: crmSchema, clock: () => 0 }));
  for (let n = 0; n < 50; n++) expect((await call(sandbox, "GET", "meta/whoami")).status).toBe(200);
  expect((await call(sandbox, "GET", "meta/whoami")).status).toBe(429);
  const other = sandbox.admin.addToken("Rita");
  expect((await call(sandbox, "GET", "meta/whoami", undefined, other)).status).toBe(200);
});

test("people in the app are not limited", async () => {
  const sandbox = closed(await createAirtableSandbox({ schema: crmSchema, clock: () => 0 }));
  for (let n = 0; n < 20; n++) sandbox.admin.create("Zoe", "People", { Name: `P${n}` });
  expect((await call(sandbox, "GET", `${sandbox.baseId}/People`)).body["records"]).toHaveLength(20);
});

test("a month's calls used up: records are refused, the schema is not", async () => {
  const sandbox = closed(await crmSandbox());
  sandbox.admin.setBillingLimit(true);
  const refused = await call(sandbox, "GET", `${sandbox.baseId}/People`);
  expect(errorOf(refused)).toBe("429 PUBLIC_API_BILLING_LIMIT_EXCEEDED");
  expect((await call(sandbox, "GET", `meta/bases/${sandbox.baseId}/tables`)).status).toBe(200);
});

test("a fault before the effect leaves nothing, one after it leaves everything", async () => {
  const sandbox = closed(await crmSandbox());
  const create = () => call(sandbox, "POST", `${sandbox.baseId}/People`, { fields: { Name: "Ada" } });
  sandbox.admin.setFaults([{ kind: "error-before", status: 503, times: 1 }]);
  expect(errorOf(await create())).toBe("503 RETRIABLE_ERROR");
  expect(sandbox.admin.records("People")).toHaveLength(0);
  sandbox.admin.setFaults([{ kind: "error-after", status: 500, times: 1 }]);
  expect(errorOf(await create())).toBe("500 SERVER_ERROR");
  expect(sandbox.admin.records("People")).toHaveLength(1);
  sandbox.admin.setFaults([{ kind: "truncated", times: 1 }]);
  await expect(create()).rejects.toThrow(SyntaxError);
  expect(sandbox.admin.records("People")).toHaveLength(2);
  sandbox.admin.setFaults([{ kind: "rate-limit", retryAfter: "missing", times: 1 }]);
  expect((await create()).body).toEqual({ errors: [{ error: "RATE_LIMIT_REACHED", message: expect.any(String) }] });
  sandbox.admin.setFaults([{ kind: "outage" }]);
  await expect(create()).rejects.toThrow("fetch failed");
});

test("the state survives a restart from its file, apart from offsets", async () => {
  const folder = await mkdtemp(join(tmpdir(), "airtable-"));
  closing.push(() => rm(folder, { recursive: true }));
  const file = join(folder, "state.json");
  const first = await crmSandbox({ file });
  const [acme = ""] = first.admin.seed("Companies", [{ Company: "Acme" }]);
  first.admin.seed("People", [{ Name: "Ada", Company: [acme] }, { Name: "Grace" }]);
  const specification = { options: { filters: { dataTypes: ["tableData"] } } };
  const hook = await call(first, "POST", `bases/${first.baseId}/webhooks`, { specification });
  first.admin.create("Zoe", "People", { Name: "Zoe" });
  const page = await call(first, "GET", `${first.baseId}/People?pageSize=1`);
  const before = first.admin.snapshot();
  await first.close();

  const second = closed(await crmSandbox({ file, schema: [] }));
  expect(second).toMatchObject({ baseId: first.baseId, token: first.token });
  expect(second.admin.snapshot()).toEqual(before);
  const payloads = await call(second, "GET", `bases/${first.baseId}/webhooks/${String(hook.body["id"])}/payloads`);
  expect(payloads.body).toMatchObject({ cursor: 2 });
  const offset = String(page.body["offset"]);
  expect(errorOf(await call(second, "GET", `${first.baseId}/People?pageSize=1&offset=${offset}`))).toBe(
    "422 LIST_RECORDS_ITERATOR_NOT_AVAILABLE",
  );
  const ids = [second.admin.create("Zoe", "People", {}), second.admin.create("Zoe", "People", {})];
  expect(new Set([...ids, ...before.tables.flatMap(({ rows }) => rows.map(({ id }) => id))]).size).toBe(6);
});

test("a snapshot can be put back", async () => {
  const sandbox = closed(await crmSandbox());
  sandbox.admin.seed("People", [{ Name: "Ada" }]);
  const saved = sandbox.admin.snapshot();
  sandbox.admin.create("Zoe", "People", { Name: "Zoe" });
  sandbox.admin.restore(saved);
  expect(sandbox.admin.records("People")).toMatchObject([{ fields: { Name: "Ada" } }]);
  expect(sandbox.admin.audit()).toEqual([]);
});

test("another process can seed, edit and read through the admin routes", async () => {
  const sandbox = closed(await crmSandbox());
  const admin = remoteAdmin<AirtableAdmin>(sandbox.url);
  const [id = ""] = await admin.seed("People", [{ Name: "Ada" }]);
  await admin.edit("Zoe", "People", id, { Name: "Grace" });
  expect(await admin.records("People")).toMatchObject([{ id, fields: { Name: "Grace" } }]);
  expect(await admin.audit()).toMatchObject([{ before: { Name: "Ada" }, after: { Name: "Grace" } }]);
  await expect(admin.edit("Zoe", "People", id, { Nope: 1 })).rejects.toThrow('Unknown field name: "Nope"');
});
