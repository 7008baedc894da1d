import { afterEach, expect, test } from "vitest";
import { createFaultBoard, type Fault } from "../../../sandbox/core/fault.ts";
import { createRandom } from "../../../sandbox/core/random.ts";
import { type RunningServer, serve } from "../../../sandbox/core/serve.ts";
import { SyncFailure } from "../../model/sync-error.ts";
import type { WriteRequest, WriteResult } from "../../ports/connector.ts";
import { create, remove, update } from "../../ports/testing/requests.ts";
import { between, connectTo, contacts, jumpingClock, mapped, type Setting, setUp } from "./testing.ts";

let setting: Setting;
let proxy: RunningServer | null = null;
afterEach(async () => {
  await proxy?.close();
  proxy = null;
  await setting.sandbox.close();
});

const seedOne = (firstname: string) => setting.sandbox.admin.seed("contacts", [{ properties: { firstname } }])[0]!;
const held = (id: string) => setting.sandbox.admin.record("contacts", id)!.properties["firstname"];
const writes = { method: "POST", path: "/batch/update" };

async function outcome(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "ok";
  } catch (error) {
    if (error instanceof SyncFailure) return error.error.code;
    throw error;
  }
}

function resultOf(result: WriteResult | undefined): string {
  return result?.kind === "failed" ? result.error.code : String(result?.kind);
}

test.for<[Fault["kind"], Fault, string, string]>([
  ["error-before", { kind: "error-before", status: 503 }, "UNKNOWN_OUTCOME", "A"],
  ["error-after", { kind: "error-after", status: 502 }, "UNKNOWN_OUTCOME", "ours"],
  ["hang-before", { kind: "hang-before" }, "UNKNOWN_OUTCOME", "A"],
  ["hang-after", { kind: "hang-after" }, "UNKNOWN_OUTCOME", "ours"],
  ["reset-after", { kind: "reset-after" }, "UNKNOWN_OUTCOME", "ours"],
  ["truncated", { kind: "truncated" }, "UNKNOWN_OUTCOME", "ours"],
  ["wrong-length", { kind: "wrong-length" }, "UNKNOWN_OUTCOME", "ours"],
  ["html", { kind: "html" }, "UNKNOWN_OUTCOME", "ours"],
  ["rate-limit", { kind: "rate-limit", retryAfter: "honest" }, "RATE_LIMITED", "A"],
])("an update that meets %s is %3$s", async ([, fault, expected, value]) => {
  setting = await setUp({ timeoutMs: 300 });
  const id = seedOne("A");
  setting.sandbox.admin.setFaults([{ ...fault, match: writes }]);
  const [result] = await setting.connector.write(contacts, [update(id, { firstname: "A" }, { firstname: "ours" })]);
  expect(resultOf(result)).toBe(expected);
  expect(held(id)).toBe(value);
});

test.for<Fault>([
  { kind: "error-before", status: 500 },
  { kind: "hang-before" },
  { kind: "truncated" },
  { kind: "html" },
  { kind: "outage" },
  { kind: "rate-limit", retryAfter: "missing" },
])("with $kind on every read nothing is written", async (fault) => {
  setting = await setUp({ timeoutMs: 300 });
  const id = seedOne("A");
  setting.sandbox.admin.setFaults([{ ...fault, match: { path: "/batch/read" } }]);
  const [result] = await setting.connector.write(contacts, [update(id, { firstname: "A" }, { firstname: "ours" })]);
  expect(resultOf(result)).toBe(fault.kind === "rate-limit" ? "RATE_LIMITED" : "UNREACHABLE");
  expect(setting.sandbox.admin.audit().filter(({ source }) => source === "api")).toEqual([]);
});

test("a server that is not there is unreachable, for writes too", async () => {
  setting = await setUp();
  const connector = connectTo(setting.sandbox, { baseUrl: "http://127.0.0.1:1" });
  expect(await outcome(connector.read(contacts, ["1"]))).toBe("UNREACHABLE");
  expect(resultOf((await connector.write(contacts, [remove("1", {})]))[0])).toBe("UNREACHABLE");
});

