import type { RawValue } from "../../model/value.ts";
import { connectorContract } from "../../ports/connector.contract.ts";
import { cell, mapped, setUp } from "./testing.ts";

const object = mapped(
  "contacts",
  "email",
  "firstname",
  "lastname",
  "phone",
  "annualrevenue",
  "hs_email_optout",
  "closedate",
);

/** People type texts; a blank is "". */
function typed(cells: Readonly<Record<string, RawValue>>): Record<string, string> {
  return Object.fromEntries(Object.entries(cells).map(([name, raw]) => [name, raw === null ? "" : String(raw)]));
}

connectorContract("HubSpot", async () => {
  const { sandbox, connector } = await setUp();
  const { admin } = sandbox;
  const contact = (id: string) => {
    const record = admin.record("contacts", id);
    return record === null || record.archived ? null : record.properties;
  };
  return {
    connector,
    object,
    text: "firstname",
    other: "lastname",
    unique: { cell: "email", value: (n) => `person${n}@example.com` },
    missingId: "999999",
    refused: { cell: "annualrevenue", value: "no number" },
    values: [
      { cell: "email", value: "ada@example.com" },
      { cell: "firstname", value: "Ada" },
      { cell: "phone", value: "+431234567" },
      { cell: "annualrevenue", value: "1200.5" },
      { cell: "hs_email_optout", value: true },
      { cell: "closedate", value: "2026-01-31T10:00:00.500Z" },
    ],
    unfit: [cell("nothing"), cell("createdate"), cell("annualrevenue", { type: { kind: "email" } })],
    user: {
      insert: async (cells) => admin.createAs(101, "contacts", typed(cells)),
      update: async (id, cells) => admin.edit(101, "contacts", id, typed(cells)),
      delete: async (id) => admin.archiveAs(101, "contacts", id),
      read: async (id) => contact(id),
      count: async () => admin.records("contacts").filter((record) => !record.archived).length,
    },
    settle: async () => admin.indexNow(),
    close: () => sandbox.close(),
  };
});
