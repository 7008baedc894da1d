import { afterEach, beforeEach, expect, test } from "vitest";
import type { Json, JsonObject } from "./json.ts";
import type { AirtableSandbox } from "./sandbox.ts";
import { type Answer, call, crmSandbox, errorOf } from "./testing.ts";

let sandbox: AirtableSandbox;

beforeEach(async () => {
  sandbox = await crmSandbox();
});

afterEach(() => sandbox.close());

const people = (method: string, body?: unknown, query = ""): Promise<Answer> =>
  call(sandbox, method, `${sandbox.baseId}/People${query}`, body);

async function stored(fields: JsonObject): Promise<JsonObject> {
  const { status, body } = await people("POST", { fields });
  expect({ status, body }).toMatchObject({ status: 200 });
  const shown = body["fields"] as JsonObject;
  return Object.fromEntries(Object.keys(fields).flatMap((name) => (name in shown ? [[name, shown[name]!]] : [])));
}

async function refusal(fields: JsonObject): Promise<string> {
  return errorOf(await people("POST", { fields }));
}

test("each type keeps its values in Airtable's form", async () => {
  const same: JsonObject = {
    Name: "Ada Lovelace ",
    Email: "ADA@Example.com",
    Phone: "(+44) 20 7946 0000",
    Notes: "two\nlines",
    Customer: true,
    Score: 1.25,
    Budget: 1200.5,
    Chance: 0.5,
    Call: 3600,
    Stars: 5,
    Born: "1815-12-10",
    "Next call": "2026-03-01T09:00:00.000Z",
    Stage: "Lead",
    Tags: ["b", "a"],
    Badge: { text: "123", type: "upce" },
  };
  expect(await stored(same)).toEqual(same);
  expect(await stored({ "Next call": "2026-07-01T09:00" })).toEqual({ "Next call": "2026-07-01T07:00:00.000Z" });
  expect(await stored({ "Next call": "2026-07-01" })).toEqual({ "Next call": "2026-06-30T22:00:00.000Z" });
  expect(await stored({ Born: "2000-02-29T23:00:00Z" })).toEqual({ Born: "2000-02-29" });
  expect(await stored({ Bio: "**hi**" })).toEqual({ Bio: "**hi**\n" });
  expect(await stored({ Name: "", Tags: [], Customer: false, Stars: 0, Born: null })).toEqual({});
});

test("each type refuses what is not of its form", async () => {
  const wrong: Readonly<Record<string, Json>> = {
    Name: 5,
    Email: ["a"],
    Customer: "true",
    Score: "1",
    Stars: 6,
    Born: "29/02/2000",
    "Next call": "soon",
    Stage: 5,
    Tags: "a",
    Company: "Acme",
    Owner: { id: "usrNobody" },
    Badge: "123",
  };
  for (const [name, value] of Object.entries(wrong)) {
    expect(await refusal({ [name]: value }), name).toBe("422 INVALID_VALUE_FOR_COLUMN");
  }
  expect(await refusal({ Born: "2001-02-29" })).toBe("422 INVALID_VALUE_FOR_COLUMN");
  expect(await refusal({ Stars: 1.5 })).toBe("422 INVALID_VALUE_FOR_COLUMN");
  expect(await refusal({ Name: "x".repeat(100_001) })).toBe("422 INVALID_VALUE_FOR_COLUMN");
  expect(await refusal({ Stage: "Nope" })).toBe("422 INVALID_MULTIPLE_CHOICE_OPTIONS");
  expect(await refusal({ Tags: ["a", "Nope"] })).toBe("422 INVALID_MULTIPLE_CHOICE_OPTIONS");
  expect(await refusal({ Company: ["recMissing0000000"] })).toBe("422 ROW_DOES_NOT_EXIST");
  expect(await refusal({ Files: [{ id: "attNope" }] })).toBe("422 INVALID_ATTACHMENT_OBJECT");
  expect(await refusal({ Nope: 1 })).toBe("422 UNKNOWN_FIELD_NAME");
  expect(sandbox.admin.records("People")).toEqual([]);
});

test("computed fields take no value, not even null", async () => {
  const computed = ["Greeting", "Websites", "Companies", "No", "Made", "Touched", "Made by", "Touched by", "Summary"];
  for (const name of computed) {
    const answer = await people("POST", { fields: { [name]: null } });
    expect(answer.body).toEqual({
      error: {
        type: "INVALID_VALUE_FOR_COLUMN",
        message: `Field "${name}" cannot accept a value because the field is computed`,
      },
    });
  }
});

