import { afterEach, expect, test } from "vitest";
import type { Fault } from "../../../sandbox/core/fault.ts";
import { createFaultBoard } from "../../../sandbox/core/fault.ts";
import { createRandom } from "../../../sandbox/core/random.ts";
import { type RunningServer, serve } from "../../../sandbox/core/serve.ts";
import { SyncFailure } from "../../model/sync-error.ts";
import type { WriteResult } from "../../ports/connector.ts";
import { create, remove, update } from "../../ports/testing/requests.ts";
import { between, connectTo, contacts, type Setting, setUp } from "./testing.ts";

let setting: Setting;
let proxy: RunningServer | null = null;
afterEach(async () => {
  await proxy?.close();
  proxy = null;
  await setting.sandbox.close();
});

const minute = 60_000;
const seedOne = () => {
  const { sandbox, clock } = setting;
  return sandbox.admin.seed("Contact", [{ LastName: "A" }], clock.now() - minute)[0]!;
};
const held = (id: string) => setting.sandbox.admin.record("Contact", id)!["LastName"];

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

/** The write itself, and not the reads before and after, which have the object in their path. */
const only = (fault: Fault): Fault => ({ ...fault, match: { method: "POST", path: "/composite" }, times: 1 });

test.for<[Fault["kind"], Fault, string, string]>([
  ["error-before", { kind: "error-before", status: 503 }, "UNKNOWN_OUTCOME", "A"],
  ["error-after", { kind: "error-after", status: 502 }, "UNKNOWN_OUTCOME", "ours"],
  ["hang-before", { kind: "hang-before" }, "UNKNOWN_OUTCOME", "A"],
  ["hang-after", { kind: "hang-after" }, "UNKNOWN_OUTCOME", "ours"],
  ["reset-after", { kind: "reset-after" }, "UNKNOWN_OUTCOME", "ours"],
  ["truncated", { kind: "truncated" }, "UNKNOWN_OUTCOME", "ours"],
  ["wrong-length", { kind: "wrong-length" }, "UNKNOWN_OUTCOME", "ours"],
  ["html", { kind: "html" }, "UNKNOWN_OUTCOME", "ours"],
  ["rate-limit", { kind: "rate-limit", retryAfter: "missing" }, "RATE_LIMITED", "A"],
])("an update that meets %s is %3$s", async ([, fault, expected, value]) => {
  setting = await setUp();
  const { sandbox } = setting;
  const id = seedOne();
  // The look before is answered; the fault waits for the write.
  proxy = await between(sandbox, (path) => {
    if (path.endsWith("/composite")) sandbox.admin.setFaults([only(fault)]);
  });
  const through = connectTo(sandbox, { url: proxy.url, clock: setting.clock, timeoutMs: 1000 });
  const [result] = await through.write(contacts, [update(id, { LastName: "A" }, { LastName: "ours" })]);
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
  const { sandbox, connector } = setting;
  const id = seedOne();
  await connector.describe(["Contact"]);
  sandbox.admin.setFaults([{ ...fault, match: { path: "/composite/sobjects/Contact" } }]);
  const [result] = await connector.write(contacts, [update(id, { LastName: "A" }, { LastName: "ours" })]);
  expect(resultOf(result)).toBe(fault.kind === "rate-limit" ? "RATE_LIMITED" : "UNREACHABLE");
  expect(sandbox.admin.audit().filter(({ source }) => source === "api")).toEqual([]);
});

test("a server that is not there is unreachable, for writes too", async () => {
  setting = await setUp();
  const connector = connectTo(setting.sandbox, { url: "http://127.0.0.1:1" });
  expect(await outcome(connector.read(contacts, ["003bm0000000001AAA"]))).toBe("UNREACHABLE");
  expect(await outcome(connector.write(contacts, [remove("003bm0000000001AAA", {})]))).toBe("UNREACHABLE");
});

test("a create whose answer is lost is found again, never made twice", async () => {
  setting = await setUp({ timeoutMs: 300 });
  const { sandbox, connector } = setting;
  await connector.describe(["Contact"]);
  for (const kind of ["error-after", "hang-after", "reset-after", "truncated", "html"] as const) {
    const key = `key-${kind}`;
    sandbox.admin.setFaults([{ kind, status: 502, match: { path: "/composite/sobjects" }, times: 1 } as Fault]);
    const [lost] = await connector.write(contacts, [create(key, { LastName: kind })]);
    expect(resultOf(lost)).toBe("UNKNOWN_OUTCOME");
    const [found] = await connector.write(contacts, [create(key, { LastName: kind }, { lookFirst: true })]);
    expect(found).toMatchObject({ kind: "written", created: false, cells: { LastName: kind } });
  }
  expect(sandbox.admin.records("Contact")).toHaveLength(5);
});

test("a session that ends is renewed within the call; one that can't be is for a person", async () => {
  setting = await setUp();
  const { sandbox, connector } = setting;
  const id = seedOne();
  expect((await connector.read(contacts, [id]))[0]?.kind).toBe("found");
  sandbox.admin.expireSessions();
  expect((await connector.read(contacts, [id]))[0]?.kind).toBe("found");
  const wrong = connectTo(sandbox, { auth: { kind: "session", accessToken: "gone" } });
  expect(await outcome(wrong.read(contacts, [id]))).toBe("UNAUTHORIZED");
});

