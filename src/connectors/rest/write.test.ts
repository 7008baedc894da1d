import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { expect, onTestFinished, test } from "vitest";
import type { Connector, MappedCell, MappedObject, WriteResult } from "../../ports/connector.ts";
import { create, update } from "../../ports/testing/requests.ts";
import { type Asked, connectorAt, mapped, toolThat } from "./testing.ts";

type Stored = Record<string, unknown>;

/** A tool with one record, whose last write is `sent`. */
async function toolWith(record: Stored, shape: Parameters<typeof connectorAt>[1], cells: readonly string[]) {
  const { url, asked } = await toolThat(({ method, body }) => {
    if (method !== "GET") Object.assign(record, (JSON.parse(body) as Stored)["data"] ?? JSON.parse(body));
    return { body: record };
  }, onTestFinished);
  const sent = () => asked.findLast(({ method }) => method !== "GET") as Asked;
  return { connector: connectorAt(url, shape, {}, cells), object: mapped(...cells), sent };
}

async function writeOne(
  connector: Connector,
  object: MappedObject,
  ...requests: Parameters<Connector["write"]>[1]
): Promise<WriteResult> {
  return (await connector.write(object, requests))[0]!;
}

test("a field within another is sent with its neighbours, as some tools replace the outer one and some merge it", async () => {
  const record = { id: 1, address: { city: "Bonn", zip: "53111" }, other: "x" };
  const { connector, object, sent } = await toolWith(record, {}, ["address.city"]);
  const result = await writeOne(connector, object, update("1", { "address.city": "Bonn" }, { "address.city": "Köln" }));
  expect(JSON.parse(sent().body)).toEqual({ address: { city: "Köln", zip: "53111" } });
  expect(result).toMatchObject({ kind: "written", cells: { "address.city": "Köln" } });
});

test("of a patch that is there in part, only the rest is written", async () => {
  const { connector, object, sent } = await toolWith({ id: 1, name: "Ada", city: "Lyon" }, {}, ["name", "city"]);
  const patch = { name: "Ada L", city: "Lyon" };
  const result = await writeOne(connector, object, update("1", { name: "Ada", city: "Oslo" }, patch));
  expect(result).toMatchObject({ kind: "written", cells: patch });
  expect(JSON.parse(sent().body)).toEqual({ name: "Ada L" });
});

test("a whole record carries what nobody mapped, less what is the tool's own; a cleared field is left out or empty", async () => {
  const shape = {
    update: { method: "PUT", clear: "omit" },
    fields: { createdAt: { type: "text", readOnly: true }, name: { type: "text" } },
    absent: "blank",
  } as const;
  const one = await toolWith({ id: 1, name: "Ada", secret: "kept", createdAt: "2026" }, shape, ["name"]);
  await writeOne(one.connector, one.object, update("1", { name: "Ada" }, { name: null }));
  expect(JSON.parse(one.sent().body)).toEqual({ id: 1, secret: "kept" });
  const two = await toolWith({ id: 1, name: "Ada" }, { update: { clear: "empty" } }, ["name"]);
  await writeOne(two.connector, two.object, update("1", { name: "Ada" }, { name: null }));
  expect(JSON.parse(two.sent().body)).toEqual({ name: "" });
});

test("a field in the first item of a list leaves the other items as they are, and a new list is one", async () => {
  const record = { id: 1, emails: [{ value: "a@example.org", primary: true }, { value: "b@example.org" }] };
  const { connector, object, sent } = await toolWith(record, {}, ["emails.0.value"]);
  await writeOne(connector, object, update("1", {}, { "emails.0.value": "c@example.org" }));
  expect(JSON.parse(sent().body)).toEqual({
    emails: [{ value: "c@example.org", primary: true }, { value: "b@example.org" }],
  });
  const empty = await toolWith({ id: 1 }, { create: { also: { "schemas.0": "urn:user" } } }, ["emails.0.value"]);
  await writeOne(empty.connector, empty.object, create("k", { "emails.0.value": "d@example.org" }));
  expect(JSON.parse(empty.sent().body)).toEqual({ emails: [{ value: "d@example.org" }], schemas: ["urn:user"] });
});

