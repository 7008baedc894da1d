import { afterEach, expect, test } from "vitest";
import { createFaultBoard, type Fault } from "./fault.ts";
import { createRandom } from "./random.ts";
import { type RunningServer, serve } from "./serve.ts";

let server: RunningServer;
afterEach(() => server.close());

/** A vendor that counts its effects. */
async function counting(...initial: Fault[]) {
  const effects: string[] = [];
  const faults = createFaultBoard(createRandom(1), initial);
  server = await serve({
    port: 0,
    faults,
    handle: ({ method, path }) => {
      effects.push(`${method} ${path}`);
      return { status: 200, body: { count: effects.length } };
    },
    admin: () => ({ status: 200, body: { effects } }),
    rateLimited: (retryAfterS) => ({
      status: 429,
      headers: retryAfterS === null ? {} : { "retry-after": String(retryAfterS) },
      body: { message: "slow down" },
    }),
    serverError: (status) => ({ status, body: "" }),
  });
  return { effects, faults };
}

test("without faults every request is answered and has its effect", async () => {
  const { effects } = await counting();
  const response = await fetch(`${server.url}/a?b=c`, { method: "POST", body: "x" });
  expect(await response.json()).toEqual({ count: 1 });
  expect(effects).toEqual(["POST /a"]);
});

test.for<[Fault, number, number]>([
  [{ kind: "rate-limit", retryAfter: "honest" }, 429, 0],
  [{ kind: "error-before", status: 503 }, 503, 0],
  [{ kind: "error-after", status: 502 }, 502, 1],
])("%o answers %i after %i effects", async ([fault, status, count]) => {
  const { effects } = await counting(fault);
  expect((await fetch(server.url)).status).toBe(status);
  expect(effects).toHaveLength(count);
});

test("Retry-After can be honest, absurd or missing", async () => {
  const { faults } = await counting();
  const asked = async (retryAfter: "honest" | "absurd" | "missing") => {
    faults.set([{ kind: "rate-limit", retryAfter }]);
    return (await fetch(server.url)).headers.get("retry-after");
  };
  expect(await asked("honest")).toBe("1");
  expect(Number(await asked("absurd"))).toBeGreaterThan(3600);
  expect(await asked("missing")).toBeNull();
});

test("a half-open socket never answers; the effect is there or not", async () => {
  const { effects, faults } = await counting({ kind: "hang-before", times: 1 });
  await expect(fetch(server.url, { signal: AbortSignal.timeout(50) })).rejects.toThrow();
  expect(effects).toEqual([]);
  faults.set([{ kind: "hang-after", times: 1 }]);
  const patience = new AbortController();
  const answer = fetch(server.url, { signal: patience.signal });
  await expect.poll(() => effects, { timeout: 20_000 }).toEqual(["GET /"]);
  patience.abort();
  await expect(answer).rejects.toThrow();
});

test("a reset comes after the effect, an outage before it", async () => {
  const { effects, faults } = await counting({ kind: "reset-after" });
  await expect(fetch(server.url)).rejects.toThrow();
  expect(effects).toHaveLength(1);
  faults.set([{ kind: "outage" }]);
  await expect(fetch(server.url)).rejects.toThrow();
  expect(effects).toHaveLength(1);
});

test("damaged bodies come with the status of success", async () => {
  const { faults } = await counting({ kind: "truncated" });
  const truncated = await fetch(server.url);
  expect(truncated.status).toBe(200);
  await expect(truncated.json()).rejects.toThrow();

  faults.set([{ kind: "html" }]);
  const page = await fetch(server.url);
  expect(page.status).toBe(200);
  expect(await page.text()).toContain("<html>");

  faults.set([{ kind: "wrong-length" }]);
  await expect(fetch(server.url).then((response) => response.text())).rejects.toThrow();
});

test("a fault strikes only what it matches, and only so many times", async () => {
  await counting({ kind: "error-before", status: 500, match: { method: "POST", path: "/batch" }, times: 1 });
  const post = async (path: string) => (await fetch(server.url + path, { method: "POST" })).status;
  expect(await post("/other")).toBe(200);
  expect(await post("/x/batch/update")).toBe(500);
  expect(await post("/x/batch/update")).toBe(200);
});

test("the admin paths work in an outage", async () => {
  await counting({ kind: "outage" });
  const response = await fetch(`${server.url}/_sandbox/effects`, { method: "POST" });
  expect(await response.json()).toEqual({ effects: [] });
});
