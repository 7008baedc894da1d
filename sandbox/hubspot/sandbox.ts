import { answerAdmin } from "../core/admin.ts";
import { createAuditLog } from "../core/audit.ts";
import { createFaultBoard, type Fault } from "../core/fault.ts";
import { createRandom } from "../core/random.ts";
import { type SandboxAnswer, type SandboxRequest, serve } from "../core/serve.ts";
import { loadState, saveState } from "../core/state-file.ts";
import { type HubSpotAdmin, makeAdmin } from "./admin.ts";
import { createAssociations } from "./association.ts";
import { createAuth, type OAuthApp } from "./auth.ts";
import { createLimits, type LimitOptions, tooMany } from "./limits.ts";
import { addStandardTables, findTable, type Portal } from "./portal.ts";
import { answerCall } from "./route.ts";
import type { User } from "./schema-api.ts";
import { restoreState, type SavedState, snapshotOf } from "./state.ts";
import { createWebhooks } from "./webhook.ts";

export type HubSpotSandboxOptions = {
  /** 0, the default, takes a free port. */
  readonly port?: number;
  /** Decides ids, the index lag and which requests a fault strikes. Default 1. */
  readonly seed?: number;
  /** Milliseconds since the Unix epoch. Default: the machine's clock. */
  readonly clock?: () => number;
  /** 10 makes limits ten times looser and lags ten times shorter. Default 1. */
  readonly speed?: number;
  readonly limits?: LimitOptions;
  /** Longest time until search sees a write, ms; each write draws its own. Default 5000. */
  readonly indexLagMsMax?: number;
  /** The private app's token. */
  readonly token?: string;
  readonly users?: readonly User[];
  readonly faults?: readonly Fault[];
  /** Read at the start if it exists, written by `close` and `admin.save`. */
  readonly file?: string;
};

export type HubSpotSandbox = {
  readonly url: string;
  readonly port: number;
  readonly portalId: number;
  /** A private app's token with every scope. */
  readonly token: string;
  /** An OAuth app; `admin.authorize()` gives a code for it. Its secret signs webhooks. */
  readonly oauth: OAuthApp;
  readonly appId: number;
  /** `hapikey` of the webhook management calls. */
  readonly developerKey: string;
  readonly admin: HubSpotAdmin;
  close(): Promise<void>;
};

const portalId = 44_237_313;
const appId = 19_083_857;
const developerKey = "00000000-sand-box0-0000-000000000000";
const sampleUsers: readonly User[] = [
  { id: 101, email: "maria@example.com", firstName: "Maria", lastName: "Silva" },
  { id: 102, email: "jonas@example.com", firstName: "Jonas", lastName: "Weber" },
];
const accessTokenLifeS = 1800;

/** An emulated HubSpot account, on 127.0.0.1: the CRM API, the admin functions under `/_sandbox`. */
export async function createHubSpotSandbox(options: HubSpotSandboxOptions = {}): Promise<HubSpotSandbox> {
  const { port = 0, seed = 1, clock: now = Date.now, speed = 1, file, indexLagMsMax = 5000 } = options;
  const random = createRandom(seed);
  const lags = createRandom(seed + 1);
  const faults = createFaultBoard(random, options.faults);
  const portal: Portal = {
    id: portalId,
    appId,
    tables: new Map(),
    associations: createAssociations(),
    audit: createAuditLog(),
    random,
    now,
    indexLagMs: () => (lags.fraction() * indexLagMsMax) / speed,
    mergeKeepsPrimaryId: false,
    batchReadsMergedIds: true,
    listeners: [],
    usedIds: new Set(),
  };
  addStandardTables(portal);
  const token = options.token ?? "pat-sandbox-44237313";
  const expiresInS = Math.ceil(accessTokenLifeS / speed);
  const auth = createAuth({ token, portalId, appId, userId: 1, now, random: createRandom(seed + 2), expiresInS });
  const secret = auth.app.clientSecret;
  const webhooks = createWebhooks({ portalId, appId, secret, now, speed, faults, random: createRandom(seed + 3) });
  portal.listeners.push(webhooks.hear);

  const parts = { portal, auth, webhooks };
  const snapshot = () => snapshotOf(parts);
  const restore = (state: SavedState) => restoreState(parts, state);
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
  const admin = makeAdmin({ ...parts, faults, calls, setLimits, snapshot, restore, save });
  const deps = { ...parts, limits: () => limits, users: options.users ?? sampleUsers, developerKey };
  let correlations = 0;
  const correlationId = () => `00000000-0000-0000-0000-${String(++correlations).padStart(12, "0")}`;

  const date = () => ({ date: new Date(now()).toUTCString() });

  const handle = (request: SandboxRequest): SandboxAnswer => {
    const call = `${request.method} ${patternOf(portal, request.path)}`;
    calls.set(call, (calls.get(call) ?? 0) + 1);
    const id = correlationId();
    const headers = { "x-hubspot-correlation-id": id, ...date() };
    return withHeaders(answerCall(deps, request, id), headers);
  };

  const server = await serve({
    port,
    faults,
    handle,
    admin: (request) => answerAdmin(admin, request),
    rateLimited: (retryAfterS) => {
      const answer = tooMany("TEN_SECONDLY_ROLLING", "You have reached your ten_secondly_rolling limit.");
      return withHeaders(answer, {
        ...date(),
        ...(retryAfterS === null ? {} : { "retry-after": String(retryAfterS) }),
      });
    },
    serverError: (status) => ({
      status,
      headers: date(),
      body: { status: "error", message: "internal error", correlationId: correlationId(), category: "INTERNAL_ERROR" },
    }),
  });

  return {
    url: server.url,
    port: server.port,
    portalId,
    appId,
    token,
    oauth: auth.app,
    developerKey,
    admin,
    async close() {
      webhooks.close();
      await server.close();
      save();
    },
  };
}

function withHeaders(answer: SandboxAnswer, headers: Readonly<Record<string, string>>): SandboxAnswer {
  return { ...answer, headers: { ...headers, ...answer.headers } };
}

/** The path with ids taken out. */
function patternOf(portal: Portal, path: string): string {
  return path
    .split("/")
    .map((part) => (/^\d+$/.test(part) && findTable(portal, part) === null ? "{id}" : part))
    .join("/");
}
