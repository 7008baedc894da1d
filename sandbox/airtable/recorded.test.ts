import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { asList, asObject, type Json, type JsonObject } from "./json.ts";
import type { AirtableSandbox } from "./sandbox.ts";
import { call, crmSandbox } from "./testing.ts";

const folder = join(import.meta.dirname, "../../../shared/specs/fixtures/airtable");
const isHere = existsSync(folder);
if (!isHere) console.log("recorded.test.ts: ../shared is not here, so recorded answers are not compared");

type Exchange = { readonly method: string; readonly path: string; readonly status: number; readonly response: Json };

function recorded(name: string): Exchange {
  const file = JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8")) as { exchanges: Exchange[] };
  return file.exchanges[0]!;
}

/** Keys and types of a value, ids reduced to their prefix: what two answers of one call have in common. */
function shapeOf(value: Json): Json {
  const list = asList(value);
  if (list) return list.slice(0, 1).map(shapeOf);
  const object = asObject(value);
  if (object) return Object.fromEntries(Object.entries(object).map(([key, inner]) => [keyOf(key), shapeOf(inner)]));
  if (typeof value !== "string") return value === null ? null : typeof value;
  if (/^(app|ach|tbl|fld|rec|sel|viw|usr)\w{14}$/.test(value)) return value.slice(0, 3);
  if (/^\d{4}-\d\d-\d\dT[\d:]+\.000Z$/.test(value)) return "time in whole seconds";
  return /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) ? "time" : "string";
}

function keyOf(key: string): string {
  return /^(tbl|fld|rec)\w{14}$/.test(key) ? key.slice(0, 3) : key;
}

