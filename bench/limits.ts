import { createAirtableSandbox } from "../sandbox/airtable/sandbox.ts";
import { createHubSpotSandbox } from "../sandbox/hubspot/sandbox.ts";
import { createAirtableConnector } from "../src/connectors/airtable/connector.ts";
import { createHubSpotConnector } from "../src/connectors/hubspot/connector.ts";
import { testPolicy } from "../src/core/testing/policy.ts";
import { mappedObject } from "../src/engine/deps.ts";
import type { Policy } from "../src/model/policy.ts";
import { SyncFailure } from "../src/model/sync-error.ts";
import type { Connector } from "../src/ports/connector.ts";
import { fastClock } from "./faults/fast-clock.ts";

/**
 * How much of an account's allowance is used when there is always more to ask than it allows, and how many calls are refused for being too many.
 * Three minutes of each emulated vendor, whose answers take a tenth of a second, on a clock that runs fast. Prints one JSON line each.
 *
 *   npm run bench -- limits
 */
const speed = 4;
const minutes = 3;
const askers = 16;
const answerMs = 100;

await measure("HubSpot", 10, async (clock) => {
  const sandbox = await createHubSpotSandbox({ clock: clock.now, faults: [{ kind: "latency", ms: answerMs / speed }] });
  const [id = ""] = sandbox.admin.seed("contacts", [{ properties: { email: "ada@example.org" } }]);
  const auth = { token: sandbox.token };
  const connector = createHubSpotConnector({ system: "crm", auth, baseUrl: sandbox.url, clock });
  return { connector, id, object: "contacts", cell: "email", close: sandbox.close };
});
await measure("Airtable", 5, async (clock) => {
  const schema = [{ name: "People", fields: [{ name: "Email", type: "email" as const }] }];
  const sandbox = await createAirtableSandbox({ clock: clock.now, schema, seed: 1 });
  sandbox.admin.seed("People", [{ Email: "ada@example.org" }]);
  const { token, baseId, url } = sandbox;
  const connector = createAirtableConnector({ system: "crm", token, baseId, endpointUrl: url, clock });
  return {
    connector,
    id: sandbox.admin.records("People")[0]?.id ?? "",
    object: "People",
    cell: "Email",
    close: sandbox.close,
  };
});

type Account = {
  readonly connector: Connector;
  readonly object: string;
  readonly cell: string;
  readonly id: string;
  close(): Promise<void>;
};

/** `perSecond`: the calls that the vendor allows. */
async function measure(
  vendor: string,
  perSecond: number,
  open: (clock: ReturnType<typeof fastClock>) => Promise<Account>,
): Promise<void> {
  const clock = fastClock(speed);
  const { connector, object, cell, id, close } = await open(clock);
  const mapped = mappedObject(policyOf(object, cell), "crm", object);
  // The limits are learned from the first answers.
  await connector.read(mapped, [id]);
  await clock.sleep(30_000);
  const usage = () => connector.limiters?.[0]?.usage() ?? { sent: 0, refused: 0 };
  const [from, before] = [clock.now(), usage()];
  const until = from + minutes * 60_000;
  const ask = async (): Promise<void> => {
    while (clock.now() < until)
      await connector.read(mapped, [id]).catch(async (error: unknown) => {
        if (!(error instanceof SyncFailure)) throw error;
        await clock.sleep(error.error.code === "RATE_LIMITED" ? (error.error.retryAfterMs ?? 1_000) : 1_000);
      });
  };
  await Promise.all(Array.from({ length: askers }, ask));
  const seconds = (clock.now() - from) / 1_000;
  const [sent, refused] = [usage().sent - before.sent, usage().refused - before.refused];
  await connector.close();
  await close();
  const percent = (share: number) => Math.round(share * 1_000) / 10;
  const used = percent((sent - refused) / (perSecond * seconds));
  console.log(
    JSON.stringify({
      bench: "limits",
      vendor,
      sent,
      refused,
      usedPercent: used,
      refusedPercent: percent(refused / sent),
    }),
  );
}

function policyOf(object: string, cell: string): Policy {
  const policy = testPolicy({ email: { type: { kind: "email" } } }, { systems: ["crm"] });
  const contact = policy.entities["contact"]!;
  const mappings = contact.mappings.map((mapping) => ({
    ...mapping,
    object,
    fields: { email: { cell, direction: "both" as const } },
  }));
  return { ...policy, entities: { contact: { ...contact, mappings } } };
}
