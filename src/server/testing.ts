import { machineClock, machineRandom } from "../clock/machine.ts";
import { loadYaml } from "../config/load-config.ts";
import { createMetrics } from "../control/metrics.ts";
import { testPolicy } from "../core/testing/policy.ts";
import type { Deps } from "../engine/deps.ts";
import { createWorker } from "../engine/work.ts";
import { type RawUpsert, revisionOf } from "../model/observation.ts";
import { recordKey } from "../model/record.ts";
import type { RawValue } from "../model/value.ts";
import type { Connector } from "../ports/connector.ts";
import { laneLive, type Store } from "../ports/store.ts";
import { createMemoryStore } from "../store/memory/memory-store.ts";
import { openAccounts } from "./access/accounts.ts";
import type { Role } from "./access/identity.ts";
import { type Client, createClient } from "./client.ts";
import type { ConfigFile } from "./config-file.ts";
import { createLive } from "./live.ts";
import { type Server, type ServerOptions, startServer } from "./server.ts";

export const goodPassword = "correct horse battery";

const contactPolicy = testPolicy({
  email: { type: { kind: "email" } },
  name: { type: { kind: "name" } },
  phone: {},
  note: {},
  score: { type: { kind: "number" } },
});

/** The same as a file, as far as a person would write it. */
const contactYaml = `\
systems:
  crm: { connector: hubspot, token: \${HUBSPOT_TOKEN} }
  db: { connector: postgres, url: \${DATABASE_URL} }
  desk: { connector: airtable, base: app1, token: \${AIRTABLE_TOKEN} }
entities:
  contact:
    fields:
      email: email
      name: name
      phone: text # as they write it
      note: { type: text }
      score:
        type: number
    identity: [email]
    systems:
${["crm", "db", "desk"].map((system) => `      ${system}: { object: contacts, fields: { email: email, name: name, phone: phone, note: note, score: score } }`).join("\n")}
`;

const contactFile: ConfigFile = {
  name: "truce.yaml",
  read: () => contactYaml,
  check: (text) => loadYaml("truce.yaml", text, { env: {}, references: false }),
};

const systems = [
  ["crm", "HubSpot"],
  ["db", "PostgreSQL"],
  ["desk", "Airtable"],
] as const;

type Said = Map<string, RawUpsert>;

/** A system of which the server asks how it is called and what it promises, and the worker what a record holds: what was last said of it. */
function named(system: string, label: string, said: Said): Connector {
  const read: Connector["read"] = async ({ object }, ids) =>
    ids.map((id) => {
      const observation = said.get(recordKey({ system, object, id }));
      return observation === undefined ? { kind: "missing", id } : { kind: "found", id, observation };
    });
  const guarantees = { conditionalWrite: system === "db", uniqueCreate: true, history: true, deleteEvents: true };
  const recordUrl = (_object: string, id: string) => (system === "db" ? null : `https://${system}.example/${id}`);
  return { system, label, guarantees, feed: null, read, recordUrl } as unknown as Connector;
}

export type TestServer = Server & {
  readonly deps: Deps;
  readonly accounts: ReturnType<typeof openAccounts>;
  /** A system says this of a record, and it is decided. */
  says(system: string, id: string, cells: Readonly<Record<string, RawValue>>): Promise<void>;
  /** What decisions have set off is carried out, as far as it needs no writing. */
  work(): Promise<void>;
  /** A browser that a new user of this role is signed in with. */
  signedIn(role: Role, name?: string): Promise<Browser>;
};

/** What a browser does: keeps cookies, says where a request comes from. */
export type Browser = {
  readonly client: Client;
  readonly fetch: typeof fetch;
  cookie(): string;
};

