import { afterAll, beforeAll, expect, test } from "vitest";
import { machineClock, machineRandom } from "../clock/machine.ts";
import { t0 } from "../ports/testing/store-samples.ts";
import { createMemoryStore } from "../store/memory/memory-store.ts";
import { openAccounts } from "./access/accounts.ts";
import { permissions, type Role, roles } from "./access/identity.ts";
import { newThrottle } from "./access/throttle.ts";
import { api } from "./api.ts";
import { ApiError, createClient } from "./client.ts";
import { apiPath, type OperationName, operations } from "./operations.ts";
import { type Browser, contested, goodPassword, newBrowser, openTestServer, type TestServer } from "./testing.ts";

let server: TestServer;
const browsers = {} as Record<Role, Browser>;

beforeAll(async () => {
  // The provider is not asked here; its routes are there.
  const oidc = { issuer: "http://127.0.0.1:1", clientId: "truce", clientSecret: null, label: "Acme" };
  server = await openTestServer({ oidc: { ...oidc, scope: "openid", nameClaim: "email", roles: null } });
  for (const role of roles) browsers[role] = await server.signedIn(role, role);
});
afterAll(() => server.close());

async function statusOf(call: Promise<unknown>): Promise<number> {
  try {
    await call;
    return 200;
  } catch (error) {
    if (error instanceof ApiError) return error.status;
    throw error;
  }
}

const names = Object.keys(operations) as OperationName[];
const pathOf = (name: OperationName) => `${apiPath}${operations[name][1].replaceAll(/\{\w+\}/gu, "x")}`;

/** Sends what any operation refuses as not acceptable or not found, once it has let the caller in. Streams are left at once. */
async function knock(send: typeof fetch, name: OperationName): Promise<number> {
  const [method] = operations[name];
  const leave = new AbortController();
  const answer = await send(`${server.url}${pathOf(name)}`, {
    method,
    signal: leave.signal,
    ...(method === "POST" || method === "PUT"
      ? { body: '{"x":1}', headers: { "content-type": "application/json" } }
      : {}),
  });
  leave.abort();
  return answer.status;
}

/** Ends the session it is called with: asked apart. */
const endsSession: readonly OperationName[] = ["signOut"];

test("who may call what, for every operation, is what is written here", async () => {
  const table: string[] = [];
  for (const name of names.filter((one) => !endsSession.includes(one))) {
    const allowed: string[] = [];
    const anonymous = await knock(fetch, name);
    if (anonymous === 401) expect(api[name].access).not.toBe("anyone");
    else allowed.push("nobody");
    for (const role of roles) if (![401, 403].includes(await knock(browsers[role].fetch, name))) allowed.push(role);
    table.push(`${name}: ${allowed.join(" ")}`);
  }
  expect(table).toMatchInlineSnapshot(`
    [
      "getSession: nobody viewer reviewer operator admin",
      "signIn: nobody viewer reviewer operator admin",
      "acceptInvitation: nobody viewer reviewer operator admin",
      "changePassword: viewer reviewer operator admin",
      "listSessions: viewer reviewer operator admin",
      "revokeSession: viewer reviewer operator admin",
      "listUsers: admin",
      "inviteUser: admin",
      "changeUser: admin",
      "removeUser: admin",
      "listReviewers: reviewer operator admin",
      "listTokens: viewer reviewer operator admin",
      "createToken: viewer reviewer operator admin",
      "revokeToken: viewer reviewer operator admin",
      "listAudit: admin",
      "getOverview: viewer reviewer operator admin",
      "streamEvents: viewer reviewer operator admin",
      "listHoldGroups: viewer reviewer operator admin",
      "listHolds: viewer reviewer operator admin",
      "getHold: viewer reviewer operator admin",
      "decideHold: reviewer operator admin",
      "undoDecision: reviewer operator admin",
      "assignHold: reviewer operator admin",
      "decideHolds: reviewer operator admin",
      "searchRecords: viewer reviewer operator admin",
      "getRecord: viewer reviewer operator admin",
      "listRecordJournal: viewer reviewer operator admin",
      "eraseRecord: admin",
      "splitRecord: reviewer operator admin",
      "restoreField: reviewer operator admin",
      "listJournal: viewer reviewer operator admin",
      "exportJournal: reviewer operator admin",
      "exportJournalLines: reviewer operator admin",
      "verifyJournal: operator admin",
      "planUndo: operator admin",
      "undoChanges: operator admin",
      "trainMatching: operator admin",
      "listSweeps: viewer reviewer operator admin",
      "startSweep: operator admin",
      "getConvergence: viewer reviewer operator admin",
      "startConvergence: operator admin",
      "getPlan: viewer reviewer operator admin",
      "startPlan: operator admin",
      "approveWrites: operator admin",
      "listAlerts: viewer reviewer operator admin",
      "acknowledgeAlert: reviewer operator admin",
      "listStoppedFlows: viewer reviewer operator admin",
      "decideFlow: operator admin",
      "getConfig: viewer reviewer operator admin",
      "getConfigText: operator admin",
      "previewConfig: reviewer operator admin",
      "suggestRules: viewer reviewer operator admin",
      "listDeadLetters: viewer reviewer operator admin",
      "getDeadLetter: viewer reviewer operator admin",
      "editDeadLetter: operator admin",
      "replayDeadLetters: operator admin",
      "discardDeadLetters: operator admin",
    ]
  `);
});

