import { answerAdmin } from "../core/admin.ts";
import { createAuditLog } from "../core/audit.ts";
import { createFaultBoard, type Fault } from "../core/fault.ts";
import { createRandom } from "../core/random.ts";
import { type SandboxAnswer, type SandboxRequest, serve } from "../core/serve.ts";
import { loadState, saveState } from "../core/state-file.ts";
import { makeAdmin, type SalesforceAdmin } from "./admin.ts";
import { type ConnectedApp, createAuth } from "./auth.ts";
import { makeId } from "./id.ts";
import { createLimits, type LimitOptions } from "./limits.ts";
import { addTable, type Org, tableOf } from "./org.ts";
import { createQueries } from "./query-api.ts";
import { answerCall } from "./route.ts";
import { standardObjects } from "./standard-objects.ts";
import { restoreState, type SavedState, snapshotOf } from "./state.ts";
import { createRecord } from "./write.ts";

export type SalesforceSandboxOptions = {
  /** 0, the default, takes a free port. */
  readonly port?: number;
  /** Decides sessions, commit lags and which requests a fault strikes. Default 1. */
  readonly seed?: number;
  /** Milliseconds since the Unix epoch. Default: the machine's clock. */
  readonly clock?: () => number;
  /** 10 makes limits ten times looser and lags ten times shorter. Default 1. */
  readonly speed?: number;
  readonly limits?: LimitOptions;
  /** People's changes say that they were made up to this long before they could be seen, ms; each draws its own. Default 0. */
  readonly commitLagMsMax?: number;
  readonly faults?: readonly Fault[];
  /** Read at the start if it exists, written by `close` and `admin.save`. */
  readonly file?: string;
};

export type SalesforceSandbox = {
  /** The instance and its login server. */
  readonly url: string;
  readonly port: number;
  readonly orgId: string;
  /** A session that does not end. */
  readonly token: string;
  readonly app: ConnectedApp;
  /** Whom API calls are made as. */
  readonly integrationUserId: string;
  /** Two people who work in the org. */
  readonly people: readonly [string, string];
  readonly admin: SalesforceAdmin;
  close(): Promise<void>;
};

const orgId = makeId("00D", 62 ** 3);
const sessionMs = 7_200_000;

const users = [
  { Username: "integration@example.com", LastName: "User", FirstName: "Integration", Email: "integration@example.com" },
  { Username: "maria@example.com", LastName: "Silva", FirstName: "Maria", Email: "maria@example.com" },
  { Username: "jonas@example.com", LastName: "Weber", FirstName: "Jonas", Email: "jonas@example.com" },
];

/** An emulated Salesforce org, on 127.0.0.1: OAuth, the REST API, the admin functions under `/_sandbox`. */
export async function createSalesforceSandbox(options: SalesforceSandboxOptions = {}): Promise<SalesforceSandbox> {
  const { port = 0, seed = 1, clock: now = Date.now, speed = 1, file, commitLagMsMax = 0 } = options;
  const random = createRandom(seed);
  const lags = createRandom(seed + 1);
  const faults = createFaultBoard(random, options.faults);
  const org: Org = {
    id: orgId,
    integrationUserId: makeId("005", 1),
    tables: new Map(),
    audit: createAuditLog(),
    random,
    now,
    commitLagMs: () => (lags.fraction() * commitLagMsMax) / speed,
    listeners: [],
    heldChanges: null,
    duplicateRules: [],
    deletesKnownSince: 0,
  };
  for (const draft of standardObjects) addTable(org, draft);
  const people = addUsers(org);
  const auth = createAuth({
    orgId,
    userId: org.integrationUserId,
    now,
    random: createRandom(seed + 2),
    sessionMs: sessionMs / speed,
  });
  const queries = createQueries(org);

  const snapshot = () => snapshotOf(org);
  const restore = (state: SavedState) => restoreState(org, state);
  const saved = file === undefined ? null : loadState<SavedState>(file);
  if (saved !== null) restore(saved);
  const save = () => {
    if (file !== undefined) saveState(file, snapshot());
  };

  let limits = createLimits(options.limits ?? {}, speed, now);
  const calls = new Map<string, number>();
  const setLimits = (wanted: LimitOptions) => {
    limits = createLimits(wanted, speed, now);
  };
  const admin = makeAdmin({ org, auth, faults, calls, setLimits, snapshot, restore, save });
  let url = "";
  const deps = { org, auth, queries, limits: () => limits, instanceUrl: () => url };
  const date = () => ({ date: new Date(now()).toUTCString() });

  const handle = (request: SandboxRequest): SandboxAnswer => {
    const call = `${request.method} ${patternOf(request.path)}`;
    calls.set(call, (calls.get(call) ?? 0) + 1);
    return withHeaders(answerCall(deps, request), date());
  };

  const server = await serve({
    port,
    faults,
    handle,
    admin: (request) => answerAdmin(admin, request),
    rateLimited: (retryAfterS) => ({
      status: 403,
      headers: { ...date(), ...(retryAfterS === null ? {} : { "retry-after": String(retryAfterS) }) },
      body: [{ message: "TotalRequests Limit exceeded.", errorCode: "REQUEST_LIMIT_EXCEEDED" }],
    }),
    serverError: (status) => ({
      status,
      headers: date(),
      body: [
        {
          message: "An unexpected error occurred. Please include this ErrorId if you contact support",
          errorCode: "UNKNOWN_EXCEPTION",
        },
      ],
    }),
  });
  url = server.url;

  return {
    url,
    port: server.port,
    orgId,
    token: auth.token,
    app: auth.app,
    integrationUserId: org.integrationUserId,
    people,
    admin,
    async close() {
      await server.close();
      save();
    },
  };
}

function addUsers(org: Org): readonly [string, string] {
  const table = tableOf(org, "User");
  const actor = { userId: org.integrationUserId, source: "seed", origin: "" };
  const [, maria, jonas] = users.map((user) => createRecord(org, table, { ...user, IsActive: true }, actor).id);
  return [maria!, jonas!];
}

function withHeaders(answer: SandboxAnswer, headers: Readonly<Record<string, string>>): SandboxAnswer {
  return { ...answer, headers: { ...headers, ...answer.headers } };
}

/** The path below the version, with ids taken out. */
function patternOf(path: string): string {
  return path
    .replace(/^\/services\/data\/v[\d.]+/u, "")
    .split("/")
    .map((part) => (/^[0-9A-Za-z]{18}$/u.test(part) ? "{id}" : part))
    .join("/");
}