/** The server on a store, by default in memory, with the real decisions behind it and no systems. */
export async function openTestServer(
  options: Partial<ServerOptions> = {},
  store: Store = createMemoryStore(),
): Promise<TestServer> {
  const live = createLive(machineClock);
  const said: Said = new Map();
  const deps: Deps = {
    store: live.heard(store),
    connectors: new Map(systems.map(([system, label]) => [system, named(system, label, said)])),
    policy: contactPolicy,
    clock: machineClock,
    random: machineRandom,
    startedAt: machineClock.now(),
    tell: live.tell,
  };
  const accounts = openAccounts(deps);
  const worker = createWorker(
    deps,
    () => undefined,
    () => undefined,
  );
  const running = {
    wake: () => undefined,
    isLoaded: () => true,
    waitsForApproval: () => false,
    approve: async () => undefined,
    sweep: async (system: string, object: string) => ({
      system,
      object,
      scanned: 3,
      drifted: 1,
      missing: 0,
      doubted: false,
    }),
  };
  const server = await startServer(deps, running, {
    host: "127.0.0.1",
    port: 0,
    publicUrl: null,
    accounts,
    oidc: null,
    live,
    consoleFolder: null,
    configFile: contactFile,
    demo: null,
    dryRun: async () => ({ objects: [], goldens: { contact: 2 }, holds: [], refused: [] }),
    version: "0.0.0",
    metrics: createMetrics(machineClock.now),
    log: { answered: () => undefined, bug: (error) => void process.stderr.write(`${String(error)}\n`) },
    ...options,
  });
  let revisions = 0;
  return {
    ...server,
    deps,
    accounts,
    async says(system, id, cells) {
      const now = machineClock.now();
      const ref = { system, object: "contacts", id };
      // Surely one after the other.
      const changedAt = deps.startedAt - 3_600_000 + revisions * 1_000;
      const observation: RawUpsert = {
        kind: "upsert",
        ref,
        revision: revisionOf(++revisions),
        observedAt: now,
        cells,
        complete: true,
        changedAt: { from: changedAt, until: changedAt },
        author: null,
      };
      said.set(recordKey(ref), observation);
      const item = { id: machineRandom.id(), dedupeKey: null, observation, lane: laneLive, tries: 0 } as const;
      await deps.store.receive([{ ...item, receivedAt: now, dueAt: now }], []);
      await worker.step(10);
      await worker.settled();
    },
    async work() {
      await worker.step(10);
      await worker.settled();
      await worker.step(10);
      await worker.settled();
    },
    async signedIn(role, name = `a ${role}`) {
      await accounts.addUser(name, role, goodPassword);
      const browser = newBrowser(server.url);
      await browser.client.signIn({ name, password: goodPassword });
      return browser;
    },
  };
}

export function newBrowser(url: string): Browser {
  let cookie = "";
  const send: typeof fetch = async (input, init = {}) => {
    const headers = new Headers(init.headers);
    headers.set("origin", url);
    if (cookie !== "") headers.set("cookie", cookie);
    const answer = await fetch(input, { ...init, headers });
    const [set] = answer.headers.getSetCookie();
    if (set !== undefined) cookie = set.split(";")[0] ?? "";
    return answer;
  };
  return { client: createClient({ url, fetch: send }), fetch: send, cookie: () => cookie };
}

/** Three systems agree on a contact; then two of them change one field, each not knowing of the other. Returns the hold's id. */
export async function contested(server: TestServer, id: string, field = "phone"): Promise<string> {
  const cells = { email: `${id}@example.org`, name: `Name ${id}`, [field]: "100" };
  for (const system of ["crm", "db", "desk"]) await server.says(system, id, cells);
  await server.says("crm", id, { ...cells, [field]: "200" });
  await server.says("db", id, { ...cells, [field]: "300" });
  const holds = await server.deps.store.holds({ status: "open", limit: 1_000 });
  const found = holds.find((hold) => hold.fields.includes(field) && hold.goldenId !== null && isNew(hold.id));
  if (found === undefined) throw new Error("There is no hold.");
  seen.add(found.id);
  return found.id;
}

const seen = new Set<string>();
const isNew = (id: string) => !seen.has(id);
