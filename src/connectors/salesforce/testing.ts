import { setTimeout as sleep } from "node:timers/promises";
import { createFaultBoard } from "../../../sandbox/core/fault.ts";
import { createRandom } from "../../../sandbox/core/random.ts";
import { type RunningServer, serve } from "../../../sandbox/core/serve.ts";
import type { FieldDraft } from "../../../sandbox/salesforce/field.ts";
import {
  createSalesforceSandbox,
  type SalesforceSandbox,
  type SalesforceSandboxOptions,
} from "../../../sandbox/salesforce/sandbox.ts";
import type { FieldType } from "../../model/field-type.ts";
import type { RawObservation } from "../../model/observation.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Connector, MappedCell, MappedObject } from "../../ports/connector.ts";
import { createSalesforceConnector } from "./connector.ts";
import type { SalesforceOptions } from "./options.ts";

export type TestClock = Clock & { skip(ms: number): void };

/** The machine's clock; sleeping, and `skip`, move it ahead instead of waiting. */
function testClock(): TestClock {
  let aheadMs = 0;
  return {
    now: () => Date.now() + aheadMs,
    skip: (ms) => {
      aheadMs += ms;
    },
    sleep: async (ms: number) => {
      aheadMs += ms;
    },
  };
}

/** A clock whose sleeps are real, for what comes by itself; `skip` moves it ahead. */
export function waitingClock(): TestClock {
  const clock = testClock();
  return {
    ...clock,
    sleep: (ms, signal) => sleep(ms, undefined, signal ? { signal } : {}).then(noop, noop),
  };
}

const noop = () => undefined;

/** Fast enough that no limit is met. */
const speed = 1000;

export type Setting = {
  readonly sandbox: SalesforceSandbox;
  readonly connector: Connector;
  readonly clock: TestClock;
};

/** A sandbox with the key field on the standard objects and on one of its own, and a connector to it. */
export async function setUp(
  options: Partial<SalesforceOptions> = {},
  sandboxOptions: SalesforceSandboxOptions = {},
): Promise<Setting> {
  const clock = options.clock === undefined ? testClock() : (options.clock as TestClock);
  const sandbox = await createSalesforceSandbox({ speed, clock: () => clock.now(), ...sandboxOptions });
  sandbox.admin.defineObject({ name: "Person__c", fields: personFields });
  for (const object of ["Account", "Contact", "Lead", "Opportunity", "Person__c"]) sandbox.admin.defineKeyField(object);
  return { sandbox, clock, connector: connectTo(sandbox, { clock, ...options }) };
}

const personFields: readonly FieldDraft[] = [
  { name: "Note__c", type: "textarea" },
  { name: "Other__c", type: "textarea" },
  { name: "Email__c", type: "email" },
  { name: "Code__c", type: "string", length: 20, unique: true },
  { name: "Phone__c", type: "phone" },
  { name: "Active__c", type: "boolean" },
  { name: "Score__c", type: "double", scale: 2 },
  { name: "Budget__c", type: "currency" },
  { name: "Born__c", type: "date" },
  { name: "Next_Call__c", type: "datetime" },
  { name: "Stage__c", type: "picklist", values: ["Lead", "Won"], restricted: true },
  { name: "Tags__c", type: "multipicklist", values: ["b", "a", "c"], restricted: true },
  { name: "Account__c", type: "reference", referenceTo: ["Account"] },
  { name: "Greeting__c", type: "string", formula: "Dear {Note__c}" },
];

/** Another connector to a sandbox, as after a restart. */
export function connectTo(sandbox: SalesforceSandbox, options: Partial<SalesforceOptions> = {}): Connector {
  const { app } = sandbox;
  return createSalesforceConnector({
    system: "sales",
    url: sandbox.url,
    auth: { kind: "client-credentials", clientId: app.clientId, clientSecret: app.clientSecret },
    capture: "poll",
    pubsub: sandbox.pubsub,
    timeoutMs: 1000,
    clock: testClock(),
    ...options,
  });
}

/**
 * Stands between a connector and the sandbox: `tell` hears the path of each call before it passes, so that a user's edit or a fault can come at an
 * exact moment. What hangs or breaks off behind it is a 5xx before it.
 */
export async function between(sandbox: SalesforceSandbox, tell: (path: string) => void): Promise<RunningServer> {
  const server = await serve({
    port: 0,
    faults: createFaultBoard(createRandom(1)),
    handle: async ({ method, path, query, headers, body }) => {
      tell(path);
      const passed = ["authorization", "content-type", "sforce-call-options", "sforce-auto-assign"];
      try {
        const answer = await fetch(`${sandbox.url}${path}${query.size === 0 ? "" : `?${query}`}`, {
          method,
          headers: Object.fromEntries(passed.flatMap((name) => (headers[name] ? [[name, headers[name]]] : []))),
          ...(body.length === 0 ? {} : { body: new Uint8Array(body) }),
          signal: AbortSignal.timeout(300),
        });
        const text = await answer.text();
        const told = ["date", "sforce-limit-info", "content-type"];
        return {
          status: answer.status,
          headers: Object.fromEntries(told.flatMap((name) => [[name, answer.headers.get(name) ?? ""]])),
          // The login names the instance: it is here.
          body: text.replaceAll(sandbox.url, server.url),
        };
      } catch {
        return { status: 502, body: "" };
      }
    },
    admin: () => ({ status: 404, body: null }),
    rateLimited: () => ({ status: 403, body: null }),
    serverError: (status) => ({ status, body: null }),
  });
  return server;
}

const types: Readonly<Record<string, FieldType>> = {
  Email: { kind: "email" },
  FirstName: { kind: "name" },
  LastName: { kind: "name" },
  Phone: { kind: "phone" },
  Email__c: { kind: "email" },
  Phone__c: { kind: "phone" },
  Active__c: { kind: "boolean" },
  Score__c: { kind: "number", decimals: 2 },
  Budget__c: { kind: "money", currency: "EUR" },
  Born__c: { kind: "date" },
  Next_Call__c: { kind: "datetime" },
  Stage__c: { kind: "choice", options: ["Lead", "Won"] },
  Tags__c: { kind: "set", options: ["a", "b", "c"] },
  Account__c: { kind: "reference", to: "company" },
  AccountId: { kind: "reference", to: "company" },
  Amount: { kind: "money", currency: "EUR" },
  CloseDate: { kind: "date" },
  StageName: { kind: "choice" },
};

export function cell(name: string, rest: Partial<MappedCell> = {}): MappedCell {
  return { cell: name, field: name, type: types[name] ?? { kind: "text" }, direction: "both", ...rest };
}

/** An object with these fields mapped. */
export function mapped(object: string, ...names: readonly string[]): MappedObject {
  return { object, create: true, cells: names.map((name) => cell(name)) };
}

export const contacts = mapped("Contact", "FirstName", "LastName", "Email", "Phone", "AccountId");

/** An observation in one line: `upsert 17 LastName=Ada`, `delete 17`, `merge 3 <- 1 2`. */
export function line(observation: RawObservation, cellName = "LastName"): string {
  const { kind, ref } = observation;
  if (observation.kind === "upsert") return `upsert ${ref.id} ${cellName}=${String(observation.cells[cellName])}`;
  if (observation.kind === "merge") return `merge ${ref.id} <- ${observation.losers.join(" ")}`;
  return `${kind} ${ref.id}`;
}