test("each way to log in works, and says what is wrong when it doesn't", async () => {
  setting = await setUp();
  const { sandbox, clock } = setting;
  const { clientId, clientSecret, username, privateKey, refreshToken } = sandbox.app;
  const id = seedOne();
  const ways = [
    { kind: "session", accessToken: sandbox.token },
    { kind: "client-credentials", clientId, clientSecret },
    { kind: "refresh-token", clientId, clientSecret, refreshToken },
    { kind: "jwt", clientId, username, privateKey },
  ] as const;
  for (const auth of ways) {
    const read = await connectTo(sandbox, { auth, clock }).read(contacts, [id]);
    expect(read[0]?.kind, auth.kind).toBe("found");
  }
  const refused = [
    [{ kind: "client-credentials", clientId, clientSecret: "x" }, /invalid_client/],
    [{ kind: "refresh-token", clientId, clientSecret, refreshToken: "x" }, /expired access\/refresh token/],
    [{ kind: "jwt", clientId, username: "nobody@example.com", privateKey }, /user hasn't approved/],
    [{ kind: "jwt", clientId, username, privateKey: "no key" }, /private key can't be read/],
  ] as const;
  for (const [auth, message] of refused) {
    const call = connectTo(sandbox, { auth, clock }).read(contacts, [id]);
    await expect(call).rejects.toMatchObject({
      error: { code: "UNAUTHORIZED", message: expect.stringMatching(message) },
    });
  }
});

test("Truce stops before the day's calls are used up, scans first, and goes on when there is room", async () => {
  setting = await setUp({ allocationShare: 0.8 });
  const { sandbox, connector, clock } = setting;
  const id = seedOne();
  sandbox.admin.setLimits({ daily: 0.1 });
  await connector.read(contacts, [id]);
  while ((await outcome(connector.scan(contacts, null))) === "ok");
  expect(Object.values(sandbox.admin.calls()).reduce((sum, count) => sum + count, 0)).toBeLessThan(75);
  clock.skip(6 * minute);
  let reads = 0;
  while ((await outcome(connector.read(contacts, [id]))) === "ok") reads++;
  expect(reads).toBeGreaterThan(5);
  expect(await outcome(connector.read(contacts, [id]))).toBe("RATE_LIMITED");
  clock.skip(25 * 60 * minute);
  expect(await outcome(connector.read(contacts, [id]))).toBe("ok");
});

test("when another client has used up the calls, nothing is sent for a while", async () => {
  setting = await setUp();
  const { sandbox, connector, clock } = setting;
  const id = seedOne();
  await connector.read(contacts, [id]);
  sandbox.admin.setLimits({ daily: 0 });
  expect(await outcome(connector.read(contacts, [id]))).toBe("RATE_LIMITED");
  const calls = sandbox.admin.calls();
  expect(await outcome(connector.read(contacts, [id]))).toBe("RATE_LIMITED");
  expect(sandbox.admin.calls()).toEqual(calls);
  sandbox.admin.setLimits({});
  clock.skip(6 * minute);
  expect(await outcome(connector.read(contacts, [id]))).toBe("ok");
});

test.for([
  "{}",
  "[]",
  '{"records":{}}',
  '{"records":[{"Id":"1"}],"done":true}',
  '[{"Id":"003bm0000000001AAA"}]',
  "[1]",
])("the answer %s is JSON but no answer, and not believed", async (body) => {
  setting = await setUp();
  const { sandbox } = setting;
  const described = await (
    await fetch(`${sandbox.url}/services/data/v66.0/sobjects/Contact/describe`, {
      headers: { authorization: `Bearer ${sandbox.token}` },
    })
  ).text();
  proxy = await serve({
    port: 0,
    faults: createFaultBoard(createRandom(1)),
    handle: ({ path }) => ({ status: 200, body: path.endsWith("/describe") ? described : body }),
    admin: () => ({ status: 404, body: null }),
    rateLimited: () => ({ status: 403, body: null }),
    serverError: (status) => ({ status, body: null }),
  });
  const connector = connectTo(sandbox, { url: proxy.url, auth: { kind: "session", accessToken: sandbox.token } });
  expect(await outcome(connector.read(contacts, ["003bm0000000001AAA"]))).toBe("UNREACHABLE");
  expect(await outcome(connector.scan(contacts, "003bm0000000001AAA/"))).toBe("UNREACHABLE");
});

test("a login that names another host as the org is not believed", async () => {
  setting = await setUp();
  const { sandbox, clock } = setting;
  const body = { access_token: "x", instance_url: "https://salesforce.com.attacker.example", id: "" };
  proxy = await serve({
    port: 0,
    faults: createFaultBoard(createRandom(1)),
    handle: () => ({ status: 200, body }),
    admin: () => ({ status: 404, body: null }),
    rateLimited: () => ({ status: 403, body: null }),
    serverError: (status) => ({ status, body: null }),
  });
  const call = connectTo(sandbox, { url: proxy.url, clock }).read(contacts, ["003bm0000000001AAA"]);
  await expect(call).rejects.toMatchObject({
    error: { code: "UNAUTHORIZED", message: expect.stringMatching(/attacker/) },
  });
});
