import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { rawOf } from "./cell.ts";
import { complaintsOf, refusedError, rowError } from "./errors.ts";
import { type JsonObject, objectOf, objectsOf, own, parseExactly } from "./json.ts";
import { recordOf } from "./records.ts";
import { sobjectOf } from "./schema.ts";

const folder = new URL("../../../../shared/specs/fixtures/salesforce/", import.meta.url);
const present = existsSync(folder);
if (!present) console.log("Recorded Salesforce answers are not here: their tests are skipped.");
const recordedTest = test.skipIf(!present);

type Exchange = { readonly path: string; readonly status: number; readonly response: unknown };
type Recorded = { readonly name: string; readonly exchanges: readonly Exchange[]; readonly body: unknown };

const files: readonly Recorded[] = (present ? readdirSync(folder) : []).map((name) => {
  const json = objectOf(parseExactly(readFileSync(new URL(name, folder), "utf8"))) ?? {};
  const exchanges = objectsOf(own(json, "exchanges")) as unknown as readonly Exchange[];
  return { name: name.replace(".json", ""), exchanges, body: own(json, "body") };
});

const answers = files.flatMap(({ name, exchanges, body }) => [
  ...exchanges.map(({ response }) => ({ name, body: response })),
  ...(body === undefined ? [] : [{ name, body }]),
]);
const bodyOf = (name: string) => answers.find((one) => one.name === name)?.body;

/** Every object in an answer that says what it is a record of. */
function recordsIn(value: unknown): readonly JsonObject[] {
  if (Array.isArray(value)) return value.flatMap(recordsIn);
  const json = objectOf(value);
  if (json === undefined) return [];
  const inner = Object.values(json).flatMap(recordsIn);
  return objectOf(own(json, "attributes")) === undefined ? inner : [json, ...inner];
}

recordedTest("every recorded record with the fields that Truce asks for is read", () => {
  const whole = answers.flatMap(({ name, body }) =>
    recordsIn(body).flatMap((json) => (typeof own(json, "SystemModstamp") === "string" ? [{ name, json }] : [])),
  );
  expect(whole.length).toBeGreaterThan(0);
  for (const { name, json } of whole) {
    const record = recordOf(json);
    expect(record, name).toBeDefined();
    expect(record?.id, name).toHaveLength(18);
    expect(new Date(record?.stamp ?? 0).toISOString(), name).toBe(
      String(own(json, "SystemModstamp")).replace("+0000", "Z"),
    );
  }
});

recordedTest("every recorded description gives fields with their types", () => {
  const described = answers.flatMap(({ name, body }) => {
    const inner = objectsOf(own(objectOf(body) ?? {}, "compositeResponse")).map((one) => own(one, "body"));
    return [body, ...inner].flatMap((one) => {
      const sobject = sobjectOf(one);
      return sobject === undefined || sobject.fields.size === 0 ? [] : [{ name, sobject }];
    });
  });
  expect(described.length).toBeGreaterThan(3);
  for (const { name, sobject } of described) {
    const id = sobject.fields.get("Id");
    if (id !== undefined) expect(id, name).toMatchObject({ type: "id", updateable: false });
    for (const field of sobject.fields.values()) expect(`${field.name}${field.type}`, name).toMatch(/^\w+[a-z]+$/u);
  }
});

recordedTest("recorded refusals are told apart", () => {
  const codeOf = (name: string, status: number) =>
    refusedError(status, complaintsOf(bodyOf(name)), "write", "trying").code;
  expect(codeOf("amp-test__unknown-field", 400)).toBe("SCHEMA");
  expect(codeOf("amp-test__unknown-object", 400)).toBe("SCHEMA");
  expect(codeOf("restforce-expired_session_response", 401)).toBe("UNAUTHORIZED");
  expect(codeOf("restforce-sobject__upsert_error_response", 404)).toBe("SCHEMA");
  const rows = bodyOf("restforce-sobject__write_error_response");
  expect(rowError(complaintsOf(rows), "trying")).toMatchObject({
    code: "REJECTED",
    cells: { foo: expect.stringMatching(/No such column/) },
  });
});

recordedTest("rows of recorded collections say what became of them", () => {
  const rowsOf = (name: string) => objectsOf(bodyOf(name)).map((row) => complaintsOf(own(row, "errors")));
  expect(rowsOf("nango-update-sobject-collection")).toMatchObject([[{ code: "INVALID_CROSS_REFERENCE_KEY" }]]);
  expect(rowsOf("nango-upsert-sobject-collection")).toMatchObject([[{ code: "JSON_PARSER_ERROR" }]]);
});

recordedTest("recorded values are read in one form each", () => {
  const json = objectOf(bodyOf("restforce-sobject__sobject_find_success_response")) ?? {};
  const of = (type: string, name: string) => rawOf({ type }, own(json, name));
  expect(of("datetime", "DateTime_Label")).toBe("2011-07-07T00:37:00.000Z");
  expect(of("datetime", "OtherDateTime_Label")).toBeNull();
  expect(of("date", "Date_Label")).toBe("2010-01-01");
  expect(of("multipicklist", "Picklist_Multiselect_Label")).toBe("four;six");
  expect([of("currency", "Currency_Label"), of("boolean", "Checkbox_Label")]).toEqual([23, true]);
});
