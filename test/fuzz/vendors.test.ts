import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { machineClock } from "../../src/clock/machine.ts";
import { createActiveCampaignConnector } from "../../src/connectors/activecampaign/connector.ts";
import { createAirtableConnector } from "../../src/connectors/airtable/connector.ts";
import { createHubSpotConnector } from "../../src/connectors/hubspot/connector.ts";
import { createRestConnector } from "../../src/connectors/rest/connector.ts";
import { createSalesforceConnector } from "../../src/connectors/salesforce/connector.ts";
import { SyncFailure } from "../../src/model/sync-error.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { Connector, MappedCell, MappedObject } from "../../src/ports/connector.ts";
import { fuzzing, fuzzMs, nastyBody } from "./nasty.ts";

/** What the vendor's server does with the next requests, one after the other, and then again. */
type Answer = {
  readonly status: number;
  readonly body: Buffer;
  /** More bytes are announced than come. */
  readonly isShort: boolean;
  readonly type: string;
};

let answers: readonly Answer[] = [];
let calls = 0;
let server: Server;
let url: string;
beforeAll(async () => {
  server = createServer((incoming, response) => {
    incoming.resume();
    const { status, body, isShort, type } = answers[calls++ % answers.length]!;
    response.writeHead(status, { "content-type": type, "content-length": body.length + (isShort ? 7 : 0) });
    response.write(body, () => (isShort ? response.destroy() : response.end()));
    if (body.length === 0) response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** Waits are over at once, and the time is as if they had been waited for. */
let waitedMs = 0;
const clock: Clock = {
  now: () => (machineClock.now() + waitedMs) as ReturnType<Clock["now"]>,
  async sleep(ms) {
    waitedMs += ms;
    await new Promise((resolve) => setImmediate(resolve));
  },
};

const record = {
  id: "501",
  properties: { email: "ada@example.org", hs_object_id: "501", lastmodifieddate: "2026-01-01T00:00:00Z" },
  fields: { Email: "ada@example.org", email: "ada@example.org" },
  createdAt: "2026-01-01T00:00:00Z",
  updatedAt: "2026-01-01T00:00:00Z",
  createdTime: "2026-01-01T00:00:00Z",
  email: "ada@example.org",
  Id: "003000000000001AAA",
  Email: "ada@example.org",
  SystemModstamp: "2026-01-01T00:00:00.000+0000",
  attributes: { type: "Contact" },
  udate: "2026-01-01T00:00:00-06:00",
};

/** An answer with a bit of all vendors' forms of one, so that changes of it get far into each connector. */
const like = {
  results: [record],
  records: [record],
  contacts: [record],
  contact: record,
  data: [record],
  paging: { next: { after: "100" } },
  offset: "itr1/rec1",
  nextRecordsUrl: "/services/data/v60.0/query/01g-2000",
  done: false,
  totalSize: 1,
  total: 1,
  meta: { total: "1", next: "x" },
  tables: [{ id: "tbl1", name: "contacts", fields: [{ id: "fld1", name: "email", type: "email" }] }],
  fields: [{ name: "email", label: "Email", type: "string" }],
  status: "COMPLETE",
  errors: [],
};

const cell = (name: string): MappedCell => ({ cell: name, field: "email", type: { kind: "email" }, direction: "both" });
const object = (name: string, cellName = "email"): MappedObject => ({
  object: name,
  cells: [cell(cellName)],
  create: true,
});

const vendors: Readonly<
  Record<string, { readonly open: () => Connector; readonly mapped: MappedObject; readonly id: string }>
> = {
  hubspot: {
    open: () => createHubSpotConnector({ system: "v", clock, auth: { token: "t" }, baseUrl: url, timeoutMs: 2_000 }),
    mapped: object("contacts"),
    id: "501",
  },
  airtable: {
    open: () =>
      createAirtableConnector({ system: "v", clock, token: "t", baseId: "app1", endpointUrl: url, timeoutMs: 2_000 }),
    mapped: object("contacts", "Email"),
    id: "rec00000000000001",
  },
  activecampaign: {
    open: () => createActiveCampaignConnector({ system: "v", clock, token: "t", url, timeoutMs: 2_000 }),
    mapped: object("contacts"),
    id: "501",
  },
  salesforce: {
    open: () =>
      createSalesforceConnector({
        system: "v",
        clock,
        url,
        auth: { kind: "session", accessToken: "t" },
        capture: "poll",
        timeoutMs: 2_000,
      }),
    mapped: object("Contact", "Email"),
    id: "003000000000001AAA",
  },
  rest: {
    open: () =>
      createRestConnector(
        {
          system: "v",
          clock,
          url,
          timeoutMs: 2_000,
          objects: {
            contacts: {
              modifiedAt: "updatedAt",
              list: { items: "data", paging: { type: "cursor", param: "cursor", next: "meta.next" } },
              changes: { type: "since", query: { updated_since: "{since}" } },
              key: "key",
              keyUnique: true,
              lookup: { key: "key={value}" },
            },
          },
        },
        [object("contacts")],
      ),
    mapped: object("contacts"),
    id: "501",
  },
};

/** A feed's page that names itself as the next would be followed for ever; this many calls are more than any answer of one record takes. */
const callsMax = 2_000;

const answer: fc.Arbitrary<Answer> = fc.record({
  status: fc.constantFrom(200, 200, 200, 200, 201, 204, 207, 400, 404, 409, 500, 503),
  body: nastyBody(like),
  isShort: fc.boolean(),
  type: fc.constantFrom("application/json", "text/html", "application/json;charset=utf-8"),
});

for (const [vendor, { open, mapped, id }] of Object.entries(vendors)) {
  test(
    `${vendor}: whatever is answered is understood or a failure in words; no call hangs or ends in a bug`,
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(answer, { minLength: 1, maxLength: 4 }), async (drawn) => {
          answers = drawn.map((one) => (one.status === 204 ? { ...one, body: Buffer.alloc(0), isShort: false } : one));
          const connector = open();
          const update = {
            kind: "update",
            attemptId: "a",
            id,
            patch: { [mapped.cells[0]!.cell]: "b@example.org" },
            base: {},
            revision: null,
          } as const;
          const create = {
            kind: "create",
            attemptId: "b",
            key: "k",
            patch: update.patch,
            identity: [],
            lookFirst: true,
          } as const;
          const signal = new AbortController().signal;
          const steps: readonly (() => Promise<unknown>)[] = [
            () => connector.check([mapped], { prepare: false }),
            () => connector.describe(),
            () => connector.read(mapped, [id]),
            () => connector.scan(mapped, null),
            () => connector.write(mapped, [update]),
            () => connector.write(mapped, [create]),
            async () => {
              const cursor = await connector.feed!.start([mapped]);
              await connector.feed!.pull({ objects: [mapped], cursor, waitMs: 0, signal });
            },
          ];
          for (const step of steps) {
            calls = 0;
            await step().catch((error: unknown) => {
              if (!(error instanceof SyncFailure)) throw error;
              expect(error.error.message).not.toBe("");
            });
            expect(calls).toBeLessThan(callsMax);
          }
          await connector.close();
        }),
        fuzzing(0.5),
      );
    },
    fuzzMs,
  );
}