test("a reference that is an object around an id is read as the id, and written as the tool writes it", async () => {
  const company: MappedCell = {
    cell: "company",
    field: "company",
    type: { kind: "reference", to: "company" },
    direction: "both",
  };
  const partners: MappedCell = { ...company, cell: "partners", type: { kind: "reference", to: "company", many: true } };
  const object: MappedObject = { object: "contacts", create: true, cells: [company, partners] };
  const pointer = (objectId: string) => ({ __type: "Pointer", className: "Company", objectId });
  const record: Stored = { id: 1, company: pointer("c1"), partners: [pointer("c9"), pointer("c2")] };
  const link = { id: "objectId", also: { __type: "Pointer", className: "Company" } };
  const fields = { company: { type: "text", link }, partners: { type: "list", link } } as const;
  const { connector, sent } = await toolWith(record, { fields }, []);
  expect(await connector.read(object, ["1"])).toMatchObject([
    { observation: { cells: { company: "c1", partners: ["c2", "c9"] } } },
  ]);
  const patch = { company: "c2", partners: ["c3"] };
  const [written] = await connector.write(object, [update("1", { company: "c1", partners: ["c2", "c9"] }, patch)]);
  expect(written).toMatchObject({ kind: "written", cells: patch });
  expect(JSON.parse(sent().body)).toEqual({ company: pointer("c2"), partners: [pointer("c3")] });
  await connector.write(object, [update("1", { company: "c2" }, { company: null })]);
  expect(JSON.parse(sent().body)).toEqual({ company: null });
});

test("a tool may show a reference as a whole record, and take its id alone", async () => {
  const company: MappedCell = {
    cell: "company",
    field: "company",
    type: { kind: "reference", to: "company" },
    direction: "both",
  };
  const object: MappedObject = { object: "contacts", create: true, cells: [company] };
  const fields = { company: { type: "text", link: { id: "documentId", sends: "id" } } } as const;
  const { connector, sent } = await toolWith({ id: 1, company: { documentId: "d1", name: "Acme" } }, { fields }, []);
  const [written] = await connector.write(object, [update("1", { company: "d1" }, { company: "d2" })]);
  expect(JSON.parse(sent().body)).toEqual({ company: "d2" });
  expect(written).toMatchObject({ kind: "written", cells: { company: "d2" } });
});

test("JSON:API is an envelope, a place for fields, and constants", async () => {
  const document = { data: { id: "7", type: "people", attributes: { name: "Ada" } } };
  const { url, asked } = await toolThat(() => ({ body: document }), onTestFinished);
  const also = { "data.type": "people", "data.id": "{id}" };
  const connector = connectorAt(url, {
    fieldsAt: "attributes",
    read: { record: "data" },
    update: { body: "data.attributes", also },
  });
  await writeOne(connector, mapped("name"), update("7", { name: "Ada" }, { name: "Grace" }));
  expect(JSON.parse(asked.find(({ method }) => method === "PATCH")?.body ?? "")).toEqual({
    data: { type: "people", id: "7", attributes: { name: "Grace" } },
  });
});

test("moments as numbers and ids as numbers are read, compared and written in the tool's form", async () => {
  const fields = {
    born: { type: "datetime", as: "seconds" },
    company: { type: "number", as: "number" },
    name: { type: "text" },
  } as const;
  const { connector, sent } = await toolWith({ id: 1, born: 1_000_000_000, company: 5, name: "x" }, { fields }, [
    "born",
  ]);
  const born = { cell: "born", field: "born", type: { kind: "datetime" }, direction: "both" } as const;
  const company = {
    cell: "company",
    field: "company",
    type: { kind: "reference", to: "company" },
    direction: "both",
  } as const;
  const object = { object: "contacts", create: false, cells: [born, company] };
  const base = { born: "2001-09-09T01:46:40.000Z", company: 5 };
  const raw = connector.encode("contacts", born, "2010-01-01T00:00:00.000Z");
  await writeOne(
    connector,
    object,
    update("1", base, { born: raw, company: connector.encode("contacts", company, "6") }),
  );
  expect(JSON.parse(sent().body)).toEqual({ born: 1_262_304_000, company: 6 });
});

test("a list that comes in another order has not changed", async () => {
  const { connector } = await toolWith({ id: 1, tags: ["b", "a"], name: "x" }, {}, ["tags", "name"]);
  const tags = { cell: "tags", field: "tags", type: { kind: "set" }, direction: "both" } as const;
  const object = { ...mapped("name"), cells: [tags, ...mapped("name").cells] };
  const result = await writeOne(connector, object, update("1", { tags: ["a", "b"], name: "x" }, { name: "y" }));
  expect(result.kind).toBe("written");
});