test("every route is an operation, or is one of the few others", () => {
  const known = names.map(
    (name) => `${operations[name][0]} ${apiPath}${operations[name][1].replaceAll(/\{(\w+)\}/gu, ":$1")}`,
  );
  const others = server.routes.filter((route) => !known.includes(route) && !route.startsWith("HEAD "));
  expect(others.sort()).toEqual([
    "ANY /api/v1/*",
    "GET /*",
    "GET /api/v1/docs",
    "GET /api/v1/docs.css",
    "GET /api/v1/openapi.json",
    "GET /auth/oidc",
    "GET /auth/oidc/callback",
    "GET /healthz",
    "GET /metrics",
    "GET /readyz",
    "POST /webhooks/:system/:secret?",
  ]);
});

test("a token does what its scopes and its owner's role both allow, and nothing that is for people", async () => {
  const { client } = await server.signedIn("operator", "olga");
  expect(await statusOf(client.createToken({ name: "too much", scopes: ["admin"] }))).toBe(422);
  const { id, token } = await client.createToken({ name: "reader", scopes: ["read"], days: 1 });
  const reader = createClient({ url: server.url, token });
  expect((await reader.getSession({})).permissions).toEqual(["read"]);
  expect(await statusOf(reader.getOverview({}))).toBe(200);
  expect(await statusOf(reader.decideHolds({ decisions: [{ hold: "x", revision: 1, choice: { kind: "new" } }] }))).toBe(
    403,
  );
  expect(await statusOf(reader.createToken({ name: "another", scopes: ["read"] }))).toBe(403);
  const stored = await server.deps.store.documents({ kind: "token", limit: 100 }, 0);
  expect(JSON.stringify(stored)).not.toContain(token.split("_").at(-1));
  await client.revokeToken({ token: id });
  expect(await statusOf(reader.getOverview({}))).toBe(401);
});

test("a token is worth no more than its owner is now", async () => {
  const { client } = await server.signedIn("admin", "anton");
  const { token } = await client.createToken({ name: "all", scopes: [...permissions] });
  const holder = createClient({ url: server.url, token });
  await browsers.admin.client.changeUser({ user: "anton", role: "viewer" });
  expect((await holder.getSession({})).permissions).toEqual(["read"]);
  await browsers.admin.client.removeUser({ user: "anton" });
  expect(await statusOf(holder.getOverview({}))).toBe(401);
  expect(await statusOf(client.getOverview({}))).toBe(401);
});

test("sessions are revoked at once, one's own by everyone, others' by admins only", async () => {
  const [first, second] = [await server.signedIn("viewer", "vera"), newBrowser(server.url)];
  await second.client.signIn({ name: "VERA ", password: goodPassword });
  const sessions = (await first.client.listSessions({})).items;
  expect(sessions.map(({ user }) => user)).toEqual(["vera", "vera"]);
  const other = sessions.find(({ isThis }) => !isThis)?.id ?? "";
  expect(await statusOf(browsers.operator.client.revokeSession({ session: other }))).toBe(404);
  await first.client.revokeSession({ session: other });
  expect(await statusOf(second.client.getOverview({}))).toBe(401);
  await first.client.signOut({});
  expect(await statusOf(first.client.getOverview({}))).toBe(401);
});

