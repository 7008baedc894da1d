import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Client } from "./client.ts";
import { createOwnWrites } from "./own-writes.ts";
import { readPayloads } from "./payload.ts";
import { judgePing } from "./ping.ts";
import { recordsOf } from "./records.ts";
import { type BoundTable, createSchemaCache, describeTables, type Field } from "./schema.ts";

const folder = new URL("../../../../shared/specs/fixtures/airtable/", import.meta.url);
const present = existsSync(folder);
if (!present) process.stderr.write("recorded.test.ts: ../shared is not here, so recorded answers are not read\n");
const recordedTest = test.skipIf(!present);

type Json = Readonly<Record<string, unknown>>;
type File = { readonly exchanges?: readonly { readonly response: unknown }[]; readonly body?: unknown };

const answers = (present ? readdirSync(folder) : []).flatMap((file) => {
  const { exchanges = [], body } = JSON.parse(readFileSync(new URL(file, folder), "utf8")) as File;
  const name = file.replace(".json", "");
  return [...exchanges.map(({ response }) => response), ...(body === undefined ? [] : [body])].map((one) => ({
    name,
    body: jsonOf(one),
  }));
});

function jsonOf(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

/** Every table that the payloads of an answer are about, with all its fields mapped as texts. */
function boundTo(payloads: readonly Json[]): Map<string, BoundTable> {
  const changes = payloads.flatMap((one) => Object.entries(jsonOf(one["changedTablesById"])));
  return new Map(
    changes.map(([id, change]) => {
      const ids = new Set(JSON.stringify(change).match(/fld\w{14}/gu) ?? []);
      const fields = [...ids].map(
        (field) => [field, { id: field, name: field, type: "singleLineText" } as Field] as const,
      );
      return [id, { object: id, table: { id, name: id, fields: [] }, cells: new Map(fields) } as unknown as BoundTable];
    }),
  );
}

function told(payloads: readonly Json[]): string[] {
  const tables = boundTo(payloads);
  const deps = { system: "base", tables, own: createOwnWrites(), userId: "usrNobody", observedAt: 5 };
  return readPayloads(deps, payloads).observations.map(({ kind, ref }) => `${kind} ${ref.id}`);
}

recordedTest("every record that a recorded answer holds is read", () => {
  const lists = answers.filter(({ body }) => Array.isArray(body["records"]));
  const written = lists.filter(({ body }) => (body["records"] as readonly Json[]).every((one) => "fields" in one));
  expect(written.length).toBeGreaterThan(2);
  for (const { name, body } of written) {
    const records = recordsOf(body, "read", name);
    expect(
      records.map(({ id }) => id),
      name,
    ).toEqual((body["records"] as readonly Json[]).map(({ id }) => id));
  }
});

recordedTest("every recorded payload names each record that was made, changed or deleted", () => {
  const pages = answers.filter(({ body }) => Array.isArray(body["payloads"]));
  expect(pages.length).toBeGreaterThan(0);
  for (const { name, body } of pages) {
    const payloads = body["payloads"] as readonly Json[];
    const changes = payloads.flatMap((one) => Object.values(jsonOf(one["changedTablesById"])).map(jsonOf));
    const gone = changes.flatMap((one) => (one["destroyedRecordIds"] as readonly string[] | undefined) ?? []);
    const live = changes.flatMap((one) =>
      ["createdRecordsById", "changedRecordsById"].flatMap((key) => Object.keys(jsonOf(one[key]))),
    );
    const wanted = [
      ...gone.map((id) => `delete ${id}`),
      ...new Set(live.filter((id) => !gone.includes(id)).map((id) => `hint ${id}`)),
    ];
    expect(told(payloads).sort(), name).toEqual(wanted.sort());
  }
});

recordedTest("a recorded table's change, with all that can be in one, names its records", () => {
  const change = answers.find(({ name }) => name === "pyairtable-WebhookPayload.TableChanged")?.body ?? {};
  expect(told([{ changedTablesById: { tbl00000000000000: change } }]).sort()).toEqual([
    "delete rec00000000000002",
    "hint rec00000000000000",
    "hint rec00000000000001",
  ]);
});

recordedTest("every recorded schema, of types that are known or not, gives cells", async () => {
  const fields = answers.flatMap(({ name, body }) => (/field_schema/u.test(name) ? [body] : []));
  const tables = answers.flatMap(({ body }) =>
    Array.isArray(body["fields"]) && "primaryFieldId" in body ? [body] : [],
  );
  expect(fields.length).toBeGreaterThan(5);
  const all = [{ id: "tblAll", name: "All", primaryFieldId: "fld", fields, views: [] }, ...tables];
  const client = { call: async () => ({ tables: all }) } as unknown as Client;
  const described = describeTables(await createSchemaCache(client, "app").get(), undefined);
  expect(described.map(({ cells }) => cells.length)).toEqual(
    all.map((one) => (one["fields"] as readonly Json[]).length),
  );
  for (const cell of described.flatMap(({ cells }) => cells)) expect(cell.type.kind, cell.nativeType).toMatch(/^\w+$/u);
});

recordedTest("a recorded ping is about its base", () => {
  const ping = answers.find(({ name }) => name === "pyairtable-WebhookNotification")?.body;
  const body = Buffer.from(JSON.stringify(ping));
  const request = { method: "POST", url: "https://truce.example/webhooks/base", headers: {}, body, receivedAt: 5 };
  // Unsigned: whatever it says is not believed.
  expect(judgePing(request, "app00000000000000", new Map([["ach", "c2VjcmV0"]]))).toMatchObject({ status: 401 });
});
