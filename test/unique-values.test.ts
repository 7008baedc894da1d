import { afterAll, beforeAll, expect, test } from "vitest";
import { createHubSpotSandbox, type HubSpotSandbox } from "../sandbox/hubspot/sandbox.ts";
import { createRestSandbox, type RestSandbox } from "../sandbox/rest/sandbox.ts";
import { machineClock, machineRandom } from "../src/clock/machine.ts";
import { checkConfig } from "../src/config/check-config.ts";
import { compileConfig } from "../src/config/compile-config.ts";
import { readYaml } from "../src/config/yaml-source.ts";
import { createHubSpotConnector } from "../src/connectors/hubspot/connector.ts";
import { createRestConnector } from "../src/connectors/rest/connector.ts";
import { type Deps, mappedObjects } from "../src/engine/deps.ts";
import { type Running, run } from "../src/engine/run.ts";
import type { Connector } from "../src/ports/connector.ts";
import type { Store } from "../src/ports/store.ts";
import { createMemoryStore } from "../src/store/memory/memory-store.ts";

/** HubSpot lets no two contacts have one e-mail; an in-house tool has people by e-mail, phone and name. */
const yaml = `\
systems:
  crm: { connector: hubspot, token: "\${HUBSPOT_TOKEN}" }
  tool: { connector: rest, url: "http://127.0.0.1", objects: { people: {} } }
entities:
  contact:
    rule: { prefer: [crm, tool] }
    fields: { email: email, phone: { type: phone, country: DE }, lastName: name, city: text }
    identity: [email, [phone, lastName]]
    systems:
      crm: { object: contacts, create: true, fields: { email: email, phone: phone, lastName: lastname, city: city } }
      tool: { object: people, create: true, fields: { email: email, phone: phone, lastName: lastName, city: city } }
`;

let crm: HubSpotSandbox;
let tool: RestSandbox;
let store: Store;
let running: Running;
let connectors: ReadonlyMap<string, Connector>;

beforeAll(async () => {
  crm = await createHubSpotSandbox({ speed: 1000, indexLagMsMax: 0 });
  tool = await createRestSandbox({
    style: "offset-soft-delete",
    objects: { people: { fields: { email: "email", phone: "text", lastName: "text", city: "text", truceId: "text" } } },
  });
  crm.admin.defineProperty("contacts", { name: "truce_id", type: "string", hasUniqueValue: true });
  const { config, findings } = checkConfig(readYaml(yaml).data, null);
  if (config === null) throw new Error(JSON.stringify(findings));
  const { policy } = compileConfig(config);
  store = createMemoryStore();
  const common = { clock: machineClock, pollMs: 100 };
  connectors = new Map<string, Connector>([
    [
      "crm",
      createHubSpotConnector({
        system: "crm",
        ...common,
        auth: { token: crm.token },
        baseUrl: crm.url,
        lookbackMs: 500,
        searchesPerSecond: 1000,
      }),
    ],
    [
      "tool",
      createRestConnector(
        {
          system: "tool",
          ...common,
          url: tool.url,
          auth: { type: "bearer", token: tool.token },
          objects: {
            people: {
              list: { paging: { type: "offset", param: "offset", sizeParam: "limit", size: 10 } },
              modifiedAt: "updatedAt",
              absent: "blank",
              changes: { type: "since", query: { updated_since: "{since}" } },
              key: "truceId",
              keyUnique: true,
              lookup: { truceId: "truceId={value}" },
            },
          },
        },
        mappedObjects(policy, "tool"),
      ),
    ],
  ]);
  const deps: Deps = {
    ...{ store, connectors, policy, clock: machineClock, random: machineRandom },
    startedAt: machineClock.now(),
    tell: () => undefined,
  };
  running = run(deps, { workBatchMax: 100, sweepEveryMs: null, schemaEveryMs: null });
  await running.quiet();
});

afterAll(async () => {
  await running?.stop();
  for (const connector of connectors?.values() ?? []) await connector.close();
  await Promise.all([crm?.close(), tool?.close()]);
});

const held = () => store.holds({ status: "open", limit: 10 });
const dead = () => store.deadLetters({ status: "open", limit: 10 });

test("an e-mail that another contact of the CRM has, which is held as a duplicate: nothing fails for good, and the rest is written", {
  timeout: 60_000,
}, async () => {
  // The same person twice: first without the e-mail.
  const known = crm.admin.createAs(101, "contacts", { lastname: "Weber", phone: "+49301111111" });
  await running.quiet();
  const other = crm.admin.createAs(101, "contacts", {
    lastname: "Weber",
    phone: "+49301111111",
    email: "weber@example.org",
  });
  await running.quiet();
  const [person] = tool.admin.records("people");
  tool.admin.edit("people", person?.id ?? "", { email: "weber@example.org", city: "Bergen" });
  await running.quiet();
  expect(crm.admin.record("contacts", known)?.properties).toMatchObject({ city: "Bergen" });
  expect(crm.admin.record("contacts", known)?.properties["email"]).toBeUndefined();
  expect(await dead()).toEqual([]);
  const holds = await held();
  expect(holds.map(({ kind, ref, matches }) => [kind, ref?.id, matches.length])).toEqual([["duplicate", other, 1]]);
});

test("an e-mail that another golden record's contact has: a person is shown both, and no dead letter tells the same", {
  timeout: 60_000,
}, async () => {
  const [first] = await held();
  const taken = crm.admin.createAs(101, "contacts", { lastname: "Silva", email: "silva@example.org" });
  const mine = crm.admin.createAs(101, "contacts", { lastname: "Kaya", email: "kaya@example.org" });
  await running.quiet();
  const person = tool.admin.records("people").find(({ fields }) => fields["email"] === "kaya@example.org");
  tool.admin.edit("people", person?.id ?? "", { email: "silva@example.org" });
  await running.quiet();
  expect(await dead()).toEqual([]);
  const holds = (await held()).filter((hold) => hold.id !== first?.id);
  expect(holds.map(({ kind }) => kind)).toEqual(["duplicate"]);
  const owners = new Set([holds[0]?.goldenId, ...(holds[0]?.matches ?? [])]);
  for (const contact of [taken, mine]) {
    const { byRecord } = await store.load({
      records: [{ system: "crm", object: "contacts", id: contact }],
      keys: [],
      ids: [],
    });
    expect(owners).toContain([...byRecord.values()][0]);
  }
  expect(crm.admin.record("contacts", mine)?.properties).toMatchObject({ email: "kaya@example.org" });
});
