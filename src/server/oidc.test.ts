import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { OidcOptions } from "./access/oidc.ts";
import { startTestProvider, type TestProvider } from "./access/testing/provider.ts";
import { createClient } from "./client.ts";
import { oidcPath } from "./oidc-routes.ts";
import { goodPassword, openTestServer, type TestServer } from "./testing.ts";

let provider: TestProvider;
let server: TestServer;
let byGroups: TestServer;

beforeAll(async () => {
  provider = await startTestProvider();
  const oidc: OidcOptions = {
    issuer: provider.issuer,
    clientId: provider.clientId,
    clientSecret: provider.clientSecret,
    label: "Acme",
    scope: "openid email",
    nameClaim: "email",
    roles: null,
  };
  const roles = { claim: "groups", values: { admin: ["it"], reviewer: ["sales", "support"] }, others: null };
  server = await openTestServer({ oidc, log: { answered: () => undefined, bug: () => undefined } });
  byGroups = await openTestServer({ oidc: { ...oidc, roles } });
});
afterAll(() => Promise.all([server.close(), byGroups.close(), provider.close()]));
beforeEach(() => {
  provider.fault = "none";
});

/** A browser that presses the button; where it ends, and its cookies. */
async function enter({ url }: TestServer, bringsCookies = true) {
  const jar = new Map<string, string>();
  let place = `${url}${oidcPath}`;
  for (let hops = 0; hops < 5; hops++) {
    const isOurs = place.startsWith(url);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = isOurs && (bringsCookies || !place.includes("callback")) ? { cookie } : {};
    const answer = await fetch(place, { redirect: "manual", headers });
    for (const text of answer.headers.getSetCookie()) {
      const [pair = ""] = text.split(";");
      const [name = "", value = ""] = pair.split("=");
      if (/Max-Age=0/u.test(text)) jar.delete(name);
      else jar.set(name, value);
    }
    const next = answer.headers.get("location");
    if (next === null) return { status: answer.status, place, jar };
    place = new URL(next, place).href;
    if (isOurs && new URL(place).pathname === "/") return { status: answer.status, place, jar };
  }
  throw new Error("It goes round and round.");
}

async function whoIs({ url }: TestServer, jar: ReadonlyMap<string, string>) {
  const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
  const send: typeof fetch = (input, init) => fetch(input, { ...init, headers: { ...init?.headers, cookie } });
  return createClient({ url, fetch: send }).getSession({});
}

test("the first time somebody comes from the provider they are a viewer, called by their address", async () => {
  provider.person = { sub: "1", email: "ann@acme.example" };
  const { place, jar } = await enter(server);
  expect(new URL(place).search).toBe("");
  expect([...jar.keys()]).toEqual([expect.stringMatching(/^truce-\d+$/u)]);
  expect(await whoIs(server, jar)).toMatchObject({ name: "ann@acme.example", role: "viewer", provider: "Acme" });
});

test("a role that an admin gave stays, and a new address at the provider makes no new user", async () => {
  await server.accounts.changeRole("ann@acme.example", "operator");
  provider.person = { sub: "1", email: "ann.married@acme.example" };
  expect(await whoIs(server, (await enter(server)).jar)).toMatchObject({ name: "ann@acme.example", role: "operator" });
});

test("whoever gets an address that was somebody else's is not that somebody", async () => {
  provider.person = { sub: "2", email: "ann@acme.example" };
  const { place, jar } = await enter(server);
  expect(new URL(place).search).toBe("?sign-in=taken");
  expect((await whoIs(server, jar)).name).toBeNull();
});

test("a user with a password is not taken over by their name at the provider", async () => {
  await server.accounts.addUser("boss@acme.example", "admin", goodPassword);
  provider.person = { sub: "3", email: "Boss@acme.example" };
  expect(new URL((await enter(server)).place).search).toBe("?sign-in=taken");
});

test("a removed user is a stranger again", async () => {
  await server.accounts.addUser("keeper", "admin", goodPassword);
  await server.accounts.removeUser("ann@acme.example");
  provider.person = { sub: "1", email: "ann@acme.example" };
  expect(await whoIs(server, (await enter(server)).jar)).toMatchObject({ name: "ann@acme.example", role: "viewer" });
});

test("where a claim gives roles, the most of them counts, anew each time, and others stay outside", async () => {
  provider.person = { sub: "7", email: "rita@acme.example", groups: ["sales", "it"] };
  expect(await whoIs(byGroups, (await enter(byGroups)).jar)).toMatchObject({ role: "admin" });
  provider.person = { sub: "7", email: "rita@acme.example", groups: "support" };
  expect(await whoIs(byGroups, (await enter(byGroups)).jar)).toMatchObject({ role: "reviewer" });
  provider.person = { sub: "8", email: "eve@acme.example", groups: ["press"] };
  const { place, jar } = await enter(byGroups);
  expect(new URL(place).search).toBe("?sign-in=refused");
  expect(jar.size).toBe(0);
  expect(await byGroups.accounts.user("eve@acme.example")).toBeNull();
});

test("an answer that is not the provider's, or not to this question, lets nobody in", async () => {
  provider.person = { sub: "9", email: "mallory@acme.example" };
  for (const fault of ["denied", "other-nonce", "other-audience", "other-key"] as const) {
    provider.fault = fault;
    const { place, jar } = await enter(server);
    expect([fault, new URL(place).search, jar.size]).toEqual([fault, "?sign-in=failed", 0]);
  }
});

test("a way back that this browser did not set out on is refused, and none is good twice", async () => {
  provider.person = { sub: "10", email: "olga@acme.example" };
  expect(new URL((await enter(server, false)).place).search).toBe("?sign-in=expired");
  await server.accounts.keepTrip("k", { state: "s", nonce: "n", verifier: "v" }, 60_000);
  expect(await server.accounts.takeTrip("k")).toMatchObject({ state: "s" });
  expect(await server.accounts.takeTrip("k")).toBeNull();
});

test("it is audited, and the client's secret is nowhere in what is kept", async () => {
  const audit = await server.accounts.auditLog(undefined, 200);
  expect(audit.map(({ value }) => [value.what, value.who])).toContainEqual(["signInByOidc", "ann@acme.example"]);
  const kept = await Promise.all(
    ["user", "session", "oidc-trip", "oidc-subject"].map((kind) => server.deps.store.documents({ kind, limit: 99 }, 0)),
  );
  expect(JSON.stringify(kept)).not.toContain(provider.clientSecret);
});
