import { expect, onTestFinished, test } from "vitest";
import type { Fault } from "../../../sandbox/core/fault.ts";
import type { StyleName } from "../../../sandbox/rest/style.ts";
import { SyncFailure } from "../../model/sync-error.ts";
import { create, update } from "../../ports/testing/requests.ts";
import { allCells, connectorAt, mapped, setUp, toolThat } from "./testing.ts";

const object = mapped(...allCells);

async function at(style: StyleName, options = {}) {
  const { sandbox, connector } = await setUp(style, {}, options);
  onTestFinished(() => sandbox.close());
  return { admin: sandbox.admin, connector };
}

async function codeOf(call: Promise<unknown>): Promise<string> {
  const failure = await call.then(
    () => null,
    (error: unknown) => error,
  );
  return failure instanceof SyncFailure ? failure.error.code : "none";
}

const readFaults: readonly (readonly [Fault, string])[] = [
  [{ kind: "outage" }, "UNREACHABLE"],
  [{ kind: "error-before", status: 503 }, "UNREACHABLE"],
  [{ kind: "truncated" }, "UNREACHABLE"],
  [{ kind: "wrong-length" }, "UNREACHABLE"],
  [{ kind: "html" }, "UNREACHABLE"],
  [{ kind: "hang-before" }, "UNREACHABLE"],
  [{ kind: "rate-limit", retryAfter: "honest" }, "RATE_LIMITED"],
  [{ kind: "rate-limit", retryAfter: "absurd" }, "RATE_LIMITED"],
];

test.each(readFaults)("a read that meets %j fails as a whole, and finds nothing missing", async (fault, code) => {
  const { admin, connector } = await at("page-put", { timeoutMs: 200 });
  const id = admin.create("contacts", { name: "Ada" });
  admin.setFaults([fault]);
  expect(await codeOf(connector.read(object, [id]))).toBe(code);
  expect(await codeOf(connector.scan(object, null))).toBe(code);
});

const writeFaults: readonly Fault[] = [
  { kind: "error-after", status: 502 },
  { kind: "reset-after" },
  { kind: "hang-after" },
  { kind: "truncated" },
  { kind: "html" },
];

test.each(writeFaults)("a create whose answer is lost by %j is found by its key, and made once", async (fault) => {
  for (const style of ["page-put", "link-patch", "couch"] as const) {
    const { admin, connector } = await at(style, { timeoutMs: 200 });
    admin.setFaults([{ ...fault, times: 1, match: { method: style === "couch" ? "PUT" : "POST" } }]);
    const [first] = await connector.write(object, [create("g-1", { name: "Ada" })]);
    expect(first).toMatchObject(
      style === "link-patch" && (fault.kind === "truncated" || fault.kind === "html")
        ? { kind: expect.stringMatching(/written|failed/) }
        : { kind: "failed", error: { code: "UNKNOWN_OUTCOME" } },
    );
    admin.setFaults([]);
    const [again] = await connector.write(object, [create("g-1", { name: "Ada" }, { lookFirst: true })]);
    expect(again).toMatchObject({ kind: "written", created: false });
    expect(admin.records("contacts")).toHaveLength(1);
  }
});

test("after a 429 nothing is sent until the tool's time is over, and the rest of the batch is not tried", async () => {
  const { url, asked } = await toolThat(() => ({ status: 429, headers: { "retry-after": "30" } }), onTestFinished);
  const connector = connectorAt(url, {}, { parallel: 1 });
  const results = await connector.write(mapped("name"), [
    update("1", {}, { name: "a" }),
    update("2", {}, { name: "b" }),
  ]);
  const limited = { kind: "failed", error: { code: "RATE_LIMITED" } };
  expect(results).toMatchObject([limited, limited]);
  expect(asked).toHaveLength(1);
  expect(await codeOf(connector.scan(mapped("name"), null))).toBe("RATE_LIMITED");
  expect(asked).toHaveLength(1);
});

test("a tool that answers 404 to everything, as while it is deployed, has lost no record", async () => {
  const { url } = await toolThat(() => ({ status: 404, body: "<h1>Not Found</h1>" }), onTestFinished);
  const connector = connectorAt(url, {});
  expect(await codeOf(connector.read(mapped("name"), ["1", "2"]))).toBe("SCHEMA");
});

test("an edit between look and write is met by the version, and is not written over", async () => {
  for (const style of ["cursor-patch-etag", "couch"] as const) {
    const { admin, connector } = await at(style);
    const id = admin.create("contacts", { name: "before", notes: "kept" });
    // The look is answered late enough for a user to come between.
    admin.setFaults([{ kind: "latency", ms: 150, times: 1, match: { method: style === "couch" ? "PUT" : "PATCH" } }]);
    const writing = connector.write(object, [update(id, { name: "before" }, { name: "ours" })]);
    await expect.poll(() => admin.faults().length).toBe(0);
    admin.edit("contacts", id, { name: "theirs" });
    expect(await writing).toMatchObject([{ kind: "changed", observation: { cells: { name: "theirs" } } }]);
    expect(admin.records("contacts")).toMatchObject([{ fields: { name: "theirs", notes: "kept" } }]);
  }
});

test("a refusal names the cells that it is about, in the tool's words, wherever they stand", async () => {
  const bodies = [
    { message: "Invalid", errors: [{ field: "name", message: "is too long" }] },
    { name: ["is too long"] },
    { error: { message: "Invalid", details: { errors: [{ path: ["name"], message: "is too long" }] } } },
    { errors: [{ source: { pointer: "/data/attributes/name" }, detail: "is too long" }] },
    { detail: [{ loc: ["body", "name"], msg: "is too long" }] },
    { data: { name: { code: "long", message: "is too long" } }, message: "Failed to update record." },
  ];
  for (const body of bodies) {
    const { url } = await toolThat(
      ({ method }) => (method === "GET" ? { body: { id: 1, name: "a" } } : { status: 422, body }),
      onTestFinished,
    );
    const results = await connectorAt(url, {}).write(mapped("name"), [update("1", {}, { name: "b" })]);
    expect(results, JSON.stringify(body)).toMatchObject([
      { error: { code: "REJECTED", cells: { name: "is too long" } } },
    ]);
  }
});
