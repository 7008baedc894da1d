import type { ObjectType } from "../../../sandbox/activecampaign/admin.ts";
import type { RawValue } from "../../model/value.ts";
import { type ConnectorPlace, connectorContract } from "../../ports/connector.contract.ts";
import type { Connector, MappedObject } from "../../ports/connector.ts";
import { account, cell, connectTo, mapped } from "./testing.ts";

type Cells = Readonly<Record<string, RawValue>>;

const custom = [
  cell("NOTES"),
  cell("BORN", { kind: "date" }),
  cell("NEXT_CALL", { kind: "datetime" }),
  cell("GRADE", { kind: "choice", options: ["A", "B"] }),
  cell("TOPICS", { kind: "set", options: ["sales", "service"] }),
];
const customValues: ConnectorPlace["values"] = [
  { cell: "NOTES", value: "some notes" },
  { cell: "BORN", value: "1815-12-10" },
  { cell: "NEXT_CALL", value: "2026-01-31T10:00:00.000Z" },
  { cell: "GRADE", value: "B" },
  { cell: "TOPICS", value: ["sales", "service"] },
];
const score = cell("SCORE", { kind: "number" });

/** The vendor makes no record without these: those that the contract makes get some. */
function withDefaults(connector: Connector, defaults: (n: number) => Cells): Connector {
  const made = new Map<string, Cells>();
  const defaultsOf = (key: string) => {
    const known = made.get(key) ?? defaults(made.size);
    made.set(key, known);
    return known;
  };
  return {
    ...connector,
    write: (object: MappedObject, requests) =>
      connector.write(
        object,
        requests.map((one) =>
          one.kind === "create" ? { ...one, patch: { ...defaultsOf(one.key), ...one.patch } } : one,
        ),
      ),
  };
}

async function place(
  object: MappedObject,
  rest: Pick<ConnectorPlace, "text" | "other" | "unique" | "refused" | "values" | "unfit">,
  defaults: (n: number, contact: string) => Cells,
): Promise<ConnectorPlace> {
  const sandbox = await account();
  const { admin } = sandbox;
  const name = object.object as ObjectType;
  const someone = name === "deals" ? admin.create("Zoe", "contacts", { email: "somebody@example.com" }) : "";
  const connector = connectTo(sandbox);
  let made = 0;
  const given = (cells: Cells) => {
    const { value, ...others } = { ...defaults(1_000 + made++, someone), ...cells };
    // People type amounts, the vendor keeps cents.
    return name === "deals"
      ? { ...others, value: "1000", currency: "usd" }
      : { ...others, ...(value === undefined ? {} : { value }) };
  };
  return {
    connector: withDefaults(connector, (n) => defaults(n, someone)),
    object,
    ...rest,
    missingId: "999999",
    user: {
      insert: async (cells) => admin.create("Zoe", name, given(cells)),
      update: async (id, cells) => admin.edit("Zoe", name, id, cells),
      delete: async (id) => admin.remove("Zoe", name, id),
      read: async (id) => (admin.records(name).find((one) => one.id === id)?.cells as Cells | undefined) ?? null,
      count: async () => admin.records(name).length,
    },
    close: () => sandbox.close(),
  };
}

const contacts = mapped(
  "contacts",
  cell("email", { kind: "email" }),
  cell("firstName", { kind: "name" }),
  cell("lastName", { kind: "name" }),
  cell("phone", { kind: "phone" }),
  cell("tags", { kind: "set" }),
  cell("list:newsletter", { kind: "choice", options: ["active", "unsubscribed"] }),
  ...custom,
);

for (const sideloads of [true, false])
  connectorContract(`ActiveCampaign contacts${sideloads ? "" : ", by an API that knows no include"}`, async () =>
    place(
      contacts,
      {
        text: "firstName",
        other: "NOTES",
        unique: { cell: "email", value: (n) => `person${n}@example.com` },
        refused: { cell: "GRADE", value: "C" },
        values: [
          { cell: "email", value: "ada@example.com" },
          { cell: "lastName", value: "Lovelace" },
          { cell: "phone", value: "+431234567" },
          { cell: "tags", value: ["customer", "vip"] },
          { cell: "list:newsletter", value: "active" },
          { cell: "list:newsletter", value: "unsubscribed" },
          ...customValues,
        ],
        unfit: [cell("NOTHING"), cell("orgname"), cell("tags", { kind: "date" }), cell("BORN", { kind: "set" })],
      },
      (n) => ({ email: `contact${n}@example.com` }),
    ),
  );

connectorContract("ActiveCampaign accounts", () =>
  place(
    mapped("accounts", cell("name", { kind: "name" }), cell("accountUrl", { kind: "url" }), score, ...custom),
    {
      text: "NOTES",
      other: "accountUrl",
      unique: { cell: "name", value: (n) => `Company ${n}` },
      refused: { cell: "GRADE", value: "C" },
      values: [
        { cell: "name", value: "Analytical Engines" },
        { cell: "accountUrl", value: "https://example.com" },
        { cell: "SCORE", value: "42.5" },
        ...customValues,
      ],
      unfit: [cell("NOTHING"), cell("SCORE", { kind: "set" }), cell("TOPICS", { kind: "number" })],
    },
    (n) => ({ name: `Account ${n}` }),
  ),
);

connectorContract("ActiveCampaign deals", () =>
  place(
    mapped(
      "deals",
      cell("title", { kind: "name" }),
      cell("description"),
      cell("value", { kind: "money" }),
      cell("status", { kind: "choice", options: ["open", "won", "lost"] }),
      cell("contact", { kind: "reference", to: "contact" }),
      cell("stage"),
      score,
      ...custom,
    ),
    {
      text: "description",
      other: "NOTES",
      unique: null,
      refused: { cell: "stage", value: "77" },
      values: [
        { cell: "value", value: { amount: "1200.5", currency: "EUR" } },
        { cell: "value", value: { amount: "0.07", currency: "USD" } },
        { cell: "status", value: "won" },
        { cell: "stage", value: "2" },
        { cell: "SCORE", value: "42" },
        ...customValues,
      ],
      unfit: [cell("NOTHING"), cell("group"), cell("value", { kind: "date" })],
    },
    (_, contact) => ({ title: "A deal", value: "10 USD", contact }),
  ),
);
