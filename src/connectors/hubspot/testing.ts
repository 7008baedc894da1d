import { setTimeout as sleep } from "node:timers/promises";
import { createFaultBoard } from "../../../sandbox/core/fault.ts";
import { createRandom } from "../../../sandbox/core/random.ts";
import { type RunningServer, serve } from "../../../sandbox/core/serve.ts";
import {
  createHubSpotSandbox,
  type HubSpotSandbox,
  type HubSpotSandboxOptions,
} from "../../../sandbox/hubspot/sandbox.ts";
import type { FieldType } from "../../model/field-type.ts";
import type { RawObservation } from "../../model/observation.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Connector, MappedCell, MappedObject } from "../../ports/connector.ts";
import { createHubSpotConnector } from "./connector.ts";
import type { HubSpotOptions } from "./options.ts";

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

/** A clock that stands still until somebody sleeps: then it jumps to the end of the sleep. */
export function jumpingClock(start = Date.UTC(2026, 0, 1)): Clock & { at: number } {
  const clock = {
    at: start,
    now: () => clock.at,
    sleep: async (ms: number) => {
      clock.at += ms;
    },
  };
  return clock;
}

/** Fast enough that no limit is met. */
const speed = 1000;

export type Setting = {
  readonly sandbox: HubSpotSandbox;
  readonly connector: Connector;
  readonly clock: ReturnType<typeof testClock>;
};

/** A sandbox with the key property on contacts and companies, and a connector to it. */
export async function setUp(
  options: Partial<HubSpotOptions> = {},
  sandboxOptions: HubSpotSandboxOptions = {},
): Promise<Setting> {
  const clock = testClock();
  const sandbox = await createHubSpotSandbox({ speed, indexLagMsMax: 0, clock: () => clock.now(), ...sandboxOptions });
  for (const object of ["contacts", "companies"]) {
    sandbox.admin.defineProperty(object, { name: "truce_id", type: "string", hasUniqueValue: true });
  }
  return { sandbox, clock, connector: connectTo(sandbox, { clock, ...options }) };
}

/** Another connector to a sandbox, as after a restart. */
export function connectTo(sandbox: HubSpotSandbox, options: Partial<HubSpotOptions> = {}): Connector {
  return createHubSpotConnector({
    system: "crm",
    auth: { token: sandbox.token },
    baseUrl: sandbox.url,
    webhookSecrets: [sandbox.oauth.clientSecret],
    searchesPerSecond: 4 * speed,
    timeoutMs: 1000,
    clock: testClock(),
    ...options,
  });
}

/**
 * Stands between a connector and the sandbox: `before` and `after` run when a call with this path part passes, so that a user's edit can come at
 * an exact moment, and an answer be what the sandbox never gives.
 */
export async function between(
  sandbox: HubSpotSandbox,
  moments: {
    readonly path: string;
    readonly before?: () => void;
    readonly after?: () => void;
    /** Makes another answer of the sandbox's. */
    readonly answer?: (body: string) => string;
  },
): Promise<RunningServer> {
  return serve({
    port: 0,
    faults: createFaultBoard(createRandom(1)),
    handle: async ({ method, path, query, headers, body }) => {
      const isMoment = path.includes(moments.path);
      if (isMoment) moments.before?.();
      const answer = await fetch(`${sandbox.url}${path}?${query}`, {
        method,
        headers: { authorization: headers["authorization"] ?? "", "content-type": "application/json" },
        ...(body.length === 0 ? {} : { body: new Uint8Array(body) }),
      });
      const text = await answer.text();
      if (isMoment) moments.after?.();
      const told = isMoment && moments.answer !== undefined ? moments.answer(text) : text;
      return { status: answer.status, body: told === "" ? null : told };
    },
    admin: () => ({ status: 404, body: null }),
    rateLimited: () => ({ status: 429, body: null }),
    serverError: (status) => ({ status, body: null }),
  });
}

const types: Readonly<Record<string, FieldType>> = {
  email: { kind: "email" },
  firstname: { kind: "name" },
  phone: { kind: "phone" },
  annualrevenue: { kind: "number" },
  hs_email_optout: { kind: "boolean" },
  closedate: { kind: "datetime" },
  domain: { kind: "domain" },
};

export function cell(name: string, rest: Partial<MappedCell> = {}): MappedCell {
  return { cell: name, field: name, type: types[name] ?? { kind: "text" }, direction: "both", ...rest };
}

/** An object with these properties mapped. */
export function mapped(object: string, ...names: readonly string[]): MappedObject {
  return { object, create: true, cells: names.map((name) => cell(name)) };
}

export const contacts = mapped("contacts", "email", "firstname", "lastname", "phone");

/** An observation in one line: `upsert 17 firstname=Ada`, `delete 17`, `merge 3 <- 1 2`. */
export function line(observation: RawObservation, cellName = "firstname"): string {
  const { kind, ref } = observation;
  if (observation.kind === "upsert") return `upsert ${ref.id} ${cellName}=${String(observation.cells[cellName])}`;
  if (observation.kind === "merge") return `merge ${ref.id} <- ${observation.losers.join(" ")}`;
  return `${kind} ${ref.id}`;
}
