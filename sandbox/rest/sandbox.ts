import { createHmac } from "node:crypto";
import { answerAdmin } from "../core/admin.ts";
import { createDeliverer } from "../core/deliver.ts";
import { createFaultBoard, type Fault } from "../core/fault.ts";
import { createRandom } from "../core/random.ts";
import { type SandboxAnswer, type SandboxRequest, serve } from "../core/serve.ts";
import { answerCollection } from "./collection.ts";
import { answerCouch } from "./couch.ts";
import { type RestStyle, type StyleName, styles } from "./style.ts";
import { createWorld, type Fields, type News, type ObjectInput, Refused } from "./world.ts";

export type RestSandboxOptions = {
  /** 0, the default, takes a free port. */
  readonly port?: number;
  readonly objects: Readonly<Record<string, ObjectInput>>;
  /** A named style, or one put together. */
  readonly style: StyleName | RestStyle;
  /** Decides which requests a fault strikes. Default 1. */
  readonly seed?: number;
  /** Milliseconds since the Unix epoch. Default: the machine's clock. */
  readonly clock?: () => number;
  readonly faults?: readonly Fault[];
};

export type RestSandbox = Awaited<ReturnType<typeof createRestSandbox>>;

/** An emulated in-house tool on 127.0.0.1, in one of several styles; the admin functions under `/_sandbox`. */
export async function createRestSandbox(options: RestSandboxOptions) {
  const { port = 0, objects, style, seed = 1, clock = Date.now } = options;
  const token = "rest-sandbox-token";
  const random = createRandom(seed);
  const faults = createFaultBoard(random, options.faults);
  let hook: { readonly url: string; readonly secret: string } | null = null;
  let messages = 0;
  const deliverer = createDeliverer<News>({
    faults,
    random,
    retryDelaysMs: [0, 200, 1_000],
    timeoutMs: 5_000,
    sign: ({ events }) => signed(events, `msg_${++messages}`, hook?.secret ?? "", clock()),
  });
  const isCouch = style === "couch";
  const habits = typeof style === "string" ? styles[isCouch ? "page-put" : style] : style;
  const world = createWorld(objects, {
    now: clock,
    // CouchDB keeps the stub of a deleted document for its changes.
    soft: isCouch || habits.deletes === "soft",
    tell: (news) => {
      if (hook !== null) deliverer.send(hook.url, [news]);
    },
  });
  const admin = {
    create: (object: string, fields: Fields) =>
      world.create(object, fields, "user:zoe", isCouch ? crypto.randomUUID() : undefined).id,
    edit: (object: string, id: string, fields: Fields) => {
      world.write(object, id, { ...world.find(object, id).fields, ...fields }, "user:zoe");
    },
    remove: (object: string, id: string) => {
      world.remove(object, id, "user:zoe");
    },
    records: (object: string) =>
      world
        .list(object)
        .filter(({ deletedAt }) => deletedAt === null)
        .map(({ id, fields }) => ({ id, fields })),
    audit: (afterSeq?: number) => world.audit(afterSeq),
    /** The faults still switched on. */
    faults: () => faults.list(),
    setFaults: (list: readonly Fault[]) => faults.set(list),
    /** Where events go, as Standard Webhooks signed with this secret; `null` for none. */
    setHook: (url: string | null, secret = "") => {
      hook = url === null ? null : { url, secret };
    },
    settled: () => deliverer.settled(),
  };
  const answer = (request: SandboxRequest): SandboxAnswer => {
    const basic = `Basic ${Buffer.from(`truce:${token}`).toString("base64")}`;
    const given = request.headers["authorization"] ?? "";
    if (given !== `Bearer ${token}` && given !== basic) throw new Refused(401, "Log in first.");
    return isCouch ? answerCouch(world, request) : answerCollection(world, habits, request, server.url);
  };
  const server = await serve({
    port,
    faults,
    handle: (request) => orRefusal(() => answer(request), clock()),
    admin: (request) => answerAdmin(admin, request),
    rateLimited: (retryAfterS) => ({
      status: 429,
      ...(retryAfterS === null ? {} : { headers: { "retry-after": String(retryAfterS) } }),
      body: { message: "Slow down." },
    }),
    serverError: (status) => ({ status, body: { message: "Something went wrong." } }),
  });
  return {
    url: server.url,
    port: server.port,
    token,
    admin,
    close: async () => {
      deliverer.close();
      await server.close();
    },
  };
}

function orRefusal(answer: () => SandboxAnswer, now: number): SandboxAnswer {
  const date = { date: new Date(now).toUTCString() };
  try {
    const given = answer();
    return { ...given, headers: { ...date, ...given.headers } };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const errors = Object.entries(error.fields).map(([field, message]) => ({ field, message }));
    return {
      status: error.status,
      headers: date,
      body: { message: error.message, ...(errors.length > 0 ? { errors } : {}) },
    };
  }
}

/** One message for each event: https://www.standardwebhooks.com */
function signed(events: readonly News[], id: string, secret: string, now: number) {
  const [news] = events;
  const body = JSON.stringify({
    type: `${news?.object}.${news?.kind}`,
    object: news?.object,
    id: news?.record.id,
    data:
      news === undefined
        ? {}
        : {
            id: Number(news.record.id),
            ...news.record.fields,
            updatedAt: new Date(news.record.modifiedAt).toISOString(),
          },
  });
  const timestamp = String(Math.floor(now / 1_000));
  const key = Buffer.from(secret.replace(/^whsec_/u, ""), "base64");
  const signature = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64");
  return {
    headers: {
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": timestamp,
      "webhook-signature": `v1,${signature}`,
    },
    body,
  };
}
