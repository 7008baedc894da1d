import { expect, onTestFinished, test } from "vitest";
import { isForbiddenAddress } from "./address.ts";
import type { RestAuth } from "./options.ts";
import { type Asked, connectorAt, mapped, toolThat } from "./testing.ts";

const object = mapped("name");
const list = { body: [{ id: 1, name: "Ada" }] };

/** What the tool was asked for a scan by a connector with this auth; `answer` may take over. */
async function askedWith(auth: (url: string) => RestAuth, answer: (asked: Asked) => object | null = () => null) {
  const { url, asked } = await toolThat((one) => answer(one) ?? list, onTestFinished);
  const connector = connectorAt(url, {}, { auth: auth(url) });
  await connector.scan(object, null);
  return { asked, connector };
}

test("basic auth and headers go with each request", async () => {
  const basic = await askedWith(() => ({ type: "basic", user: "truce", password: "pä:ss" }));
  expect(basic.asked[0]?.headers["authorization"]).toBe(`Basic ${Buffer.from("truce:pä:ss").toString("base64")}`);
  const header = await askedWith(() => ({ type: "header", headers: { "X-Api-Key": "key" } }));
  expect(header.asked[0]?.headers["x-api-key"]).toBe("key");
});

test("client credentials are exchanged once, and again when the token is refused", async () => {
  let tokens = 0;
  let revoked = "";
  const { asked, connector } = await askedWith(
    (url) => ({ type: "oauth", tokenUrl: `${url}/token`, clientId: "id", clientSecret: "secret", scope: "all" }),
    ({ path, headers }) => {
      if (path === "/token") return { body: { access_token: `token ${++tokens}`, expires_in: 3600 } };
      return headers["authorization"] === revoked ? { status: 401, body: {} } : null;
    },
  );
  await connector.scan(object, null);
  expect(asked.map(({ path }) => path)).toEqual(["/token", "/contacts", "/contacts"]);
  expect(asked[0]?.body).toBe("grant_type=client_credentials&scope=all&client_id=id&client_secret=secret");
  revoked = "Bearer token 1";
  await connector.scan(object, null);
  expect(asked.at(-1)?.headers["authorization"]).toBe("Bearer token 2");
});

test("a login yields a token, which is renewed on a 401", async () => {
  let logins = 0;
  const { asked } = await askedWith(
    () => ({
      type: "login",
      path: "/login",
      body: { user: "truce", password: "p" },
      token: "data.token",
      header: "X-Session",
    }),
    ({ path, headers }) => {
      if (path === "/login") return { body: { data: { token: `session ${++logins}` } } };
      return headers["x-session"] === "session 1" ? { status: 401, body: { message: "expired" } } : null;
    },
  );
  expect(asked.map(({ path }) => path)).toEqual(["/login", "/contacts", "/login", "/contacts"]);
});

test("a wrong password is told as such, without the password", async () => {
  const { url } = await toolThat(() => ({ status: 403, body: { error: "bad login" } }), onTestFinished);
  const auth = { type: "login", path: "/login", body: { password: "hunter2" } } as const;
  const failure = await connectorAt(url, {}, { auth })
    .scan(object, null)
    .catch((error: unknown) => error);
  expect(failure).toMatchObject({ error: { code: "UNAUTHORIZED", message: "logging in: answered 403 bad login" } });
});

test("a redirect within the host is followed by reads, and never by writes or to another host", async () => {
  const { url, asked } = await toolThat(
    ({ path }) => (path === "/contacts" ? { status: 301, headers: { location: "/contacts/" } } : list),
    onTestFinished,
  );
  const connector = connectorAt(url, {});
  expect((await connector.scan(object, null)).observations).toHaveLength(1);
  const create = {
    kind: "create",
    attemptId: "a",
    key: "k",
    patch: { name: "x" },
    identity: [],
    lookFirst: false,
  } as const;
  const [result] = await connector.write(object, [create]);
  expect(result).toMatchObject({
    kind: "failed",
    error: { message: expect.stringContaining("/contacts/; write url and path") },
  });

  const other = await toolThat(
    () => ({ status: 302, headers: { location: `${url.replace("127.0.0.1", "localhost")}/x` } }),
    onTestFinished,
  );
  const before = asked.length;
  await expect(connectorAt(other.url, {}).scan(object, null)).rejects.toThrow(
    "another host, where Truce does not follow",
  );
  expect(asked).toHaveLength(before);
});

test.each([
  "169.254.169.254",
  "[fe80::1]",
  "[fd00:ec2::254]",
  "0.0.0.0",
  "[::ffff:169.254.169.254]",
  "2852039166",
  "0xA9FEA9FE",
])("no request goes to %s unless the config allows it", async (host) => {
  const connector = connectorAt(`http://${host}/api`, {}, { timeoutMs: 300 });
  await expect(connector.scan(object, null)).rejects.toThrow("link-local or cloud metadata address");
});

test("internal addresses are where internal tools live", () => {
  expect(["10.0.0.1", "192.168.1.1", "127.0.0.1", "::1", "fd12::1"].filter(isForbiddenAddress)).toEqual([]);
});

test("whole numbers beyond what JavaScript holds keep their digits, in ids, cells and a record that is put back", async () => {
  const { url, asked } = await toolThat(
    ({ method }) => ({
      body:
        method === "PUT"
          ? '{"id":9007199254740993,"name":"b","ref":9007199254740995}'
          : '{"id":9007199254740993,"name":"a","ref":9007199254740995}',
    }),
    onTestFinished,
  );
  const connector = connectorAt(url, { update: { method: "PUT" } }, {}, ["name", "ref"]);
  const [result] = await connector.write(mapped("name", "ref"), [
    {
      kind: "update",
      attemptId: "a",
      id: "9007199254740993",
      patch: { name: "b" },
      base: { name: "a" },
      revision: null,
    },
  ]);
  expect(result).toMatchObject({ kind: "written", id: "9007199254740993", cells: { ref: "9007199254740995" } });
  expect(asked.at(-1)?.body).toBe('{"id":9007199254740993,"ref":9007199254740995,"name":"b"}');
});

test("requests keep to the rate that the config names", async () => {
  const { url, asked } = await toolThat(() => list, onTestFinished);
  let now = 1_000_000;
  const slept: number[] = [];
  const clock = {
    now: () => now,
    sleep: async (ms: number) => {
      slept.push(ms);
      now += ms;
    },
  };
  const connector = connectorAt(url, {}, { clock, rateLimit: { requests: 2, per: 1_000 } });
  for (let n = 0; n < 5; n++) await connector.scan(object, null);
  expect(asked).toHaveLength(5);
  expect(slept.reduce((a, b) => a + b, 0)).toBe(2_000);
});

test("a tool that answers in a kind of JSON of its own is not refused", async () => {
  const { url } = await toolThat(({ headers }) => {
    const accepts = headers["accept"] ?? "";
    if (!/application\/\*\+json|\*\/\*/u.test(accepts)) return { status: 406 };
    return { body: { id: "1", name: "Ada" }, headers: { "content-type": "application/vnd.api+json" } };
  }, onTestFinished);
  expect(await connectorAt(url, {}).read(mapped("name"), ["1"])).toMatchObject([{ kind: "found" }]);
});
