import { answerAdmin } from "../core/admin.ts";
import { createFaultBoard, type Fault } from "../core/fault.ts";
import { createRandom } from "../core/random.ts";
import { type SandboxAnswer, type SandboxRequest, serve } from "../core/serve.ts";
import { loadState, saveState } from "../core/state-file.ts";
import { type AirtableAdmin, makeAdmin } from "./admin.ts";
import { baseOf } from "./api.ts";
import { asObject, type Json, type JsonObject } from "./json.ts";
import { makeLimiter } from "./limits.ts";
import { makePinger } from "./ping.ts";
import { parseQuery } from "./query.ts";
import { badRequest, notFound, Refusal, refuse } from "./refusal.ts";
import type { TableInput } from "./schema.ts";
import { makeWorld, newSnapshot, type Snapshot, type World } from "./world.ts";

export type AirtableSandboxOptions = {
  /** 0, the default, takes a free port. */
  readonly port?: number;
  /** Tables and fields of the base; ignored where `file` holds a saved state. */
  readonly schema: readonly TableInput[];
  /** Decides ids and which requests a fault strikes. Default 1. */
  readonly seed?: number;
  /** Milliseconds since the Unix epoch. Default: the machine's clock. */
  readonly clock?: () => number;
  /** 10 makes limits ten times looser, and penalties and lags ten times shorter. Default 1. */
  readonly speed?: number;
  readonly faults?: readonly Fault[];
  /** Read at the start if it exists, written by `close` and `admin.save`. */
  readonly file?: string;
};

export type AirtableSandbox = {
  readonly url: string;
  readonly port: number;
  /** A token of the sandbox's own user with every scope. */
  readonly token: string;
  readonly baseId: string;
  readonly admin: AirtableAdmin;
  close(): Promise<void>;
};

/** An emulated Airtable with one base, on 127.0.0.1: the Web API under `/v0`, the admin functions under `/_sandbox`. */
export async function createAirtableSandbox(options: AirtableSandboxOptions): Promise<AirtableSandbox> {
  const { port = 0, schema, seed = 1, clock = Date.now, speed = 1, file } = options;
  let aheadMs = 0;
  let isBillingLimitReached = false;
  const now = () => clock() + aheadMs;
  const random = createRandom(seed);
  const faults = createFaultBoard(random, options.faults);
  const limiter = makeLimiter(now, speed);
  const pinger = makePinger({
    faults,
    random,
    speed,
    now,
    baseId: () => world.base.id,
    hook: (id) => world.hooks.find((hook) => hook.id === id),
  });
  const live = (snapshot: Snapshot): World => makeWorld(snapshot, { now, speed, news: pinger.news });
  let world = live((file && loadState<Snapshot>(file)) || newSnapshot(schema, seed));
  const save = () => {
    if (file) saveState(file, world.snapshot());
  };
  const admin = makeAdmin({
    world: () => world,
    faults,
    limiter,
    advanceClock: (ms) => {
      aheadMs += ms;
    },
    setBillingLimit: (reached) => {
      isBillingLimitReached = reached;
    },
    restore: (snapshot) => {
      world = live(snapshot);
    },
    save,
  });

  const answer = (request: SandboxRequest): SandboxAnswer => {
    const path = segments(request.path);
    const token = world.tokens.find((known) => request.headers["authorization"] === `Bearer ${known.token}`);
    if (!token) throw unauthorized();
    if (!limiter.admit(baseOf(path), token.user.id)) throw tooManyRequests();
    if (isBillingLimitReached && path[0] !== "meta") throw billingLimit();
    const params = parseQuery(request.query);
    return {
      status: 200,
      body: world.answer({ method: request.method, path, params, body: readBody(request), token }),
    };
  };

  const server = await serve({
    port,
    faults,
    now,
    handle: (request) => orRefusal(() => answer(request)),
    admin: (request) => answerAdmin(admin, request),
    rateLimited: (retryAfterS) => ({
      status: 429,
      ...(retryAfterS === null ? {} : { headers: { "retry-after": String(retryAfterS) } }),
      // The other form in which this refusal circulates.
      body: { errors: [{ error: "RATE_LIMIT_REACHED", message: "Rate limit exceeded. Please try again later" }] },
    }),
    serverError: (status) => ({
      status,
      body: { error: { type: status === 503 ? "RETRIABLE_ERROR" : "SERVER_ERROR", message: "Try again." } },
    }),
  });

  return {
    url: server.url,
    port: server.port,
    token: world.tokens[0]!.token,
    baseId: world.base.id,
    admin,
    async close() {
      pinger.close();
      await server.close();
      save();
    },
  };
}

function orRefusal(answer: () => SandboxAnswer): SandboxAnswer {
  try {
    return answer();
  } catch (error) {
    if (error instanceof Refusal) return { status: error.status, body: error.body };
    throw error;
  }
}

/** The path after `/v0`, each segment decoded; a slash at the end does not count. */
function segments(path: string): readonly string[] {
  const [, version, ...rest] = path.split("/");
  if (version !== "v0") throw notFound();
  try {
    return rest.filter((segment) => segment !== "").map(decodeURIComponent);
  } catch {
    throw notFound();
  }
}

function readBody({ body }: SandboxRequest): JsonObject {
  if (body.length === 0) return {};
  let parsed: Json;
  try {
    parsed = JSON.parse(body.toString()) as Json;
  } catch {
    throw refuse(400, "INVALID_REQUEST_BODY", "Could not parse request body");
  }
  const object = asObject(parsed);
  if (!object) throw badRequest();
  return object;
}

function unauthorized(): Refusal {
  return refuse(401, "AUTHENTICATION_REQUIRED", "Authentication required");
}

function tooManyRequests(): Refusal {
  return refuse(429, "RATE_LIMIT_REACHED", "Rate limit exceeded. Please try again later");
}

function billingLimit(): Refusal {
  const message = "The API calls of this month are used up. Upgrade the plan, or wait for the next month";
  return refuse(429, "PUBLIC_API_BILLING_LIMIT_EXCEEDED", message);
}
