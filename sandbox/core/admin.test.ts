import { expect, test } from "vitest";
import { answerAdmin, remoteAdmin } from "./admin.ts";
import { createFaultBoard } from "./fault.ts";
import { createRollingLimit } from "./limit.ts";
import { createRandom } from "./random.ts";
import { serve } from "./serve.ts";

test("admin functions are called from another process as from this one", async () => {
  const admin = {
    add: (a: number, b: number) => a + b,
    fail: () => {
      throw new Error("no such record");
    },
  };
  const server = await serve({
    port: 0,
    faults: createFaultBoard(createRandom(1)),
    handle: () => ({ status: 404, body: null }),
    admin: (request) => answerAdmin(admin, request),
    rateLimited: () => ({ status: 429, body: null }),
    serverError: (status) => ({ status, body: null }),
  });
  const remote = remoteAdmin<typeof admin>(server.url);
  expect(await remote.add(1, 2)).toBe(3);
  await expect(remote.fail()).rejects.toThrow("no such record");
  await server.close();
});

test("a rolling window lets a call in when the oldest leaves it", () => {
  let now = 0;
  const limit = createRollingLimit(2, 1000, () => now);
  expect(limit.take()).toEqual({ allowed: true, remaining: 1, retryAfterMs: 0 });
  now = 400;
  expect(limit.take().allowed).toBe(true);
  now = 700;
  expect(limit.take()).toEqual({ allowed: false, remaining: 0, retryAfterMs: 300 });
  now = 1000;
  expect(limit.take().allowed).toBe(true);
});
