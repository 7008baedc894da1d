import type { RawValue } from "../../model/value.ts";
import { type ConnectorPlace, connectorContract } from "../../ports/connector.contract.ts";
import { cell, mapped, setUp, waitingClock } from "./testing.ts";

const object = mapped(
  "Person__c",
  "Note__c",
  "Other__c",
  "Code__c",
  "Email__c",
  "Phone__c",
  "Active__c",
  "Score__c",
  "Budget__c",
  "Born__c",
  "Next_Call__c",
  "Stage__c",
  "Tags__c",
);

connectorContract("Salesforce, polled", () => place(false));
connectorContract("Salesforce, streamed", () => place(true));

async function place(isStreamed: boolean): Promise<ConnectorPlace> {
  const streamed = { capture: "auto", clock: waitingClock(), pollMs: 500 } as const;
  const { sandbox, connector, clock } = await setUp(isStreamed ? streamed : {});
  const { admin } = sandbox;
  if (isStreamed) admin.selectForCapture("Person__c");
  const [maria] = sandbox.people;
  const live = (id: string) => admin.records("Person__c").find((record) => record.Id === id);
  /** People are slow: what they did is a second ago when somebody else acts. */
  const done = <Result>(result: Result): Result => {
    clock.skip(2500);
    return result;
  };
  return {
    connector,
    object,
    text: "Note__c",
    other: "Other__c",
    unique: { cell: "Code__c", value: (n) => `code-${n}` },
    missingId: "a00bm0000000zzzAAA",
    refused: { cell: "Stage__c", value: "no such stage" },
    values: [
      { cell: "Note__c", value: "Ada" },
      { cell: "Email__c", value: "ada@example.com" },
      { cell: "Phone__c", value: "+431234567" },
      { cell: "Active__c", value: true },
      { cell: "Active__c", value: false },
      { cell: "Score__c", value: "42.25" },
      { cell: "Budget__c", value: { amount: "1200.5", currency: "EUR" } },
      { cell: "Born__c", value: "1815-12-10" },
      { cell: "Next_Call__c", value: "2026-01-31T10:00:00.000Z" },
      { cell: "Stage__c", value: "Won" },
      { cell: "Tags__c", value: ["a", "b"] },
    ],
    unfit: [cell("Nothing__c"), cell("Greeting__c"), cell("Score__c", { type: { kind: "email" } })],
    user: {
      insert: async (cells) => done(admin.createAs(maria, "Person__c", cells)),
      update: async (id, cells) => done(admin.edit(maria, "Person__c", id, cells)),
      delete: async (id) => done(admin.deleteAs(maria, "Person__c", id)),
      read: async (id) => (live(id) as Readonly<Record<string, RawValue>> | undefined) ?? null,
      count: async () => admin.records("Person__c").length,
    },
    close: () => sandbox.close(),
  };
}
