import { expect, onTestFinished, test } from "vitest";
import { createRestSandbox } from "../../../sandbox/rest/sandbox.ts";
import type { StyleName } from "../../../sandbox/rest/style.ts";
import { startCms } from "../../../test/servers/cms.ts";
import { startOData } from "../../../test/servers/odata.ts";
import { machineClock } from "../../clock/machine.ts";
import { probeTool } from "./probe.ts";
import { connectorAt, mapped, toolThat } from "./testing.ts";

const objects = { contacts: { fields: { name: "text", email: "email", phone: "text" } } } as const;

async function probed(style: StyleName) {
  const sandbox = await createRestSandbox({ objects, style });
  onTestFinished(() => sandbox.close());
  for (let n = 0; n < 12; n++) sandbox.admin.create("contacts", { name: `person ${n}`, email: `p${n}@example.org` });
  const auth = { type: "bearer", token: sandbox.token } as const;
  const { url, objects: found } = await probeTool([`${sandbox.url}/contacts`], { clock: machineClock, auth });
  const shape = found["contacts"]!;
  const connector = connectorAt(url, shape, { auth }, ["name"]);
  const problems = await connector.check([{ ...mapped("name"), create: false }], { prepare: false });
  return { shape, errors: problems.filter(({ severity }) => severity === "error") };
}

test("cursors, envelopes, totals, a filter by moment and a lookup are found by asking", async () => {
  const { shape, errors } = await probed("cursor-patch-etag");
  expect(shape).toEqual({
    path: "/contacts",
    modifiedAt: "updatedAt",
    list: {
      items: "data",
      total: "meta.total",
      paging: { type: "cursor", param: "cursor", next: "meta.next", sizeParam: "limit", size: 100 },
    },
    read: { record: "data" },
    lookup: { email: "email={value}" },
    changes: { type: "since", query: { updated_since: "{since}" } },
    update: { method: "PATCH" },
  });
  expect(errors).toEqual([]);
});

test.each([
  ["page-put", { type: "page", sizeParam: "limit", size: 100 }],
  ["offset-soft-delete", { type: "offset", sizeParam: "limit", size: 100 }],
  ["link-patch", { type: "link", sizeParam: "limit", size: 100 }],
] as const)("the paging of %s is found, and a check agrees", async (style, paging) => {
  const { shape, errors } = await probed(style);
  expect(shape.list?.paging).toEqual(paging);
  expect(errors).toEqual([]);
});

test("a headless CMS with bracketed parameters and ids of its own is found out", async () => {
  const cms = await startCms();
  onTestFinished(() => cms.close());
  for (let n = 0; n < 3; n++) cms.create({ name: `person ${n}`, email: `p${n}@example.org` });
  const auth = { type: "bearer", token: "cms-token" } as const;
  const found = await probeTool([`${cms.url}/api/contacts`], { clock: machineClock, auth });
  expect(found).toMatchObject({
    url: `${cms.url}/api`,
    objects: {
      contacts: {
        path: "/contacts",
        id: "documentId",
        modifiedAt: "updatedAt",
        list: {
          items: "data",
          total: "meta.pagination.total",
          paging: { type: "page", param: "pagination[page]", sizeParam: "pagination[pageSize]" },
        },
        changes: { type: "since", query: { "filters[updatedAt][$gte]": "{since}" } },
      },
    },
  });
});

test("an OData service is found out: brackets, words in filters, a count on request, the ETag in each record", async () => {
  const people = await startOData();
  onTestFinished(() => people.close());
  for (let n = 0; n < 5; n++) people.create({ name: `person ${n}`, email: `o'p${n}@example.org` });
  const found = await probeTool([`${people.url}/People`], { clock: machineClock, auth: undefined });
  const shape = found.objects["People"]!;
  expect(shape).toEqual({
    path: "/People",
    itemPath: "/People({id})",
    id: "ID",
    modifiedAt: "modifiedAt",
    version: { field: "@odata.etag", in: "header" },
    list: {
      items: "value",
      query: { $count: true },
      total: "@odata.count",
      paging: { type: "offset", param: "$skip", sizeParam: "$top", size: 100 },
    },
    lookup: { email: "$filter=email eq {quoted}" },
    changes: { type: "since", query: { $filter: "modifiedAt ge {since}" } },
    update: { method: "PATCH" },
  });
  const connector = connectorAt(found.url, shape, {}, ["name"]);
  expect(await connector.check([{ ...mapped("name"), create: false }], { prepare: false })).toEqual([]);
});