test.for(["{}", "[]", '{"results":{}}', '{"results":[{"id":1}]}', '{"results":[{"id":"1","properties":[]}]}'])(
  "the answer %s is JSON but no answer, and not believed",
  async (body) => {
    setting = await setUp();
    const answer = () => ({ status: 200, body });
    proxy = await serve({
      port: 0,
      faults: createFaultBoard(createRandom(1)),
      handle: answer,
      admin: answer,
      rateLimited: answer,
      serverError: answer,
    });
    const connector = connectTo(setting.sandbox, { baseUrl: proxy.url });
    expect(await outcome(connector.read(contacts, ["1"]))).toBe("UNREACHABLE");
    expect(await outcome(connector.scan(contacts, "5/"))).toBe("UNREACHABLE");
  },
);

test("a create whose answer is lost is found again, never made twice", async () => {
  setting = await setUp({ timeoutMs: 300 });
  for (const fault of ["error-after", "hang-after", "reset-after", "truncated", "html"] as const) {
    const key = `key-${fault}`;
    setting.sandbox.admin.setFaults([{ kind: fault, status: 502, match: { path: "/batch/upsert" } } as Fault]);
    const [lost] = await setting.connector.write(contacts, [create(key, { firstname: fault })]);
    expect(resultOf(lost)).toBe("UNKNOWN_OUTCOME");
    setting.sandbox.admin.setFaults([]);
    const [found] = await setting.connector.write(contacts, [create(key, { firstname: fault }, { lookFirst: true })]);
    expect(found).toMatchObject({ kind: "written", created: false, cells: { firstname: fault } });
  }
  expect(setting.sandbox.admin.records("contacts")).toHaveLength(5);
});

test("an edit that a write of unknown outcome covered is told by the next reading", async () => {
  setting = await setUp();
  const id = seedOne("A");
  proxy = await between(setting.sandbox, {
    path: "/batch/update",
    before: () => setting.sandbox.admin.edit(101, "contacts", id, { firstname: "edited" }),
  });
  setting.sandbox.admin.setFaults([{ kind: "truncated", match: writes }]);
  const connector = connectTo(setting.sandbox, { baseUrl: proxy.url });
  const [result] = await connector.write(contacts, [update(id, { firstname: "A" }, { firstname: "ours" })]);
  expect(resultOf(result)).toBe("UNKNOWN_OUTCOME");
  const [read] = await connector.read(contacts, [id]);
  expect(read).toMatchObject({
    observation: { cells: { firstname: "ours" }, covered: { firstname: [{ value: "edited", author: "user 101" }] } },
  });
  const [again] = await connector.read(contacts, [id]);
  expect(again?.kind === "found" && again.observation.covered).toBeUndefined();
});

test("a write that can't be verified is told as HubSpot answered it, and what it covered comes with the next reading", async () => {
  setting = await setUp({}, {});
  const id = seedOne("A");
  const { admin } = setting.sandbox;
  proxy = await between(setting.sandbox, {
    path: "/batch/update",
    before: () => admin.edit(101, "contacts", id, { firstname: "edited" }),
    after: () => admin.setFaults([{ kind: "error-before", status: 500, match: { path: "/batch/read" } }]),
  });
  const connector = connectTo(setting.sandbox, { baseUrl: proxy.url, clock: jumpingClock(Date.now()) });
  const [result] = await connector.write(contacts, [update(id, { firstname: "A" }, { firstname: "ours" })]);
  expect(result).toMatchObject({ kind: "written", cells: { firstname: "ours" }, complete: false, covered: {} });
  admin.setFaults([]);
  // Even before that, another write is not made over it.
  const [next] = await connector.write(contacts, [update(id, { firstname: "ours" }, { firstname: "newer" })]);
  expect(next).toMatchObject({ kind: "changed", observation: { covered: { firstname: [{ value: "edited" }] } } });
  expect(held(id)).toBe("ours");
});

test("the look after a write waits out a rate limit", async () => {
  setting = await setUp();
  const id = seedOne("A");
  const { admin } = setting.sandbox;
  proxy = await between(setting.sandbox, {
    path: "/batch/update",
    after: () => admin.setFaults([{ kind: "rate-limit", retryAfter: "missing", times: 1 }]),
  });
  const clock = jumpingClock(Date.now());
  const connector = connectTo(setting.sandbox, { baseUrl: proxy.url, clock });
  const [result] = await connector.write(contacts, [update(id, { firstname: "A" }, { firstname: "ours" })]);
  expect(result).toMatchObject({ kind: "written", complete: true });
});