test("an answer that is not the record, or in part, is read back; so is none", async () => {
  for (const answer of [{ ok: true }, { id: 1 }, null]) {
    const { url } = await toolThat(
      ({ method }) => (method === "GET" ? { body: { id: 1, name: "stored" } } : { status: 200, body: answer }),
      onTestFinished,
    );
    const result = await writeOne(connectorAt(url, {}), mapped("name"), update("1", {}, { name: "sent" }));
    expect(result).toMatchObject({ kind: "written", cells: { name: "stored" } });
  }
});

test("a create that may have been done is not done again where nothing tells: a person must look", async () => {
  const { url, asked } = await toolThat(
    ({ method }) => (method === "GET" ? { body: [] } : { status: 201, body: { id: 1 } }),
    onTestFinished,
  );
  const result = await writeOne(
    connectorAt(url, {}),
    mapped("name"),
    create("g-1", { name: "x" }, { lookFirst: true }),
  );
  expect(result).toMatchObject({ kind: "failed", error: { code: "REJECTED" } });
  expect(asked.filter(({ method }) => method === "POST")).toEqual([]);
});

test("a lookup whose filter the tool ignores finds the right record all the same", async () => {
  const all = [
    { id: 1, email: "a@x.org" },
    { id: 2, email: "B@x.org" },
    { id: 3, email: "c@x.org" },
  ];
  const { url } = await toolThat(() => ({ body: all }), onTestFinished);
  const connector = connectorAt(url, { lookup: { email: "search={value}" } }, {}, ["email"]);
  const request = create("g-1", { email: "b@x.org" }, { identity: ["email"] });
  expect(await writeOne(connector, mapped("email"), request)).toEqual({ kind: "exists", id: "2" });
});

test("where a version goes with the write, one question shows many records, and a stale one is looked at anew", async () => {
  const records = Array.from({ length: 20 }, (_, id) => ({ id, v: 1, name: "old" }));
  const { url, asked } = await toolThat(({ method, path, query, body }) => {
    if (path === "/contacts") {
      const found = records
        .filter(({ id }) => query.get("ids")?.split(",").includes(String(id)))
        .map((one) => ({ ...one }));
      // Somebody writes to one of them just after they were shown.
      records[7]!.v++;
      return { body: found };
    }
    const record = records[Number(path.split("/").at(-1))]!;
    if (method === "GET") return { body: record };
    const { v, ...patch } = JSON.parse(body) as { v: number };
    if (v !== record.v) return { status: 409, body: { message: "stale" } };
    Object.assign(record, patch, { v: v + 1 });
    return { body: record };
  }, onTestFinished);
  const connector = connectorAt(url, { version: { field: "v", in: "body" }, read: { many: "ids={ids}" } });
  const requests = records.map(({ id }) => update(String(id), { name: "old" }, { name: "new" }));
  const results = await connector.write(mapped("name"), requests);
  expect(results.map(({ kind }) => kind)).toEqual(records.map(() => "written"));
  expect(records.every(({ name }) => name === "new")).toBe(true);
  expect(asked.filter(({ method }) => method === "GET").map(({ path }) => path)).toEqual(["/contacts", "/contacts/7"]);
});

test("an answer that is packed without being asked for is unpacked", async () => {
  const server = createServer((_request, response) => {
    response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync('[{"id":1,"name":"Ada"}]'));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const connector = connectorAt(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, {});
  expect((await connector.scan(mapped("name"), null)).observations).toMatchObject([{ cells: { name: "Ada" } }]);
});

test("names like __proto__ in a record are names like any other", async () => {
  const { url, asked } = await toolThat(
    () => ({ body: '{"id":1,"name":"a","__proto__":{"admin":true},"constructor":"x"}' }),
    onTestFinished,
  );
  const connector = connectorAt(url, { update: { method: "PUT" } }, {}, ["name", "__proto__.admin"]);
  await writeOne(connector, mapped("name"), update("1", { name: "a" }, { name: "b" }));
  expect(asked.findLast(({ method }) => method === "PUT")?.body).toBe(
    '{"id":1,"__proto__":{"admin":true},"constructor":"x","name":"b"}',
  );
});
