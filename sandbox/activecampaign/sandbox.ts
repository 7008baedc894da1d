import { answerAdmin } from "../core/admin.ts";
import { type AuditEntry, createAuditLog } from "../core/audit.ts";
import { createDeliverer } from "../core/deliver.ts";
import { createFaultBoard, type Fault } from "../core/fault.ts";
import { createRollingLimit } from "../core/limit.ts";
import { createRandom } from "../core/random.ts";
import { type SandboxAnswer, type SandboxRequest, serve } from "../core/serve.ts";
import { loadState, saveState } from "../core/state-file.ts";
import { type ActiveCampaignAdmin, makeAdmin } from "./admin.ts";
import { answerCall } from "./api.ts";
import { forbidden, Refusal } from "./refusal.ts";
import { makeWorld, type News, newState, type State } from "./world.ts";

export type ActiveCampaignSandboxOptions = {
  /** 0, the default, takes a free port. */
  readonly port?: number;
  /** Decides which requests a fault strikes. Default 1. */
  readonly seed?: number;
  /** Milliseconds since the Unix epoch. Default: the machine's clock. */
  readonly clock?: () => number;
  /** 10 makes the limit ten times looser. Default 1. */
  readonly speed?: number;
  readonly faults?: readonly Fault[];
  /** False answers lists without side arrays, as an account might whose API does not know `include`. Default true. */
  readonly sideloads?: boolean;
  /** Read at the start if it exists, written by `close` and `admin.save`. */
  readonly file?: string;
};

export type ActiveCampaignSandbox = {
  /** The account's own address. */
  readonly url: string;
  readonly port: number;
  readonly token: string;
  readonly admin: ActiveCampaignAdmin;
  close(): Promise<void>;
};

type Saved = { readonly state: State; readonly audit: readonly AuditEntry[] };

const token = "sandbox-api-token";
/** A second, for the account as a whole. */
const callsMax = 5;

/** An emulated ActiveCampaign account on 127.0.0.1: API v3 under `/api/3`, the admin functions under `/_sandbox`. */
export async function createActiveCampaignSandbox(
  options: ActiveCampaignSandboxOptions = {},
): Promise<ActiveCampaignSandbox> {
  const { port = 0, seed = 1, clock = Date.now, speed = 1, sideloads = true, file } = options;
  const random = createRandom(seed);
  const faults = createFaultBoard(random, options.faults);
  const limit = createRollingLimit(callsMax, 1_000 / speed, () => performance.now());
  const counts = { calls: 0, limited: 0 };
  const audit = createAuditLog();
  const saved = file === undefined ? null : loadState<Saved>(file);
  const state = saved?.state ?? newState();
  audit.restore(saved?.audit ?? []);
  const deliverer = createDeliverer<News>({
    faults,
    random,
    sign: ({ events: [news] }) => ({
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: news === undefined ? "" : formOf(news, state, clock()),
    }),
    // One that fails is never sent again.
    retryDelaysMs: [],
    timeoutMs: 10_000,
    report({ url }, { status }) {
      // This answer switches it off for good.
      for (const hook of state.hooks) if (hook.url === url && status === 410) hook.isActive = false;
    },
  });
  const world = makeWorld(state, {
    now: clock,
    audit,
    tell(news) {
      for (const hook of state.hooks)
        if (hook.isActive && hook.events.includes(news.type) && hook.sources.includes(news.source))
          deliverer.send(hook.url, [news]);
    },
  });
  const save = () => {
    if (file !== undefined) saveState(file, { state, audit: audit.list() } satisfies Saved);
  };
  const admin = makeAdmin({ world, audit, faults, counts, settled: deliverer.settled, save, base: () => server.url });

  const answer = (request: SandboxRequest): SandboxAnswer => {
    const [, root, version, ...path] = request.path.split("/");
    if (root !== "api" || version !== "3") throw new Refusal(404, { message: "No Result found" });
    if (request.headers["api-token"] !== token) throw forbidden();
    counts.calls++;
    const room = limit.take();
    if (!room.allowed) {
      counts.limited++;
      return { ...tooMany, headers: { "retry-after": String(Math.ceil(room.retryAfterMs / 1_000)) } };
    }
    const { method, query } = request;
    if (!sideloads) query.delete("include");
    return answerCall(world, {
      method,
      path: path.map(decodeURIComponent),
      query,
      body: readBody(request),
      base: server.url,
    });
  };

  const server = await serve({
    port,
    faults,
    handle(request) {
      try {
        return answer(request);
      } catch (error) {
        if (error instanceof Refusal) return error.answer;
        throw error;
      }
    },
    admin: (request) => answerAdmin(admin, request),
    rateLimited: (retryAfterS) => ({
      ...tooMany,
      ...(retryAfterS === null ? {} : { headers: { "retry-after": String(retryAfterS) } }),
    }),
    serverError: (status) => ({ status, body: "<html><body><h1>Server error</h1></body></html>" }),
  });

  return {
    url: server.url,
    port: server.port,
    token,
    admin,
    async close() {
      deliverer.close();
      await server.close();
      save();
    },
  };
}

const tooMany: SandboxAnswer = { status: 429, body: { message: "You have reached the rate limit" } };

function readBody({ body }: SandboxRequest): Record<string, unknown> {
  if (body.length === 0) return {};
  try {
    const parsed: unknown = JSON.parse(body.toString());
    if (typeof parsed === "object" && parsed !== null) return parsed as Record<string, unknown>;
  } catch {
    // As any other body that is none.
  }
  throw new Refusal(400, { message: "The request body is not valid JSON" });
}

/** A webhook's body, in the keys of PHP: one event, custom fields by their tags in lower case. */
function formOf({ type, source, kind, id }: News, state: State, at: number): string {
  const form = new URLSearchParams({
    type,
    date_time: new Date(at).toISOString(),
    initiated_from: source,
    initiated_by: source,
    list: "0",
    [`${kind}[id]`]: id,
  });
  const contact = kind === "contact" ? state.contacts.find((one) => one.id === id) : undefined;
  if (contact !== undefined) {
    form.set("contact[email]", contact.email);
    form.set("contact[first_name]", contact.firstName);
    form.set("contact[last_name]", contact.lastName);
    form.set("contact[phone]", contact.phone);
    for (const { field, value } of state.values.filter((one) => one.kind === "contact" && one.record === id)) {
      const tag = state.fields.find((one) => one.id === field)?.tag.toLowerCase();
      if (tag !== undefined) form.set(`contact[fields][${tag}]`, value);
    }
  }
  return form.toString();
}
