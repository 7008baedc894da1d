import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { MappedObject } from "../../ports/connector.ts";
import { type JsonObject, objectOf, objectsOf, own, textOf } from "../../ports/json-object.ts";
import type { Client } from "./client.ts";
import { isClash, refusalOf, refusedError, rejected } from "./errors.ts";
import { parseKeepingIds } from "./json.ts";
import { recordOf, upsertOf } from "./records.ts";
import { createSchema, describeObject } from "./schema.ts";
import { cell } from "./testing.ts";

const folder = new URL("../../../../shared/specs/fixtures/hubspot/", import.meta.url);
const present = existsSync(folder);
if (!present) process.stderr.write("recorded.test.ts: ../shared is not here, so recorded answers are not read\n");
const recordedTest = test.skipIf(!present);

const answers = (present ? readdirSync(folder) : []).flatMap((file) => {
  const json = objectOf(parseKeepingIds(readFileSync(new URL(file, folder), "utf8"))) ?? {};
  const name = file.replace(".json", "");
  const exchanges = objectsOf(own(json, "exchanges")).map((one) => ({ name, body: own(one, "response") }));
  const body = own(json, "body");
  return body === undefined ? exchanges : [...exchanges, { name, body }];
});
const bodyOf = (name: string) => answers.find((one) => one.name === name)?.body;

/** Every object in an answer that looks like what is asked for. */
function within(value: unknown, isWanted: (json: JsonObject) => boolean): readonly JsonObject[] {
  if (Array.isArray(value)) return value.flatMap((one) => within(one, isWanted));
  const json = objectOf(value);
  if (json === undefined) return [];
  const inner = Object.values(json).flatMap((one) => within(one, isWanted));
  return isWanted(json) ? [json, ...inner] : inner;
}

const client = { ownTime: (at: number) => at } as Client;

recordedTest("every recorded record is read, with each property as a text or a blank", () => {
  const isRecord = (json: JsonObject) => objectOf(own(json, "properties")) !== undefined;
  const records = answers.flatMap(({ name, body }) => within(body, isRecord).map((json) => ({ name, json })));
  expect(records.length).toBeGreaterThan(50);
  for (const { name, json } of records) {
    const record = recordOf(json);
    expect(record, name).toBeDefined();
    const properties = Object.keys(objectOf(own(json, "properties")) ?? {});
    const object: MappedObject = { object: "contacts", create: false, cells: properties.map((one) => cell(one)) };
    const upsert = upsertOf({ system: "crm", client, keyProperty: "truce_id" }, object, record!, 5);
    expect(upsert, name).toMatchObject({
      kind: "upsert",
      complete: true,
      ref: { id: own(json, "id") },
    });
    for (const value of Object.values(upsert.cells)) {
      expect(value === null || typeof value === "string", `${name}: ${JSON.stringify(value)}`).toBe(true);
      expect(value, name).not.toBe("");
    }
    expect(new Date(Number(upsert.revision)).toISOString(), name).toBe(
      new Date(Date.parse(textOf(own(json, "updatedAt")))).toISOString(),
    );
  }
});

recordedTest(
  "every recorded definition of properties gives fields with types, and options where they are choices",
  async () => {
    const isProperty = (json: JsonObject) =>
      textOf(own(json, "fieldType")) !== "" && textOf(own(json, "type")) !== "" && Array.isArray(own(json, "options"));
    const described = answers.filter(({ body }) => within(body, isProperty).length > 1);
    expect(described.length).toBeGreaterThan(1);
    for (const { name, body } of described) {
      const properties = await createSchema({ call: async () => body } as unknown as Client).properties("deals");
      const { cells } = describeObject("deals", "Deals", properties);
      expect(cells.length, name).toBe(within(body, isProperty).length);
      for (const one of cells) {
        expect(one.cell, name).toMatch(/^[a-z0-9_]+$/u);
        if (one.type.kind === "choice" && "options" in one.type && one.type.options !== undefined)
          expect(one.type.options.length, `${name} ${one.cell}`).toBeGreaterThan(0);
      }
    }
  },
);

recordedTest("recorded refusals are told apart", () => {
  const refusal = (name: string) => refusalOf(bodyOf(name));
  const codeOf = (name: string, status: number) => refusedError(status, refusal(name), "write", "trying").code;
  expect(codeOf("amp-test__metadata-err-schemas-scope", 403)).toBe("UNAUTHORIZED");
  expect(codeOf("amp-test__search__error-invalid-object", 400)).toBe("SCHEMA");
  expect(isClash(refusal("amp-test__batch__create__contacts__err-conflict"))).toBe(true);
  expect(rejected(refusal("amp-test__batch__create__contacts__err-conflict"), "trying")).toMatchObject({
    cells: { email: "Contact already exists" },
  });
  expect(rejected(refusal("amp-test__batch__update__contacts__err-many-invalid-properties"), "trying")).toMatchObject({
    cells: { first000name: expect.stringContaining("does not exist"), last000name: expect.anything() },
  });
  const rows = (name: string) => objectsOf(own(objectOf(bodyOf(name)) ?? {}, "errors")).map(refusalOf);
  expect(rows("amp-test__batch__create__contacts__err-partial-success")).toMatchObject([
    { existingId: "171591000198", traceIds: ["0"] },
  ]);
  expect(rows("amp-test__batch__update__contacts__err-partial-success")).toMatchObject([
    { category: "OBJECT_NOT_FOUND", ids: ["unknownIdentifier888"] },
  ]);
});
