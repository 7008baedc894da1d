import { createHmac } from "node:crypto";
import { request } from "node:http";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { machineClock } from "../../src/clock/machine.ts";
import { createActiveCampaignConnector } from "../../src/connectors/activecampaign/connector.ts";
import { judgePing } from "../../src/connectors/airtable/ping.ts";
import { createHubSpotConnector } from "../../src/connectors/hubspot/connector.ts";
import { createRestConnector } from "../../src/connectors/rest/connector.ts";
import type { Connector } from "../../src/ports/connector.ts";
import { openTestServer, type TestServer } from "../../src/server/testing.ts";
import { fuzzing, fuzzMs, nastyBody, nastyText } from "./nasty.ts";

const nowhere = "http://127.0.0.1:1";
const secret = "a secret of some length";
const hubspot = [
  {
    eventId: 100,
    subscriptionId: 1,
    portalId: 2,
    appId: 3,
    occurredAt: 1_767_225_600_000,
    subscriptionType: "contact.propertyChange",
    attemptNumber: 0,
    objectId: 512,
    propertyName: "email",
    propertyValue: "ada@example.org",
    changeSource: "CRM_UI",
    sourceId: "userId:101",
  },
  { eventId: 101, subscriptionType: "contact.merge", primaryObjectId: 1, mergedObjectIds: [2], newObjectId: 3 },
];
const activeCampaign = { type: "update", contact: { id: "7", email: "ada@example.org", fields: { lang: "en" } } };
const rest = { id: "evt_1", type: "contact.updated", data: { id: 7, name: "Ada", updatedAt: "2026-01-15T08:00:00Z" } };

/** How a sender who knows the secret posts a body to each system. */
const senders: Readonly<
  Record<
    string,
    { readonly like: unknown; readonly post: (url: string, body: Buffer) => [string, Record<string, string>] }
  >
> = {
  hubspot: {
    like: hubspot,
    post(url, body) {
      const timestamp = String(Date.now());
      const signed = Buffer.concat([Buffer.from(`POST${url}`), body, Buffer.from(timestamp)]);
      const signature = createHmac("sha256", secret).update(signed).digest("base64");
      return [url, { "x-hubspot-request-timestamp": timestamp, "x-hubspot-signature-v3": signature }];
    },
  },
  campaigns: { like: activeCampaign, post: (url) => [`${url}?key=${encodeURIComponent(secret)}`, {}] },
  tool: {
    like: rest,
    post(url, body) {
      const timestamp = String(Math.floor(Date.now() / 1_000));
      const text = Buffer.concat([Buffer.from(`msg_1.${timestamp}.`), body]);
      const signature = createHmac("sha256", secret).update(text).digest("base64");
      const headers = { "webhook-id": "msg_1", "webhook-timestamp": timestamp, "webhook-signature": `v1,${signature}` };
      return [url, headers];
    },
  },
};

let server: TestServer;
beforeAll(async () => {
  server = await openTestServer();
  const clock = machineClock;
  const whsec = `whsec_${Buffer.from(secret).toString("base64")}`;
  const connectors: Connector[] = [
    createHubSpotConnector({
      system: "hubspot",
      clock,
      auth: { token: "t" },
      baseUrl: nowhere,
      webhookSecrets: [secret],
    }),
    createActiveCampaignConnector({ system: "campaigns", clock, token: "t", url: nowhere, webhookSecret: secret }),
    createRestConnector(
      {
        system: "tool",
        clock,
        url: nowhere,
        webhook: { id: "data.id", record: "data", verify: { type: "standard", secrets: [whsec] } },
        objects: { contacts: { modifiedAt: "updatedAt" } },
      },
      [],
    ),
  ];
  for (const one of connectors) (server.deps.connectors as Map<string, Connector>).set(one.system, one);
});
afterAll(() => server.close());

for (const [system, { like, post }] of Object.entries(senders)) {
  test(
    `${system}: whatever a signed body holds is taken, or refused with a reason, and the next one is heard`,
    async () => {
      const url = `${server.url}/webhooks/${system}`;
      await fc.assert(
        fc.asyncProperty(nastyBody(like), async (body) => {
          const [address, headers] = post(url, body);
          const response = await fetch(address, { method: "POST", headers, body: new Uint8Array(body) });
          expect([200, 400]).toContain(response.status);
          await response.text();
        }),
        fuzzing(),
      );
      const good = Buffer.from(JSON.stringify(like));
      const [address, headers] = post(url, good);
      expect((await fetch(address, { method: "POST", headers, body: new Uint8Array(good) })).status).toBe(200);
    },
    fuzzMs,
  );
}

test(
  "signatures, paths and headers that nobody would send are refused, never a bug",
  async () => {
    const header = nastyText.map((text) => text.replace(/[^\x20-\x7e]/gu, "?"));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("hubspot", "campaigns", "tool", "__proto__", "constructor"),
        nastyText,
        header,
        header,
        async (system, path, first, second) => {
          const response = await fetch(`${server.url}/webhooks/${system}/${encodeURIComponent(path.toWellFormed())}`, {
            method: "POST",
            headers: {
              "x-hubspot-request-timestamp": first,
              "x-hubspot-signature-v3": second,
              "webhook-id": first,
              "webhook-timestamp": second,
              "webhook-signature": first,
            },
            body: "[]",
          });
          expect(response.status).toBeGreaterThanOrEqual(400);
          expect(response.status).toBeLessThan(500);
          await response.text();
        },
      ),
      fuzzing(),
    );
  },
  fuzzMs,
);

test("a ping of Airtable's is judged whatever it holds", () => {
  const secrets = new Map([["contacts", Buffer.from(secret).toString("base64")]]);
  fc.assert(
    fc.property(nastyBody({ base: { id: "app1" }, webhook: { id: "ach1" }, timestamp: "2026-01-01" }), (body) => {
      const mac = createHmac("sha256", secret).update(body).digest("hex");
      const headers = { "x-airtable-content-mac": `hmac-sha256=${mac}` };
      const result = judgePing({ method: "POST", url: nowhere, headers, body, receivedAt: 0 }, "app1", secrets);
      expect(result.kind === "accepted" || result.status === 400).toBe(true);
    }),
    fuzzing(),
  );
});

test("a body over the limit is answered 413 before it is sent", async () => {
  for (const path of ["/webhooks/hubspot", "/api/v1/session"]) {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const headers = { "content-type": "application/json", "content-length": String(2 ** 31) };
      const sending = request(`${server.url}${path}`, { method: "POST", headers }, (answer) => {
        resolve(answer.statusCode);
        sending.destroy();
      });
      sending.on("error", reject);
      // Not a byte of the body: the answer must not wait for it.
      sending.flushHeaders();
    });
    expect(status, path).toBe(413);
  }
});