test("typecast converts, and makes missing options, but only when the whole request is good", async () => {
  const fields = { Name: 5, Score: "€ 1,5", Customer: "checked", Stage: "New", Tags: "a,z" };
  const bad = await people("POST", { records: [{ fields }, { fields: { Born: "never" } }], typecast: true });
  expect(errorOf(bad)).toBe("422 INVALID_VALUE_FOR_COLUMN");
  const stage = () => {
    const table = sandbox.admin.schema().find(({ name }) => name === "People")!;
    return (table["fields"] as readonly JsonObject[]).find(({ name }) => name === "Stage")!["options"];
  };
  expect(stage()).toMatchObject({ choices: [{ name: "Lead" }, { name: "Won" }] });

  const good = await people("POST", { fields, typecast: true });
  expect(good.body["fields"]).toMatchObject({ Name: "5", Score: 15, Customer: true, Stage: "New", Tags: ["a", "z"] });
  expect(stage()).toMatchObject({ choices: [{ name: "Lead" }, { name: "Won" }, { name: "New" }] });
});

test("a link shows from both sides, and lookups follow it", async () => {
  const [acme = "", evil = ""] = sandbox.admin.seed("Companies", [
    { Company: "Acme", Website: "https://acme.example" },
    { Company: "Evil" },
  ]);
  const made = await people("POST", { fields: { Name: "Ada", Company: [acme] } });
  const id = String(made.body["id"]);
  expect(made.body["fields"]).toMatchObject({ Companies: 1, Websites: ["https://acme.example"] });
  const peopleOf = (company: string) =>
    sandbox.admin.records("Companies").find((record) => record.id === company)?.fields["People"];
  expect(peopleOf(acme)).toEqual([id]);

  await call(sandbox, "PATCH", `${sandbox.baseId}/People/${id}`, { fields: { Company: [evil] } });
  expect([peopleOf(acme), peopleOf(evil)]).toEqual([undefined, [id]]);
  await call(sandbox, "PATCH", `${sandbox.baseId}/Companies/${acme}`, { fields: { People: [id] } });
  expect(sandbox.admin.records("People")[0]?.fields["Company"]).toEqual([evil, acme]);
  await call(sandbox, "DELETE", `${sandbox.baseId}/Companies/${evil}`);
  expect(sandbox.admin.records("People")[0]?.fields["Company"]).toEqual([acme]);
});

test("attachments are replaced whole, kept by id, and their addresses expire", async () => {
  const made = await people("POST", { fields: { Files: [{ url: "https://x.example/cv.pdf" }] } });
  const [file] = (made.body["fields"] as JsonObject)["Files"] as readonly JsonObject[];
  expect(file).toMatchObject({ id: expect.stringMatching(/^att/), filename: "cv.pdf" });
  const path = `${sandbox.baseId}/People/${String(made.body["id"])}`;
  const kept = await call(sandbox, "PATCH", path, {
    fields: { Files: [{ id: file!["id"] }, { url: "https://x.example/b" }] },
  });
  expect((kept.body["fields"] as JsonObject)["Files"]).toHaveLength(2);
  sandbox.admin.advanceClock(3 * 3_600_000);
  const later = await call(sandbox, "GET", path);
  expect(((later.body["fields"] as JsonObject)["Files"] as readonly JsonObject[])[0]?.["url"]).not.toBe(file!["url"]);
});

test("one bad record fails its whole batch, and nothing is written", async () => {
  const [a = "", b = ""] = sandbox.admin.seed("People", [{ Name: "A" }, { Name: "B" }]);
  const before = sandbox.admin.records("People");
  const missing = "recMissing0000000";
  const change = (ids: readonly string[]) => ({ records: ids.map((id) => ({ id, fields: { Name: "X" } })) });
  expect(errorOf(await people("PATCH", change([a, missing])))).toBe("422 ROW_DOES_NOT_EXIST");
  expect(errorOf(await people("PUT", change([a, missing])))).toBe("422 ROW_DOES_NOT_EXIST");
  expect(errorOf(await people("PATCH", change([a, a])))).toBe("422 INVALID_REQUEST_UNKNOWN");
  expect(errorOf(await people("DELETE", undefined, `?records[]=${b}&records[]=${missing}`))).toBe(
    "422 ROW_DOES_NOT_EXIST",
  );
  const half = { records: [{ fields: { Name: "C" } }, { fields: { Stage: "Nope" } }] };
  expect(errorOf(await people("POST", half))).toBe("422 INVALID_MULTIPLE_CHOICE_OPTIONS");
  expect(sandbox.admin.records("People")).toEqual(before);
  expect(sandbox.admin.audit()).toEqual([]);
});

