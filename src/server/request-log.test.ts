import { afterAll, beforeAll, expect, test } from "vitest";
import type { RequestLine } from "./request-log.ts";
import { openTestServer, type TestServer } from "./testing.ts";

let server: TestServer;
const lines: RequestLine[] = [];

beforeAll(async () => {
  server = await openTestServer({ log: { answered: (line) => void lines.push(line), bug: () => undefined } });
});

afterAll(async () => {
  await server.close();
});

test("every answer says its request's id, under which it is logged, by its route and without what was asked for", async () => {
  const answer = await fetch(`${server.url}/api/v1/records?q=ada%40example.org`);
  const requestId = answer.headers.get("x-request-id");
  await expect
    .poll(() => lines.find((line) => line.requestId === requestId))
    .toMatchObject({
      ...{ method: "GET", status: 401 },
      route: "/api/v1/records",
    });
  expect(JSON.stringify(lines)).not.toContain("ada");
});

test("a sender's own request id is kept; one that could break a log line is not", async () => {
  const idGiven = async (id: string) =>
    (await fetch(`${server.url}/healthz`, { headers: { "x-request-id": id } })).headers.get("x-request-id");
  expect(await idGiven("vendor-7.4_b")).toBe("vendor-7.4_b");
  expect(await idGiven("a b")).toMatch(/^[\w-]{36}$/u);
});
