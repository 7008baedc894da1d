import type { StyleName } from "../../../sandbox/rest/style.ts";
import type { RawValue } from "../../model/value.ts";
import { connectorContract } from "../../ports/connector.contract.ts";
import { allCells, cell, mapped, setUp } from "./testing.ts";

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