test("batches hold one to ten records, of the right shape", async () => {
  const eleven = Array.from({ length: 11 }, () => ({ fields: {} }));
  expect(errorOf(await people("POST", { records: eleven }))).toBe("422 INVALID_RECORDS");
  expect(errorOf(await people("POST", { records: [] }))).toBe("422 INVALID_RECORDS");
  expect(errorOf(await people("POST", {}))).toBe("422 INVALID_REQUEST_MISSING_FIELDS");
  expect(errorOf(await people("POST", { records: [{}] }))).toBe("422 INVALID_REQUEST_MISSING_FIELDS");
  expect(errorOf(await people("PATCH", { records: [{ fields: {} }] }))).toBe("422 INVALID_RECORDS");
  expect(errorOf(await people("DELETE"))).toBe("422 INVALID_RECORDS");
  expect(errorOf(await people("POST", "{"))).toBe("400 INVALID_REQUEST_BODY");
  expect(errorOf(await people("POST", "[]"))).toBe("422 INVALID_REQUEST_UNKNOWN");
  const [id = ""] = sandbox.admin.seed("People", [{ Name: "A" }]);
  const path = `${sandbox.baseId}/People/recMissing0000000`;
  expect(errorOf(await call(sandbox, "PATCH", path, { fields: {} }))).toBe("404 NOT_FOUND");
  expect(errorOf(await call(sandbox, "DELETE", path))).toBe("404 NOT_FOUND");
  expect(errorOf(await call(sandbox, "GET", path))).toBe("404 NOT_FOUND");
  expect(errorOf(await call(sandbox, "PATCH", `${sandbox.baseId}/People/${id}`, {}))).toBe(
    "422 INVALID_REQUEST_MISSING_FIELDS",
  );
});

test("an upsert creates on no match, updates on one, and fails on more", async () => {
  const upsert = (records: readonly JsonObject[], fieldsToMergeOn: readonly string[] = ["Truce ID"]) =>
    people("PATCH", { records, performUpsert: { fieldsToMergeOn } });
  const created = await upsert([{ fields: { "Truce ID": "t1", Name: "Ada" } }]);
  const id = (created.body["records"] as readonly JsonObject[])[0]?.["id"];
  expect(created.body).toMatchObject({ createdRecords: [id], updatedRecords: [] });

  const updated = await upsert([{ fields: { "Truce ID": "t1", Phone: "1" } }, { fields: { "Truce ID": "t2" } }]);
  expect(updated.body).toMatchObject({ updatedRecords: [id], createdRecords: [expect.stringMatching(/^rec/)] });
  expect(updated.body["records"]).toMatchObject([{ id, fields: { Name: "Ada", Phone: "1" } }, {}]);

  sandbox.admin.seed("People", [{ "Truce ID": "t1" }]);
  expect(errorOf(await upsert([{ fields: { "Truce ID": "t1" } }]))).toBe("422 INVALID_REQUEST_UNKNOWN");
  expect(errorOf(await upsert([{ fields: { Name: "no key" } }]))).toBe("422 INVALID_REQUEST_UNKNOWN");
  expect(errorOf(await upsert([{ fields: { Greeting: "x" } }], ["Greeting"]))).toBe("422 INVALID_REQUEST_UNKNOWN");
  expect(errorOf(await upsert([{ fields: {} }], []))).toBe("422 INVALID_REQUEST_UNKNOWN");
  expect(errorOf(await upsert([{ fields: {} }], ["Nope"]))).toBe("422 UNKNOWN_FIELD_NAME");
});

test("the audit holds each write with the values that it replaced", async () => {
  const [id = ""] = sandbox.admin.seed("People", [{ Name: "Ada", Phone: "1" }]);
  await call(sandbox, "PATCH", `${sandbox.baseId}/People/${id}`, { fields: { Phone: "2", Email: "a@b.example" } });
  sandbox.admin.edit("Zoe", "People", id, { Phone: null });
  await call(sandbox, "DELETE", `${sandbox.baseId}/People/${id}`);
  expect(sandbox.admin.audit()).toMatchObject([
    {
      seq: 1,
      object: "People",
      id,
      kind: "update",
      before: { Phone: "1", Email: null },
      after: { Phone: "2", Email: "a@b.example" },
      source: "api",
    },
    {
      seq: 2,
      kind: "update",
      before: { Phone: "2" },
      after: { Phone: null },
      source: expect.stringMatching(/^user:usr/),
    },
    { seq: 3, kind: "delete", before: { Name: "Ada", Email: "a@b.example" }, after: {}, source: "api" },
  ]);
});
