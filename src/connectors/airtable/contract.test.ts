import type { RawValue } from "../../model/value.ts";
import { connectorContract } from "../../ports/connector.contract.ts";
import { cell, people, setUp } from "./testing.ts";

const named = ["Name", "Bio", "Email", "Phone", "Customer", "Score", "Budget", "Born", "Next call", "Stage", "Tags"];
const object = people(...named);

connectorContract("Airtable", async () => {
  const { sandbox, connector } = await setUp();
  const { admin } = sandbox;
  const cellsOf = (id: string) => admin.records("People").find((record) => record.id === id)?.fields;
  return {
    connector,
    object,
    text: "Name",
    other: "Phone",
    unique: null,
    missingId: "recAAAAAAAAAAAAAA",
    refused: { cell: "Stage", value: "no such stage" },
    values: [
      { cell: "Name", value: "Ada" },
      { cell: "Email", value: "ada@example.com" },
      { cell: "Phone", value: "+431234567" },
      { cell: "Customer", value: true },
      { cell: "Customer", value: false },
      { cell: "Score", value: "42" },
      { cell: "Budget", value: { amount: "1200.5", currency: "EUR" } },
      { cell: "Born", value: "1815-12-10" },
      { cell: "Next call", value: "2026-01-31T10:00:00.500Z" },
      { cell: "Stage", value: "Won" },
      { cell: "Tags", value: ["a", "c"] },
    ],
    unfit: [cell("Nothing"), cell("Greeting"), cell("Customer", { type: { kind: "date" } })],
    user: {
      insert: async (cells) => admin.create("Zoe", "People", cells),
      update: async (id, cells) => admin.edit("Zoe", "People", id, cells),
      delete: async (id) => admin.remove("Zoe", "People", id),
      read: async (id) => (cellsOf(id) as Readonly<Record<string, RawValue>> | undefined) ?? null,
      count: async () => admin.records("People").length,
    },
    close: () => sandbox.close(),
  };
});