test.for<["honest" | "absurd" | "missing", number]>([
  ["honest", 1000],
  ["absurd", 1000],
  ["missing", 1000],
])("a 429 with %s Retry-After asks for %i ms, and silences calls until then", async ([retryAfter, expected]) => {
  const clock = jumpingClock();
  setting = await setUp({ clock });
  setting.sandbox.admin.setFaults([{ kind: "rate-limit", retryAfter, times: 1 }]);
  const asked = async () => {
    const error = await setting.connector.read(contacts, ["1"]).catch((reason: unknown) => reason);
    return error instanceof SyncFailure && error.error.code === "RATE_LIMITED" ? error.error.retryAfterMs : null;
  };
  expect(await asked()).toBe(expected);
  setting.sandbox.admin.resetCalls();
  expect(await asked()).toBe(expected);
  expect(setting.sandbox.admin.calls()).toEqual({});
  clock.at += expected;
  expect(await asked()).toBeNull();
});

test("the account's limits are never passed", async () => {
  const clock = jumpingClock();
  setting = await setUp({ clock, searchesPerSecond: 4 }, { speed: 1, clock: () => clock.at });
  const ids = setting.sandbox.admin.seed(
    "contacts",
    Array.from({ length: 3000 }, (_, n) => ({ properties: { firstname: `${n}` } })),
  );
  const results = await Promise.all(
    Array.from({ length: 10 }, (_, n) => setting.connector.read(contacts, ids.slice(n * 300, n * 300 + 300))),
  );
  const more = await Promise.all(Array.from({ length: 200 }, () => setting.connector.scan(contacts, "1/")));
  expect(results.flat().every(({ kind }) => kind === "found")).toBe(true);
  expect(more).toHaveLength(200);
  const counts = await Promise.all(Array.from({ length: 20 }, () => setting.connector.scan(contacts, null)));
  expect(counts.every(({ total }) => total === 3000)).toBe(true);
});

test("an OAuth app renews its token before it ends, once for all callers", async () => {
  const clock = jumpingClock();
  setting = await setUp({}, { clock: () => clock.at, speed: 1, limits: { searches: 1000 } });
  const { sandbox } = setting;
  const { clientId, clientSecret } = sandbox.oauth;
  const form = {
    grant_type: "authorization_code",
    code: sandbox.admin.authorize(),
    client_id: clientId,
    client_secret: clientSecret,
  };
  const exchange = await fetch(`${sandbox.url}/oauth/v1/token`, { method: "POST", body: new URLSearchParams(form) });
  const { refresh_token: refreshToken } = (await exchange.json()) as { refresh_token: string };
  const connector = connectTo(sandbox, { clock, auth: { clientId, clientSecret, refreshToken } });
  sandbox.admin.resetCalls();
  await Promise.all([1, 2, 3].map(() => connector.scan(contacts, "1/")));
  expect(sandbox.admin.calls()["POST /oauth/v1/token"]).toBe(1);
  clock.at += 1_790_000;
  await connector.scan(contacts, "1/");
  expect(sandbox.admin.calls()["POST /oauth/v1/token"]).toBe(2);
});

test("a token that ended early is renewed; wrong credentials need a person", async () => {
  const vendor = { aheadMs: 0 };
  setting = await setUp({}, { clock: () => Date.now() + vendor.aheadMs, speed: 1 });
  const { sandbox } = setting;
  const { clientId, clientSecret } = sandbox.oauth;
  const form = {
    grant_type: "authorization_code",
    code: sandbox.admin.authorize(),
    client_id: clientId,
    client_secret: clientSecret,
  };
  const exchange = await fetch(`${sandbox.url}/oauth/v1/token`, { method: "POST", body: new URLSearchParams(form) });
  const { refresh_token: refreshToken } = (await exchange.json()) as { refresh_token: string };
  const connector = connectTo(sandbox, { auth: { clientId, clientSecret, refreshToken } });
  await connector.scan(contacts, "1/");
  vendor.aheadMs = 3_600_000;
  expect(await outcome(connector.scan(contacts, "1/"))).toBe("ok");

  const wrong = connectTo(sandbox, { auth: { clientId, clientSecret: "wrong", refreshToken } });
  expect(await outcome(wrong.scan(contacts, "1/"))).toBe("UNAUTHORIZED");
  expect(await outcome(connectTo(sandbox, { auth: { token: "wrong" } }).scan(contacts, "1/"))).toBe("UNAUTHORIZED");
});

