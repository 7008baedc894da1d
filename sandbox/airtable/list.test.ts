import { afterEach, beforeEach, expect, test } from "vitest";
import type { JsonObject } from "./json.ts";
import type { AirtableSandbox } from "./sandbox.ts";
import { call, crmSandbox, errorOf } from "./testing.ts";

let sandbox: AirtableSandbox;
let nowMs = Date.parse("2026-03-01T10:00:00.700Z");

beforeEach(async () => {
  nowMs = Date.parse("2026-03-01T10:00:00.700Z");
  sandbox = await crmSandbox({ clock: () => nowMs, speed: 1 });
});

afterEach(() => sandbox.close());

async function list(query: string): Promise<{ records: JsonObject[]; offset?: string }> {
  nowMs += 1_000;
  const { body, status } = await call(sandbox, "GET", `${sandbox.baseId}/People?${query}`);
  expect({ status, body }).toMatchObject({ status: 200 });
  return body as unknown as { records: JsonObject[]; offset?: string };
}

function seedPeople(count: number): readonly string[] {
  return sandbox.admin.seed(
    "People",
    Array.from({ length: count }, (_, n) => ({ Name: `P${n}`, Score: n, Customer: n % 2 === 0 })),
  );
}

test("blank cells are left out, and computed ones are shown", async () => {
  sandbox.admin.seed("People", [{ Name: "Ada", Notes: "", Tags: [], Customer: false, Score: null }]);
  const { records } = await list("");
  expect(records).toEqual([
    {
      id: expect.stringMatching(/^rec\w{14}$/),
      createdTime: "2026-03-01T10:00:00.000Z",
      fields: {
        Name: "Ada",
        Greeting: "Dear Ada",
        Ratio: { specialValue: "NaN" },
        Companies: 0,
        No: 1,
        Made: "2026-03-01T10:00:00.000Z",
        Touched: "2026-03-01T10:00:00.000Z",
        "Mail touched": "2026-03-01T10:00:00.000Z",
        "Made by": { id: expect.any(String), email: "truce@example.com", name: "Truce" },
        "Touched by": expect.anything(),
        Summary: { state: "empty", value: null, isStale: false },
      },
    },
  ]);
});

test("unsorted pages come in an order that tells nothing, each record once", async () => {
  const seeded = seedPeople(25);
  const first = await list("pageSize=10");
  const second = await list(`pageSize=10&offset=${first.offset}`);
  const third = await list(`pageSize=10&offset=${second.offset}`);
  expect(third.offset).toBeUndefined();
  const read = [...first.records, ...second.records, ...third.records].map(({ id }) => id);
  expect([...read].sort()).toEqual([...seeded].sort());
  expect(read).not.toEqual(seeded);
});

test("an offset can be used twice, survives the deletion of its record, and dies after some minutes", async () => {
  seedPeople(15);
  const { offset } = await list("pageSize=10");
  const again = await list(`pageSize=10&offset=${offset}`);
  expect(again.records).toHaveLength(5);
  sandbox.admin.remove("Zoe", "People", String(again.records[0]?.["id"]));
  expect((await list(`pageSize=10&offset=${offset}`)).records).toHaveLength(4);

  nowMs += 6 * 60_000;
  const dead = await call(sandbox, "GET", `${sandbox.baseId}/People?pageSize=10&offset=${offset}`);
  expect(errorOf(dead)).toBe("422 LIST_RECORDS_ITERATOR_NOT_AVAILABLE");
});

test("a filtered list keeps the records of its first page's moment, with the values of now", async () => {
  const seeded = seedPeople(12);
  const { offset } = await list("pageSize=10&filterByFormula={Score}<12&sort[0][field]=Score");
  sandbox.admin.edit("Zoe", "People", seeded[11]!, { Score: 99 });
  const { records } = await list(`pageSize=10&filterByFormula={Score}<12&sort[0][field]=Score&offset=${offset}`);
  expect(records.map(({ fields }) => (fields as JsonObject)["Score"])).toEqual([10, 99]);
});

