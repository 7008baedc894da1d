import { existsSync, readdirSync, readFileSync } from "node:fs";
import { loadSync } from "@grpc/proto-loader";
import { expect, test } from "vitest";
import { type JsonObject, objectOf, objectsOf, own } from "../../ports/json-object.ts";
import { rawOf } from "./cell.ts";
import { changeEventOf, tellEvent } from "./change-event.ts";
import type { Client } from "./client.ts";
import { complaintsOf, refusedError, rowError } from "./errors.ts";
import { parseExactly } from "./json.ts";
import { type FetchRequest, pubSub } from "./protocol.ts";
import { recordOf } from "./records.ts";
import { type BoundObject, sobjectOf } from "./schema.ts";

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

/** An object with the fields that a test maps, as far as reading an event needs them. */
function boundTo(object: string, types: Readonly<Record<string, string>>): BoundObject {
  const cells = Object.entries(types).map(([name, type]) => ({
    cell: { cell: name, field: name, type: { kind: "text" }, direction: "both" },
    field: { name, type, calculated: false },
  }));
  const mapped = { object, create: false, cells: cells.map(({ cell }) => cell) };
  return { mapped, cells, keyField: null, hasMerges: true, sobject: { name: object } } as unknown as BoundObject;
}

const deps = { system: "sales", client: { ownTime: (at: number) => at } as Client };

recordedTest("a recorded event of a new account tells all of its fields", () => {
  const event = changeEventOf(objectOf(bodyOf("amp-test__subscription__new_account")) ?? {});
  const bound = boundTo("Account", {
    Name: "string",
    Phone: "phone",
    Description: "textarea",
    CreatedDate: "datetime",
  });
  expect(tellEvent(deps, bound, event!, 5).observations).toEqual([
    {
      kind: "upsert",
      ref: { system: "sales", object: "Account", id: "0015f00002J9YYEAA3" },
      revision: "00000001712693965000",
      observedAt: 5,
      cells: {
        Name: "Acme",
        Phone: null,
        Description: "Sample account record.",
        CreatedDate: "2024-04-09T20:19:25.000Z",
      },
      complete: true,
      changedAt: { from: 1712693963000, until: 1712693967000 },
      author: "0055f000005mc66AAA",
      pushed: true,
      cellChanges: expect.objectContaining({ Name: expect.anything() }),
    },
  ]);
});

recordedTest("a recorded event of a changed address tells the part that it holds, and asks for the others", () => {
  const event = changeEventOf(objectOf(bodyOf("amp-test__subscription__update_contact_compound_address")) ?? {});
  const bound = boundTo("Contact", { MailingStreet: "textarea", MailingCity: "string", LastName: "string" });
  const told = tellEvent(deps, bound, event!, 5).observations;
  expect(told).toMatchObject([
    {
      kind: "upsert",
      ref: { id: "003bm000016htgPAAQ" },
      cells: { MailingStreet: "1235 wildwood St" },
      complete: false,
    },
    { kind: "hint", ref: { id: "003bm000016htgPAAQ" } },
  ]);
  expect(Object.keys(told[0]?.kind === "upsert" ? told[0].cells : {})).toEqual(["MailingStreet"]);
});

const proto = new URL("../../../../shared/specs/salesforce/pubsub_api.proto", import.meta.url);

test.skipIf(!existsSync(proto))(
  "our part of the Pub/Sub API reads and writes the same bytes as Salesforce's own definition",
  () => {
    const whole = loadSync(proto.pathname, { keepCase: true, defaults: true, enums: String })["eventbus.v1.PubSub"];
    const theirs = whole as unknown as typeof pubSub;
    const request: FetchRequest = {
      topic_name: "/data/ContactChangeEvent",
      replay_preset: "CUSTOM",
      replay_id: Buffer.from("12345678"),
      num_requested: 100,
    };
    const { path, requestSerialize } = pubSub["Subscribe"]!;
    expect(path).toBe(theirs["Subscribe"]!.path);
    expect(requestSerialize(request)).toEqual(theirs["Subscribe"]!.requestSerialize(request));
    const event = { event: { id: "e", schema_id: "s", payload: Buffer.from("p") }, replay_id: Buffer.from("r") };
    const answer = { events: [event], latest_replay_id: Buffer.from("r"), rpc_id: "x", pending_num_requested: 7 };
    const bytes = theirs["Subscribe"]!.responseSerialize(answer);
    expect(pubSub["Subscribe"]!.responseDeserialize(bytes)).toMatchObject({
      events: [event],
      pending_num_requested: 7,
    });
    expect(pubSub["GetSchema"]!.path).toBe(theirs["GetSchema"]!.path);
  },
);
