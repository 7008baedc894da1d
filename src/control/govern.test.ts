import { expect, test } from "vitest";
import type { EngineEvent } from "../engine/deps.ts";
import { type SyncError, SyncFailure } from "../model/sync-error.ts";
import type { ChangeFeed, Connector } from "../ports/connector.ts";
import { governed } from "./govern.ts";

const object = { object: "contacts", cells: [], create: false };

/** A system that fails as it is told to, and counts the calls that reach it. */
function system() {
  const state = { failsWith: null as SyncError | null, calls: 0, now: 1_000_000 };
  const told: EngineEvent[] = [];
  const answer = async <T>(value: T): Promise<T> => {
    state.calls++;
    if (state.failsWith !== null) throw new SyncFailure(state.failsWith);
    return value;
  };
  const connector: Connector = {
    system: "crm",
    label: "the CRM",
    guarantees: { conditionalWrite: false, uniqueCreate: false, history: false, deleteEvents: false },
    writeBatchMax: 10,
    feed: null,
    describe: async () => [],
    check: async () => [],
    encode: () => null,
    read: () => answer([]),
    scan: () => answer({ observations: [], cursor: null, total: 0 }),
    write: async (_, requests) => {
      state.calls++;
      const { failsWith } = state;
      return requests.map(() => (failsWith === null ? { kind: "missing" } : { kind: "failed", error: failsWith }));
    },
    close: async () => undefined,
  };
  const clock = {
    now: () => state.now,
    async sleep(ms: number) {
      state.now += ms;
    },
  };
  return { state, told, clock, connector: governed(connector, clock, (event) => void told.push(event)) };
}

const outage: SyncError = { code: "UNREACHABLE", message: "no answer" };
const deletion = { kind: "delete", attemptId: "a", id: "1", base: {}, revision: null } as const;

test("a system that keeps failing is left alone, asked by one call after a while, and told of once each way", async () => {
  const { state, told, connector } = system();
  state.failsWith = outage;
  for (let n = 0; n < 20; n++) await expect(connector.read(object, ["1"])).rejects.toThrow(SyncFailure);
  expect(state.calls).toBe(5);
  expect(connector.pauseMs?.()).toBe(2_000);
  await expect(connector.scan(object, null)).rejects.toThrow("the CRM is left alone for 2 s");
  state.now += 2_000;
  await expect(connector.read(object, ["1"])).rejects.toThrow("no answer");
  expect([state.calls, connector.pauseMs?.()]).toEqual([6, 4_000]);
  state.now += 4_000;
  state.failsWith = null;
  await connector.read(object, ["1"]);
  await connector.scan(object, null);
  expect(told).toEqual([
    { kind: "breaker", system: "crm", forMs: 2_000, reason: "no answer" },
    { kind: "breaker", system: "crm", forMs: 4_000, reason: "no answer" },
    { kind: "breaker", system: "crm", forMs: 0, reason: "" },
  ]);
});

test("writes that all fail count as one failed call; a refused record says that the system is there", async () => {
  const { state, connector } = system();
  state.failsWith = outage;
  for (let n = 0; n < 4; n++) await connector.write(object, [deletion, deletion]);
  state.failsWith = { code: "REJECTED", message: "no such option", cells: {} };
  await connector.write(object, [deletion]);
  state.failsWith = outage;
  for (let n = 0; n < 4; n++) await connector.write(object, [deletion]);
  expect(connector.pauseMs?.()).toBe(0);
  await connector.write(object, [deletion]);
  expect(connector.pauseMs?.()).toBe(2_000);
});

test("a rate limit stops all calls for as long as was asked, and is no failure", async () => {
  const { state, told, connector } = system();
  state.failsWith = { code: "RATE_LIMITED", retryAfterMs: 30_000, message: "slow down" };
  await expect(connector.read(object, ["1"])).rejects.toThrow("slow down");
  state.failsWith = null;
  for (let n = 0; n < 10; n++) await expect(connector.read(object, ["1"])).rejects.toThrow("slow down");
  expect([state.calls, connector.pauseMs?.(), told]).toEqual([1, 30_000, []]);
  state.now += 30_000;
  await connector.read(object, ["1"]);
  expect(state.calls).toBe(2);
});

test("a feed that finds out only later that it can stream is a stream from then on", () => {
  let kind: "poll" | "stream" = "poll";
  const { connector, clock } = system();
  const feed: ChangeFeed = {
    get kind() {
      return kind;
    },
    intervalMs: 1_000,
    start: async () => "",
    pull: async ({ cursor }) => ({ observations: [], cursor, caughtUp: true, lost: [] }),
  };
  const streaming = governed({ ...connector, feed }, clock, () => undefined);
  kind = "stream";
  expect(streaming.feed?.kind).toBe("stream");
});
