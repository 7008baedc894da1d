import { expect, test } from "vitest";
import { machineClock } from "../../clock/machine.ts";
import type { RawUpsert } from "../../model/observation.ts";
import { SyncFailure } from "../../model/sync-error.ts";
import type { MappedObject, WriteRequest } from "../../ports/connector.ts";
import { type ConnectorParts, defineConnector } from "./define-connector.ts";
import { observed } from "./observed.ts";

const object: MappedObject = {
  object: "cards",
  create: true,
  cells: [{ cell: "name", field: "name", type: { kind: "text" }, direction: "both" }],
};

/** A system of one record in memory, with what is told of it in addition. */
async function connected(parts: (record: { name: string }) => Partial<ConnectorParts>) {
  const record = { name: "before" };
  const seen = (): RawUpsert =>
    observed({ ref: { system: "x", object: "cards", id: "1" }, cells: { ...record }, observedAt: machineClock.now() });
  const defined = defineConnector<null>({
    label: "Memory",
    connect: () => ({
      describe: async () => [],
      scan: async () => ({ observations: [seen()], cursor: null, total: null }),
      find: async (_object, ids) => (ids.includes("1") ? [seen()] : []),
      ...parts(record),
    }),
  });
  const context = { system: "x", options: null, clock: machineClock, objects: [object], webhookUrl: null };
  return { connector: await defined.connect(context), record, seen };
}

function update(patch: string, base = "before"): WriteRequest {
  return { kind: "update", attemptId: "a", id: "1", patch: { name: patch }, base: { name: base }, revision: null };
}

test("a record that changed between look and write is looked at anew, and left alone where it holds something else", async () => {
  let tries = 0;
  const { connector } = await connected((record) => ({
    update: async () => {
      tries++;
      record.name = "theirs";
      return "changed";
    },
  }));
  expect(await connector.write(object, [update("ours")])).toMatchObject([
    { kind: "changed", observation: { cells: { name: "theirs" } } },
  ]);
  expect(tries).toBe(1);
});

test("one that changes all the time is left for the next round", async () => {
  const { connector } = await connected(() => ({ update: async () => "changed" }));
  expect(await connector.write(object, [update("ours")])).toMatchObject([
    { kind: "failed", error: { code: "UNREACHABLE", message: "cards 1 changed 3 times while it was to be written" } },
  ]);
});

test("what is there already is not written again", async () => {
  const { connector } = await connected(() => ({ update: async () => "changed" }));
  expect(await connector.write(object, [update("before", "older")])).toMatchObject([
    { kind: "written", cells: { name: "before" } },
  ]);
});

test("a refusal concerns its record alone; a bug is thrown", async () => {
  const refused = new SyncFailure({ code: "REJECTED", message: "too long", cells: { name: "too long" } });
  const { connector, seen } = await connected(() => ({
    update: async (_object, { patch }) => {
      if (patch["name"] === "bug") throw new TypeError("a bug");
      return Promise.reject(refused);
    },
    create: async () => ({ record: seen(), created: true }),
  }));
  const create: WriteRequest = { kind: "create", attemptId: "c", key: "k", patch: {}, identity: [], lookFirst: false };
  expect((await connector.write(object, [update("x"), create])).map(({ kind }) => kind)).toEqual(["failed", "written"]);
  await expect(connector.write(object, [update("bug")])).rejects.toThrow("a bug");
});

test("a system that can only be read says so of each write", async () => {
  const { connector } = await connected(() => ({}));
  expect(await connector.write(object, [update("ours")])).toMatchObject([
    { kind: "failed", error: { code: "REJECTED", message: "records can't be changed here" } },
  ]);
  expect(connector.feed).toBeNull();
});

test("what is gone is missing for an update, and done for a delete", async () => {
  const { connector } = await connected(() => ({}));
  const remove: WriteRequest = { kind: "delete", attemptId: "d", id: "2", base: {}, revision: null };
  const results = await connector.write(object, [{ ...update("x"), id: "2" } as WriteRequest, remove]);
  expect(results.map(({ kind }) => kind)).toEqual(["missing", "written"]);
});