test("a new password ends the other sessions, and needs the old one", async () => {
  const [first, second] = [await server.signedIn("viewer", "paula"), newBrowser(server.url)];
  await second.client.signIn({ name: "paula", password: goodPassword });
  const next = "another good password";
  expect(await statusOf(first.client.changePassword({ current: "wrong password", next }))).toBe(422);
  expect(await statusOf(first.client.changePassword({ current: goodPassword, next: "short" }))).toBe(422);
  await first.client.changePassword({ current: goodPassword, next });
  expect(await statusOf(first.client.getOverview({}))).toBe(200);
  expect(await statusOf(second.client.getOverview({}))).toBe(401);
  const stored = JSON.stringify(await server.deps.store.document("user", "paula", 0));
  expect(stored).toMatch(/scrypt\$32768\$8\$3\$/u);
  expect(stored).not.toContain(next);
});

test("after some failed tries a name must wait, however right the password then is", async () => {
  const store = createMemoryStore();
  // A busy machine takes its time over passwords: here none goes by.
  const clock = { ...machineClock, now: () => t0 };
  const accounts = openAccounts({ store, clock, random: machineRandom });
  await accounts.addUser("vic", "viewer", goodPassword);
  const signIn = (password: string) =>
    accounts.signIn("Vic", password, "", "127.0.0.1").catch((error: unknown) => error);
  for (let i = 0; i < 5; i++) expect(await signIn("guess")).toMatchObject({ status: 401 });
  expect(await signIn(goodPassword)).toMatchObject({ status: 429, extra: { retryAfter: 2 } });
});

test("each failure doubles the wait, up to a quarter of an hour, and success forgets them", () => {
  const throttle = newThrottle(5);
  for (let i = 0; i < 6; i++) throttle.failed("k", 0);
  expect(throttle.waitMs("k", 0)).toBe(4_000);
  expect(throttle.waitMs("k", 4_000)).toBe(0);
  for (let i = 0; i < 20; i++) throttle.failed("k", 0);
  expect(throttle.waitMs("k", 0)).toBe(15 * 60_000);
  expect(throttle.waitMs("other", 0)).toBe(0);
  throttle.passed("k");
  expect(throttle.waitMs("k", 0)).toBe(0);
});

test("a change from another site is refused, with the cookie and all", async () => {
  const send = (headers: Record<string, string>) =>
    fetch(`${server.url}${apiPath}/sweeps`, {
      method: "POST",
      body: '{"system":"x"}',
      headers: { "content-type": "application/json", cookie: browsers.operator.cookie(), ...headers },
    });
  expect((await send({ origin: "https://evil.example" })).status).toBe(403);
  expect((await send({})).status).toBe(403);
  expect((await send({ origin: server.url })).status).toBe(404);
  const text = await send({ origin: server.url, "content-type": "text/plain" });
  expect(text.status).toBe(415);
});

test("the cookie is out of reach of scripts and other sites, and bound to this host under https", async () => {
  const plain = await fetch(`${server.url}${apiPath}/session`, post({ name: "viewer", password: goodPassword }));
  expect(plain.headers.getSetCookie()[0]).toMatch(/^truce-\d+=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/u);
  const secure = await openTestServer({ publicUrl: "https://truce.example.com" });
  await secure.accounts.addUser("ann", "viewer", goodPassword);
  const answer = await fetch(`${secure.url}${apiPath}/session`, post({ name: "ann", password: goodPassword }));
  expect(answer.headers.getSetCookie()[0]).toMatch(
    /^__Host-truce=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Secure$/u,
  );
  await secure.close();
});

function post(body: unknown): RequestInit {
  return { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } };
}

