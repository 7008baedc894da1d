import { expect, onTestFinished, test } from "vitest";
import { createRestSandbox } from "../../../sandbox/rest/sandbox.ts";
import type { StyleName } from "../../../sandbox/rest/style.ts";
import { startCms } from "../../../test/servers/cms.ts";
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

test("an address that is no list is told with what it has", async () => {
  const { url } = await toolThat(() => ({ body: { status: "ok", version: 3 } }), onTestFinished);
  await expect(probeTool([`${url}/api`], { clock: machineClock, auth: undefined })).rejects.toThrow(
    "there is no list in the answer; it has status, version",
  );
});
