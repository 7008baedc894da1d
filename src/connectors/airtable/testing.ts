import { setTimeout as sleep } from "node:timers/promises";
import { type AirtableSandbox, createAirtableSandbox } from "../../../sandbox/airtable/sandbox.ts";
import type { TableInput } from "../../../sandbox/airtable/schema.ts";
import type { FieldType } from "../../model/field-type.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Connector, MappedCell, MappedObject } from "../../ports/connector.ts";
import { createAirtableConnector } from "./connector.ts";
import type { AirtableOptions } from "./options.ts";

/** The machine's clock; `aheadMs` moves it. */
export function testClock(): Clock & { aheadMs: number } {
  const clock = {
    aheadMs: 0,
    now: () => Date.now() + clock.aheadMs,
    sleep: async (ms: number, signal?: AbortSignal) => {
      await sleep(ms, undefined, signal ? { signal } : {}).catch(() => undefined);
    },
  };
  return clock;
}

export const schema: readonly TableInput[] = [
  { name: "Companies", fields: [{ name: "Company", type: "singleLineText" }] },
  {
    name: "People",
    fields: [
      { name: "Name", type: "singleLineText" },
      { name: "Email", type: "email" },
      { name: "Phone", type: "phoneNumber" },
      { name: "Customer", type: "checkbox" },
      { name: "Score", type: "number" },
      { name: "Budget", type: "currency" },
      { name: "Born", type: "date" },
      { name: "Next call", type: "dateTime" },
      { name: "Stage", type: "singleSelect", options: { choices: [{ name: "Lead" }, { name: "Won" }] } },
      { name: "Tags", type: "multipleSelects", options: { choices: [{ name: "a" }, { name: "b" }, { name: "c" }] } },
      { name: "Bio", type: "richText" },
      { name: "Company", type: "multipleRecordLinks", options: { linkedTableId: "Companies", inverseName: "People" } },
      { name: "Greeting", type: "formula", options: { formula: "'Dear ' & {Name}" } },
      { name: "Truce ID", type: "singleLineText" },
    ],
  },
];

/** How many times faster than Airtable the tests' sandbox runs. */
export const speed = 100;

export type Setting = {
  readonly sandbox: AirtableSandbox;
  readonly connector: Connector;
  readonly clock: ReturnType<typeof testClock>;
};

/** A sandbox and a connector to it. */
export async function setUp(options: Partial<AirtableOptions> = {}): Promise<Setting> {
  const clock = testClock();
  const sandbox = await createAirtableSandbox({ schema, speed, clock: () => clock.now() });
  return { sandbox, clock, connector: connectTo(sandbox, { clock, ...options }) };
}

/** Another connector to a sandbox, as after a restart. */
export function connectTo(sandbox: AirtableSandbox, options: Partial<AirtableOptions> = {}): Connector {
  return createAirtableConnector({
    system: "base",
    token: sandbox.token,
    baseId: sandbox.baseId,
    endpointUrl: sandbox.url,
    requestsPerSecond: 4 * speed,
    penaltyMs: 30_000 / speed,
    timeoutMs: 1_000,
    clock: testClock(),
    ...options,
  });
}

const types: Readonly<Record<string, FieldType>> = {
  Name: { kind: "text" },
  Email: { kind: "email" },
  Phone: { kind: "phone" },
  Customer: { kind: "boolean" },
  Score: { kind: "number" },
  Budget: { kind: "money", currency: "EUR" },
  Born: { kind: "date" },
  "Next call": { kind: "datetime" },
  Stage: { kind: "choice", options: ["Lead", "Won"] },
  Tags: { kind: "set", options: ["a", "b", "c"] },
  Bio: { kind: "text" },
  Company: { kind: "reference", to: "company" },
};

/** A mapped cell of the People table, written and read unless said otherwise. */
export function cell(name: string, rest: Partial<MappedCell> = {}): MappedCell {
  return { cell: name, field: name.toLowerCase(), type: types[name] ?? { kind: "text" }, direction: "both", ...rest };
}

/** The People table with these cells mapped. */
export function people(...names: readonly string[]): MappedObject {
  return { object: "People", create: true, cells: names.map((name) => cell(name)) };
}