test("the first admin is made once, by who has the link", async () => {
  const own = await openTestServer();
  const { client } = newBrowser(own.url);
  expect(await client.getSession({})).toMatchObject({ name: null, hasUsers: false });
  const secret = await own.accounts.invite({ name: null, role: "admin", isPass: false });
  const wrong = client.acceptInvitation({ secret: `${secret}x`, name: "ann", password: goodPassword });
  expect(await statusOf(wrong)).toBe(404);
  expect(await statusOf(client.acceptInvitation({ secret, name: "ann", password: "short" }))).toBe(422);
  await client.acceptInvitation({ secret, name: "ann", password: goodPassword });
  expect(await client.getSession({})).toMatchObject({ name: "ann", role: "admin", hasUsers: true });
  const again = newBrowser(own.url).client.acceptInvitation({ secret, name: "eve", password: goodPassword });
  expect(await statusOf(again)).toBe(404);
  await own.close();
});

test("an invited user chooses a password, and has the role they were given", async () => {
  const { secret } = await browsers.admin.client.inviteUser({ name: "iris", role: "reviewer" });
  const { client } = newBrowser(server.url);
  await client.acceptInvitation({ secret, password: goodPassword });
  expect(await client.getSession({})).toMatchObject({ name: "iris", role: "reviewer" });
});

test("the last admin stays one", async () => {
  const own = await openTestServer();
  const { client } = await own.signedIn("admin", "ann");
  expect(await statusOf(client.changeUser({ user: "ann", role: "viewer" }))).toBe(422);
  expect(await statusOf(client.removeUser({ user: "ann" }))).toBe(422);
  await own.close();
});

test("an address beyond this machine is not listened on while nobody can sign in", async () => {
  await expect(openTestServer({ host: "0.0.0.0" })).rejects.toThrow("Nobody could sign in yet");
});

test("viewers see that there is personal data, not which; reviewers see it", async () => {
  const id = await contested(server, "rosa");
  const seen = async (role: Role) => {
    const { client } = browsers[role];
    const hold = await client.getHold({ hold: id });
    const record = await client.getRecord({ record: hold.goldenId ?? "" });
    const journal = await client.listJournal({ record: hold.goldenId ?? "" });
    const list = await client.searchRecords({});
    return JSON.stringify([hold, record, journal, list, await client.listHolds({})]);
  };
  const personal = ["rosa@example.org", "Name rosa", "200", "300"];
  for (const value of personal) expect(await seen("reviewer")).toContain(`"${value}"`);
  for (const value of personal) expect(await seen("viewer")).not.toContain(`"${value}"`);
  expect((await browsers.viewer.client.searchRecords({ query: "rosa@example.or" })).items).toEqual([]);
  expect((await browsers.viewer.client.searchRecords({ query: "rosa@example.org" })).items).toHaveLength(1);
  expect(await statusOf(browsers.viewer.client.exportJournal({}))).toBe(403);
});

test("what people do is audited, refused or not, without values", async () => {
  const id = await contested(server, "audited");
  await browsers.reviewer.client.decideHold({ hold: id, revision: 1, choice: { kind: "take", candidate: 1 } });
  await statusOf(browsers.viewer.client.startSweep({ system: "crm" }));
  const { items } = await browsers.admin.client.listAudit({ limit: 200 });
  expect(items).toContainEqual(
    expect.objectContaining({ who: "reviewer", via: "session", what: "decideHold", status: 200, target: { hold: id } }),
  );
  expect(items).toContainEqual(expect.objectContaining({ who: "viewer", what: "startSweep", status: 403 }));
  expect(items).toContainEqual(expect.objectContaining({ what: "signIn", status: 204, who: null }));
  expect(JSON.stringify(items)).not.toContain(goodPassword);
});

test("figures for Prometheus are for those who may read, and say nothing of any record", async () => {
  const get = (token?: string) =>
    fetch(`${server.url}/metrics`, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } });
  expect((await get()).status).toBe(401);
  const { client } = await server.signedIn("operator", "petra");
  const { token } = await client.createToken({ name: "prometheus", scopes: ["read"] });
  await server.says("crm", "7", { email: "metrics@example.org" });
  const answer = await get(token);
  const text = await answer.text();
  expect([answer.status, answer.headers.get("content-type")]).toEqual([200, expect.stringContaining("text/plain")]);
  expect(text).toMatch(/^truce_golden_records\{entity="contact"\} [1-9]/m);
  expect(text).toContain("truce_dead_letters_open 0");
  expect(text).not.toContain("metrics@example.org");
});
