import { afterEach, beforeEach, expect, test } from "vitest";
import { createAirtableSandbox } from "../../../sandbox/airtable/sandbox.ts";
import type { Fault } from "../../../sandbox/core/fault.ts";
import { SyncFailure } from "../../model/sync-error.ts";
import type { Effect } from "../../ports/lost-answer.ts";
import { createClient } from "./client.ts";
import { connectTo, people, type Setting, schema, setUp, testClock } from "./testing.ts";

let setting: Setting;

beforeEach(async () => {
  setting = await setUp();
});

afterEach(() => setting.sandbox.close());

async function codeAfter(faults: readonly Fault[], effect: Effect): Promise<string> {
  const { sandbox } = setting;
  sandbox.admin.setFaults(faults);
  const client = createClient({
    system: "base",
    token: sandbox.token,
    baseId: sandbox.baseId,
    endpointUrl: sandbox.url,
    requestsPerSecond: 1_000,
    timeoutMs: 200,
    clock: testClock(),
  });
  const path = `${sandbox.baseId}/People/listRecords`;
  return client.call({ method: "POST", path, body: {}, effect, what: "a test" }).then(
    () => "fine",
    (error: unknown) => (error as SyncFailure).error.code,
  );
}

test("a lost answer means nothing for a read, and an unknown outcome for a write", async () => {
  const lost: readonly Fault[] = [
    { kind: "error-after", status: 502 },
    { kind: "error-before", status: 503 },
    { kind: "truncated" },
    { kind: "wrong-length" },
    { kind: "html" },
    { kind: "hang-after" },
    { kind: "reset-after" },
  ];
  for (const fault of lost) {
    expect(await codeAfter([fault], "read"), fault.kind).toBe("UNREACHABLE");
    expect(await codeAfter([fault], "write"), fault.kind).toBe("UNKNOWN_OUTCOME");
  }
});

test("a refused connection surely did nothing", async () => {
  await setting.sandbox.close();
  expect(await codeAfter([], "write")).toBe("UNREACHABLE");
});

test("a 429 in any form silences the client, whatever Retry-After says", async () => {
  for (const retryAfter of ["honest", "absurd", "missing"] as const) {
    expect(await codeAfter([{ kind: "rate-limit", retryAfter }], "write"), retryAfter).toBe("RATE_LIMITED");
  }
});

test("during a penalty nothing is sent, and after it work goes on", async () => {
  // At Airtable's own limits, on a clock that the test moves: no machine is too busy for it.
  const clock = testClock();
  const sandbox = await createAirtableSandbox({ schema, clock: () => clock.now() });
  const connect = () => connectTo(sandbox, { clock, requestsPerSecond: 1_000_000, penaltyMs: 30_000 });
  // Another client of the base spends its requests.
  const other = connect();
  const rush = await Promise.allSettled(Array.from({ length: 40 }, () => other.scan(people("Name"), null)));
  expect(rush.some(({ status }) => status === "rejected")).toBe(true);

  const connector = connect();
  const failure = await connector.scan(people("Name"), null).catch((error: unknown) => (error as SyncFailure).error);
  expect(failure).toMatchObject({ code: "RATE_LIMITED", retryAfterMs: expect.any(Number) });
  const { probes } = sandbox.admin.counts();
  await expect(connector.scan(people("Name"), null)).rejects.toThrow("request limit");
  await expect(connector.read(people("Name"), ["rec00000000000000"])).rejects.toThrow("request limit");
  expect(sandbox.admin.counts().probes).toBe(probes);
  clock.aheadMs += 31_000;
  await expect(connector.scan(people("Name"), null)).resolves.toMatchObject({ cursor: null });
  expect(sandbox.admin.counts().probes).toBe(probes);
  await sandbox.close();
});

test("a month's quota used up is told from a penalty: it waits for the month, and the schema can be read", async () => {
  const { sandbox, connector } = setting;
  sandbox.admin.setBillingLimit(true);
  const failure = await connector.scan(people("Name"), null).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(SyncFailure);
  const { error } = failure as SyncFailure;
  expect(error).toMatchObject({ code: "RATE_LIMITED", message: expect.stringContaining("month") });
  const waitMs = error.code === "RATE_LIMITED" ? (error.retryAfterMs ?? 0) : 0;
  expect(new Date(Date.now() + waitMs + 60_000).getUTCDate()).toBe(1);
  expect(await connector.describe(["People"])).toHaveLength(1);
});

test("a wrong token and a missing scope ask for a person", async () => {
  const { sandbox } = setting;
  const codeWith = (token: string) =>
    connectTo(sandbox, { token })
      .scan(people("Name"), null)
      .catch((error: unknown) => (error as SyncFailure).error);
  expect(await codeWith("patNope")).toMatchObject({ code: "UNAUTHORIZED" });
  const reader = sandbox.admin.addToken("Rita", ["schema.bases:read"]);
  const failure = await codeWith(reader);
  expect(failure).toMatchObject({ code: "UNAUTHORIZED" });
  expect(JSON.stringify(failure)).not.toContain(reader);
});