test("by ids, as a connector reads", async () => {
  const ids = seedPeople(5);
  const formula = encodeURIComponent(`OR(${[ids[3], ids[1], "recMissing0000000"].map((id) => `RECORD_ID()='${id}'`)})`);
  const { records } = await list(`filterByFormula=${formula}`);
  expect(records.map(({ id }) => id)).toEqual([ids[3], ids[1]].sort());
});

test("fields, field ids, views, limits", async () => {
  seedPeople(6);
  const people = sandbox.admin.schema().find(({ name }) => name === "People");
  const nameId = String(people?.["primaryFieldId"]);
  const narrow = await list(`fields[]=${nameId}&returnFieldsByFieldId=true&maxRecords=2`);
  expect(narrow.records.map(({ fields }) => Object.keys(fields as JsonObject))).toEqual([[nameId], [nameId]]);

  const viewed = await list("view=Customers");
  expect(viewed.records.map(({ fields }) => fields)).toEqual([{ Name: "P0" }, { Name: "P2" }, { Name: "P4" }]);
});

test("as text for people", async () => {
  sandbox.admin.seed("People", [
    { Name: "Ada", Customer: true, Born: "1815-12-10", "Next call": "2026-03-01T10:00", Tags: ["a", "b"] },
  ]);
  const fields = "fields[]=Customer&fields[]=Born&fields[]=Next%20call&fields[]=Tags&fields[]=Score";
  const { records } = await list(`cellFormat=string&timeZone=Europe/Berlin&userLocale=en-GB&${fields}`);
  expect(records[0]?.["fields"]).toEqual({
    Customer: "checked",
    Born: "10/12/1815",
    "Next call": "01/03/2026, 10:00",
    Tags: "a, b",
  });
});

test("by modification time, in whole seconds", async () => {
  const [id = ""] = seedPeople(3);
  nowMs += 60_000;
  sandbox.admin.edit("Zoe", "People", id, { Phone: "1" });
  const touched = await list(`filterByFormula=IS_AFTER(LAST_MODIFIED_TIME(),'2026-03-01T10:00:30Z')`);
  expect(touched.records.map((record) => record["id"])).toEqual([id]);
  const mail = await list(`filterByFormula=IS_AFTER({Mail touched},'2026-03-01T10:00:30Z')`);
  expect(mail.records).toEqual([]);
});

test("what a list refuses", async () => {
  seedPeople(1);
  const refused = async (query: string) => {
    nowMs += 1_000;
    return errorOf(await call(sandbox, "GET", `${sandbox.baseId}/People?${query}`));
  };
  expect(await refused("pageSize=101")).toBe("422 INVALID_REQUEST_UNKNOWN");
  expect(await refused("pageSize=0")).toBe("422 INVALID_REQUEST_UNKNOWN");
  expect(await refused("maxRecords=x")).toBe("422 INVALID_REQUEST_UNKNOWN");
  expect(await refused("fields[]=Nope")).toBe("422 UNKNOWN_FIELD_NAME");
  expect(await refused("sort[0][field]=Nope")).toBe("422 UNKNOWN_FIELD_NAME");
  expect(await refused("sort[0][field]=Name&sort[0][direction]=up")).toBe("422 INVALID_REQUEST_UNKNOWN");
  expect(await refused("view=Nope")).toBe("422 VIEW_NAME_NOT_FOUND");
  expect(await refused("filterByFormula=OR(")).toBe("422 INVALID_FILTER_BY_FORMULA");
  expect(await refused("filterByFormula={Nope}=1")).toBe("422 INVALID_FILTER_BY_FORMULA");
  expect(await refused("cellFormat=string")).toBe("422 INVALID_REQUEST_UNKNOWN");
  expect(await refused("offset=7")).toBe("422 INVALID_OFFSET_VALUE");
  expect(await refused("offset=itr00000000000000/rec00000000000000")).toBe("422 LIST_RECORDS_ITERATOR_NOT_AVAILABLE");
});
