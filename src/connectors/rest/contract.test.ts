import type { StyleName } from "../../../sandbox/rest/style.ts";
import { startOData } from "../../../test/servers/odata.ts";
import type { RawValue } from "../../model/value.ts";
import { connectorContract } from "../../ports/connector.contract.ts";
import { allCells, cell, connectorAt, mapped, setUp } from "./testing.ts";

const named: readonly StyleName[] = ["page-put", "cursor-patch-etag", "offset-soft-delete", "link-patch", "couch"];

for (const style of named) {
  connectorContract(`REST, ${style}`, async () => {
    const { sandbox, connector } = await setUp(style);
    const { admin } = sandbox;
    const fieldsOf = (id: string) => admin.records("contacts").find((record) => record.id === id)?.fields;
    return {
      connector,
      object: mapped(...allCells),
      text: "name",
      other: "notes",
      unique: style === "couch" ? null : { cell: "email", value: (n: number) => `unique${n}@example.org` },
      missingId: "999999",
      refused: { cell: "stage", value: "no such stage" },
      values: [
        { cell: "name", value: "Ada" },
        { cell: "email", value: "ada@example.com" },
        { cell: "score", value: "42.5" },
        { cell: "active", value: true },
        { cell: "active", value: false },
        { cell: "born", value: "1815-12-10" },
        { cell: "nextCall", value: "2026-01-31T10:00:00.500Z" },
        { cell: "stage", value: "won" },
        { cell: "tags", value: ["a", "c"] },
      ],
      unfit: [
        cell("nothing"),
        cell("updatedAt", { type: { kind: "datetime" } }),
        cell("active", { type: { kind: "date" } }),
      ],
      user: {
        insert: async (cells) => admin.create("contacts", cells),
        update: async (id, cells) => admin.edit("contacts", id, cells),
        delete: async (id) => admin.remove("contacts", id),
        read: async (id) => (fieldsOf(id) as Readonly<Record<string, RawValue>> | undefined) ?? null,
        count: async () => admin.records("contacts").length,
      },
      close: () => sandbox.close(),
    };
  });
}

connectorContract("REST, OData", async () => {
  const people = await startOData();
  const names = ["name", "note", "email", "birthDate", "vip"];
  const kinds = { email: "email", birthDate: "date", vip: "boolean" } as const;
  const cells = names.map((name) => cell(name, { type: { kind: kinds[name as keyof typeof kinds] ?? "text" } }));
  return {
    connector: connectorAt(
      people.url,
      {
        path: "/People",
        itemPath: "/People({id})",
        id: "ID",
        fields: {
          name: { type: "text" },
          note: { type: "text" },
          email: { type: "email", unique: true },
          birthDate: { type: "date" },
          vip: { type: "boolean" },
          modifiedAt: { type: "datetime", readOnly: true },
        },
        modifiedAt: "modifiedAt",
        version: { field: "@odata.etag", in: "header" },
        list: {
          items: "value",
          query: { $count: true },
          total: "@odata.count",
          paging: { type: "next", next: "@odata.nextLink" },
        },
        changes: { type: "since", query: { $filter: "modifiedAt ge {since}" } },
        key: "truceId",
        keyUnique: true,
        lookup: { truceId: "$filter=truceId eq {quoted}", email: "$filter=email eq {quoted}" },
      },
      {},
      names,
    ),
    object: { object: "contacts", create: true, cells },
    text: "name",
    other: "note",
    unique: { cell: "email", value: (n) => `o'unique${n}@example.org` },
    missingId: "00000000-0000-4000-8000-000000000000",
    refused: { cell: "birthDate", value: "some day" },
    values: [
      { cell: "name", value: "Ada" },
      { cell: "email", value: "ada@example.com" },
      { cell: "birthDate", value: "1815-12-10" },
      { cell: "vip", value: true },
    ],
    unfit: [cell("nothing"), cell("modifiedAt", { type: { kind: "datetime" } })],
    user: {
      insert: async (fields) => people.create(fields),
      update: async (id, fields) => people.edit(id, fields),
      delete: async (id) => people.remove(id),
      read: async (id) => people.fieldsOf(id) as Readonly<Record<string, RawValue>> | null,
      count: async () => people.count(),
    },
    close: () => people.close(),
  };
});