test("a next page is believed when it holds other records, however its address is written", async () => {
  const people = Array.from({ length: 6 }, (_, id) => ({ id: id + 1, name: `person ${id}` }));
  const { url } = await toolThat(({ query }) => {
    const start = Number(query.get("from") ?? 0);
    return {
      body: { people: people.slice(start, start + 3), links: { next: `contacts?from=${start + 3}`, self: "contacts" } },
    };
  }, onTestFinished);
  const found = await probeTool([`${url}/contacts`], { clock: machineClock, auth: undefined });
  expect(found.objects["contacts"]?.list).toEqual({ items: "people", paging: { type: "next", next: "links.next" } });
});

test("a directory by SCIM counts from 1, and keeps the last change among what it tells of the record", async () => {
  const users = Array.from({ length: 5 }, (_, n) => ({
    id: `u${n}`,
    userName: `p${n}@example.org`,
    meta: { resourceType: "User", lastModified: "2026-01-01T10:00:00Z" },
  }));
  const { url } = await toolThat(({ query, path }) => {
    if (path !== "/Users") return { body: users.find(({ id }) => path === `/Users/${id}`) ?? null };
    const [, since = ""] = /^meta\.lastModified ge "(.*)"$/u.exec(query.get("filter") ?? "") ?? [];
    const [, name] = /^userName eq "(.*)"$/u.exec(query.get("filter") ?? "") ?? [];
    const all = users.filter((one) => one.meta.lastModified >= since && (name === undefined || one.userName === name));
    const start = Number(query.get("startIndex") ?? 1) - 1;
    const Resources = all.slice(start, start + Number(query.get("count") ?? 20));
    return { body: { totalResults: all.length, startIndex: start + 1, itemsPerPage: Resources.length, Resources } };
  }, onTestFinished);
  const found = await probeTool([`${url}/Users`], { clock: machineClock, auth: undefined });
  expect(found.objects["Users"]).toMatchObject({
    modifiedAt: "meta.lastModified",
    list: {
      items: "Resources",
      total: "totalResults",
      paging: { type: "offset", param: "startIndex", first: 1, sizeParam: "count" },
    },
    lookup: { userName: "filter=userName eq {json}" },
    changes: { query: { filter: 'meta.lastModified ge "{since}"' } },
  });
});

test("by how a standard's tools answer it is known how they take writes", async () => {
  const found = async (path: string, body: (id: string | undefined) => object) => {
    const tool = await toolThat((asked) => ({ body: body(asked.path.split("/")[2]) }), onTestFinished);
    const { headers, objects, doubts } = await probeTool([tool.url + path], { clock: machineClock, auth: undefined });
    return { headers, shape: Object.values(objects)[0], doubt: doubts.at(-1) };
  };
  const person = { type: "people", id: "1", attributes: { name: "Ada" } };
  const jsonApi = await found("/people", (id) => ({ jsonapi: {}, data: id === undefined ? [person] : person }));
  expect(jsonApi).toMatchObject({
    headers: { "Content-Type": "application/vnd.api+json" },
    shape: {
      fieldsAt: "attributes",
      create: { body: "data.attributes", also: { "data.type": "people" } },
      update: { body: "data.attributes", also: { "data.type": "people", "data.id": "{id}" } },
    },
    doubt: expect.stringContaining("as JSON:API says"),
  });
  const user = { schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"], id: "1", userName: "ada" };
  const scim = await found("/Users", (id) => (id === undefined ? { totalResults: 1, Resources: [user] } : user));
  expect(scim.shape).toMatchObject({ absent: "blank", update: { method: "PUT", clear: "omit" } });
  const object = { objectId: "x1", name: "Ada", updatedAt: "2026-01-01T00:00:00.000Z" };
  const parse = await found("/Contact", (id) => (id === undefined ? { results: [object] } : object));
  expect(parse.shape).toMatchObject({ id: "objectId", update: { method: "PUT", sends: "changes" } });
  const plain = await found("/contacts", (id) => (id === undefined ? { items: [{ id: 1, name: "Ada" }] } : { id: 1 }));
  expect(plain).toMatchObject({ headers: undefined, shape: { update: { method: "PATCH" } } });
});

test("an address that is no list is told with what it has", async () => {
  const { url } = await toolThat(() => ({ body: { status: "ok", version: 3 } }), onTestFinished);
  await expect(probeTool([`${url}/api`], { clock: machineClock, auth: undefined })).rejects.toThrow(
    "there is no list in the answer; it has status, version",
  );
});