/** Tries until each request is answered for good, as the engine does: after an unknown outcome it looks first. */
async function persist(request: WriteRequest): Promise<WriteResult> {
  let current = request;
  for (let tries = 0; tries < 200; tries++) {
    const [result] = await setting.connector.write(contacts, [current]);
    if (result !== undefined && result.kind !== "failed") return result;
    if (current.kind === "create") current = { ...current, lookFirst: true };
    setting.clock.aheadMs += 60_000;
  }
  throw new Error("never answered");
}

test("in a storm of every fault each create is made once and each update lands or is told to be there", async () => {
  setting = await setUp({ timeoutMs: 200 });
  const { admin } = setting.sandbox;
  const ids = admin.seed(
    "contacts",
    Array.from({ length: 20 }, (_, n) => ({ properties: { firstname: `old ${n}` } })),
  );
  admin.setFaults([
    { kind: "error-before", status: 503, chance: 0.1 },
    { kind: "error-after", status: 502, chance: 0.1 },
    { kind: "reset-after", chance: 0.1 },
    { kind: "truncated", chance: 0.1 },
    { kind: "html", chance: 0.1 },
    { kind: "rate-limit", retryAfter: "absurd", chance: 0.1 },
    { kind: "hang-after", chance: 0.02 },
  ]);
  const created = await Promise.all(
    Array.from({ length: 20 }, (_, n) => persist(create(`key-${n}`, { firstname: `new ${n}` }))),
  );
  const updated = await Promise.all(
    ids.map((id, n) => persist(update(id, { firstname: `old ${n}` }, { firstname: `ours ${n}` }))),
  );
  admin.setFaults([]);
  expect(created.every(({ kind }) => kind === "written")).toBe(true);
  expect(
    admin
      .records("contacts")
      .map(({ properties }) => properties["firstname"])
      .toSorted(),
  ).toEqual(
    [
      ...Array.from({ length: 20 }, (_, n) => `new ${n}`),
      ...Array.from({ length: 20 }, (_, n) => `ours ${n}`),
    ].toSorted(),
  );
  for (const result of updated) {
    const cells = result.kind === "changed" ? result.observation.cells : result.kind === "written" ? result.cells : {};
    expect(cells["firstname"]).toMatch(/^ours/);
  }
});

test("a feed that meets faults loses nothing: what was not handed over is told by the next pull", async () => {
  setting = await setUp({ timeoutMs: 200 });
  const { admin } = setting.sandbox;
  const feed = setting.connector.feed!;
  let cursor = await feed.start([contacts]);
  const rows = Array.from({ length: 300 }, (_, n) => ({ properties: { firstname: `${n}` } }));
  const expected = admin.seed("contacts", rows);
  admin.setFaults([
    { kind: "error-before", status: 500, chance: 0.1 },
    { kind: "truncated", chance: 0.1 },
    { kind: "outage", chance: 0.1 },
  ]);
  const told = new Set<string>();
  const { signal } = new AbortController();
  for (let isDone = false; !isDone; ) {
    try {
      const batch = await feed.pull({ objects: [contacts], cursor, waitMs: 0, signal });
      for (const one of batch.observations) told.add(one.ref.id);
      cursor = batch.cursor;
      isDone = batch.caughtUp;
    } catch (error) {
      if (!(error instanceof SyncFailure)) throw error;
    }
  }
  expect([...told].toSorted()).toEqual(expected.toSorted());
});

test("an object that can't be read does not hold up the others' changes", async () => {
  setting = await setUp();
  const { admin } = setting.sandbox;
  const objects = [mapped("deals", "dealname"), contacts];
  const cursor = await setting.connector.feed!.start(objects);
  const id = seedOne("A");
  admin.setScopes(["crm.objects.contacts.read"]);
  const { signal } = new AbortController();
  const pull = (place: string) => setting.connector.feed!.pull({ objects, cursor: place, waitMs: 0, signal });
  const batch = await pull(cursor);
  expect(batch).toMatchObject({ observations: [{ ref: { id } }], caughtUp: false });
  expect(await outcome(pull(batch.cursor))).toBe("UNAUTHORIZED");
});