describe.skipIf(!isHere)("recorded answers of the real service", () => {
  let sandbox: AirtableSandbox;
  let tableId: string;
  let hookId: string;

  beforeAll(async () => {
    // Never a whole second, so that times in whole seconds are told from others.
    let nowMs = Date.parse("2026-04-24T15:22:24.123Z");
    const clock = () => {
      nowMs += 1_000;
      return nowMs;
    };
    sandbox = await crmSandbox({ clock });
    const created = await call(sandbox, "POST", `meta/bases/${sandbox.baseId}/tables`, {
      name: "Notes",
      fields: [
        { name: "Name", type: "singleLineText" },
        { name: "Status", type: "singleSelect", options: { choices: [{ name: "Active" }, { name: "Pending" }] } },
        { name: "Notes", type: "multilineText" },
      ],
    });
    tableId = String(created.body["id"]);
    const specification = { options: { filters: { dataTypes: ["tableData"] } } };
    const hook = await call(sandbox, "POST", `bases/${sandbox.baseId}/webhooks`, {
      specification,
      notificationUrl: "https://example.invalid/hook",
    });
    hookId = String(hook.body["id"]);
  });

  afterAll(() => sandbox.close());

  async function sameShape(name: string, method: string, path: string, body?: unknown): Promise<JsonObject> {
    const { status, response } = recorded(name);
    const answer = await call(sandbox, method, path, body);
    expect(answer.status).toBe(status);
    expect(shapeOf(answer.body)).toEqual(shapeOf(withoutAiText(response)));
    return answer.body;
  }

  /** The recorded tables had a computed text field that the test's table has not. */
  function withoutAiText(value: Json): Json {
    const list = asList(value);
    if (list) return list.map(withoutAiText);
    const object = asObject(value);
    if (!object) return value;
    const kept = Object.entries(object).filter(([, inner]) => asObject(inner)?.["isStale"] === undefined);
    return Object.fromEntries(kept.map(([key, inner]) => [key, withoutAiText(inner)]));
  }

  test("records: create, update, replace, delete", async () => {
    const path = `${sandbox.baseId}/${tableId}`;
    const records = [
      { fields: { Name: "Test Record 1", Status: "Active" } },
      { fields: { Name: "Test Record 2", Status: "Pending" } },
    ];
    const made = await sameShape("nango-batch-create-records", "POST", path, { records });
    const [first, second] = (made["records"] as readonly JsonObject[]).map((record) => String(record["id"]));
    await sameShape("nango-update-record", "PATCH", `${path}/${second}`, { fields: { Status: null, Notes: "n" } });
    const put = [first, second].map((id) => ({ id, fields: { Name: "R", Notes: "n" } }));
    await sameShape("nango-batch-replace-records", "PUT", path, { records: put, typecast: true });
    const patch = [{ id: first, fields: { Name: "R", Notes: null } }];
    await sameShape("nango-batch-update-records", "PATCH", path, { records: patch });
    await sameShape("nango-delete-record", "DELETE", `${path}/${second}`);
  });

  test("schema: create and update a field, describe a table", async () => {
    const path = `meta/bases/${sandbox.baseId}/tables/${tableId}`;
    const field = await sameShape("nango-create-field", "POST", `${path}/fields`, {
      name: "TestField9453",
      type: "singleLineText",
    });
    await sameShape("nango-update-field", "PATCH", `${path}/fields/${String(field["id"])}`, { description: "d" });
    await sameShape("nango-update-table", "PATCH", path, { description: "d" });
  });

  test("webhooks: create, list, payloads, refresh, delete", async () => {
    const path = `bases/${sandbox.baseId}/webhooks`;
    await sameShape("nango-refresh-webhook", "POST", `${path}/${hookId}/refresh`);
    const made = await call(sandbox, "POST", `${sandbox.baseId}/${tableId}`, { fields: { Name: "x" } });
    await call(sandbox, "DELETE", `${sandbox.baseId}/${tableId}/${String(made.body["id"])}`);
    const { body } = await call(sandbox, "GET", `${path}/${hookId}/payloads`);
    const real = recorded("nango-list-webhook-payloads").response as JsonObject;
    const shapes = (answer: JsonObject) =>
      (answer["payloads"] as readonly JsonObject[])
        .slice(-2)
        .map((payload) => shapeOf(withoutAiText(withoutPicture(payload))));
    expect(shapes(body)).toEqual(shapes(real));
    expect(Object.keys(body).sort()).toEqual(Object.keys(real).sort());

    const extra = await sameShape("nango-create-webhook", "POST", path, {
      specification: { options: { filters: { dataTypes: ["tableData"] } } },
    });
    await sameShape("nango-delete-webhook", "DELETE", `${path}/${String(extra["id"])}`);
    await expect
      .poll(async () => {
        const { webhooks } = (await call(sandbox, "GET", path)).body;
        return shapeOf(webhooks ?? null);
      })
      .toEqual(shapeOf((recorded("nango-list-webhooks").response as JsonObject)["webhooks"]!));
  });

  function withoutPicture(payload: JsonObject): JsonObject {
    const metadata = payload["actionMetadata"] as JsonObject;
    const { profilePicUrl: _, ...user } = (metadata["sourceMetadata"] as JsonObject)["user"] as JsonObject;
    return { ...payload, actionMetadata: { ...metadata, sourceMetadata: { user } } };
  }

  test("every recorded kind of field is one that the emulator knows, shown with the same keys", async () => {
    const known = sandbox.admin.schema().flatMap((table) => table["fields"] as readonly JsonObject[]);
    const compared: string[] = [];
    for (const file of readdirSync(folder).filter((name) => name.includes("field_schema__"))) {
      const { body } = JSON.parse(readFileSync(join(folder, file), "utf8")) as { body: JsonObject };
      const ours = known.find(({ type }) => type === body["type"]);
      if (!ours) continue;
      compared.push(String(body["type"]));
      for (const key of ["id", "name", "type"]) expect(typeof ours[key]).toBe(typeof body[key]);
    }
    expect(compared.length).toBeGreaterThan(12);
  });
});
