import { answerAdmin } from "../core/admin.ts";
import { createAuditLog } from "../core/audit.ts";
import { createFaultBoard, type Fault } from "../core/fault.ts";
import { createRandom } from "../core/random.ts";
import { type SandboxAnswer, type SandboxRequest, serve } from "../core/serve.ts";
import { loadState, saveState } from "../core/state-file.ts";
import { makeAdmin, type SalesforceAdmin } from "./admin.ts";
import { type ConnectedApp, createAuth } from "./auth.ts";
import { createBulkJobs } from "./bulk-api.ts";
import { makeId } from "./id.ts";
import { createLimits, type LimitOptions } from "./limits.ts";
import { addTable, type Org, tableOf } from "./org.ts";
import { createEventLog, entityOf } from "./pubsub/event-log.ts";
import { servePubSub } from "./pubsub/server.ts";
import { createQueries } from "./query-api.ts";
import { answerCall } from "./route.ts";
import { permissionObjects, standardObjects, toolingObjects } from "./standard-objects.ts";
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
  /** Address of the Pub/Sub API. */
  readonly pubsub: string;
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
const keepAliveMs = 270_000;
const bulkMs = 2_000;

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
    selectedEntities: new Set(),
    audit: createAuditLog(),
    random,
    now,
    commitLagMs: () => (lags.fraction() * commitLagMsMax) / speed,
    listeners: [],
    heldChanges: null,
    mayCustomize: true,
    duplicateRules: [],
    deletesKnownSince: 0,
  };
  for (const draft of [...standardObjects, ...permissionObjects]) addTable(org, draft);
  const tooling: Org = { ...org, tables: new Map(), listeners: [], audit: createAuditLog() };
  for (const draft of toolingObjects) addTable(tooling, draft);
  const log = createEventLog(org, (entity) => org.selectedEntities.has(entity));
  org.listeners.push(log.hear);
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
  const restore = (state: SavedState) => {
    restoreState(org, state);
    admin.selectForCapture(...state.selectedObjects);
  };
  const save = () => {
    if (file !== undefined) saveState(file, snapshot());
  };

  let limits = createLimits(options.limits ?? {}, speed, now);
  const calls = new Map<string, number>();
  const setLimits = (wanted: LimitOptions) => {
    limits = createLimits(wanted, speed, now);
  };
  const pubsub = await servePubSub({
    log,
    orgId,
    isValidSession: auth.isValid,
    isTopic: (topic) => [...org.tables.values()].some((table) => topic === `/data/${entityOf(table)}`),
    keepAliveMs: Math.max(10, keepAliveMs / speed),
  });
  const dropStreams = () => pubsub.drop();
  const parts = { org, tooling, auth, log, faults, calls };
  const admin = makeAdmin({ ...parts, dropStreams, setLimits, snapshot, restore, save });
  const saved = file === undefined ? null : loadState<SavedState>(file);
  if (saved !== null) restore(saved);
  let url = "";
  const deps = {
    org,
    auth,
    queries,
    toolingQueries: createQueries(tooling),
    bulk: createBulkJobs(org, bulkMs / speed),
    limits: () => limits,
    instanceUrl: () => url,
  };
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
    pubsub: pubsub.address,
    app: auth.app,
    integrationUserId: org.integrationUserId,
    people,
    admin,
    async close() {
      pubsub.close();
      await server.close();
      save();
    },
  };
}

/** The people, and the rights that the first of them has. */
function addUsers(org: Org): readonly [string, string] {
  const table = tableOf(org, "User");
  const actor = { userId: org.integrationUserId, source: "seed", origin: "" };
  const [, maria, jonas] = users.map((user) => createRecord(org, table, { ...user, IsActive: true }, actor).id);
  const profile = createRecord(org, tableOf(org, "PermissionSet"), { Name: "Profile", IsOwnedByProfile: true }, actor);
  const granted = createRecord(org, tableOf(org, "PermissionSet"), { Name: "Truce" }, actor);
  for (const { id } of [profile, granted]) {
    const assignment = { AssigneeId: org.integrationUserId, PermissionSetId: id };
    createRecord(org, tableOf(org, "PermissionSetAssignment"), assignment, actor);
  }
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
