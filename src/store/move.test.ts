import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import pg from "pg";
import { afterAll, expect, test } from "vitest";
import { freshDatabase } from "../../test/servers/postgres.ts";
import type { Store } from "../ports/store.ts";
import { sampleGolden, sampleItem, sampleLine, sampleLink, sampleUnit, t0 } from "../ports/testing/store-samples.ts";
import { type MoveProgress, moveStore } from "./move.ts";
import { openPostgresStore } from "./postgres/postgres-store.ts";
import { openSqliteStore } from "./sqlite/sqlite-store.ts";
import { answers, everything, steps } from "./testing/random-steps.ts";

const folder = mkdtempSync(join(tmpdir(), "truce-move-"));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;

/** A new embedded store, filled and closed. */
async function filled(fill: (store: Store) => Promise<unknown>): Promise<string> {
  const file = join(folder, `${++files}.db`);
  const store = await openSqliteStore(file);
  await store.migrate();
  await fill(store);
  await store.close();
  return file;
}

async function asked<T>(store: Store, ask: (store: Store) => Promise<T>): Promise<T> {
  try {
    return await ask(store);
  } finally {
    await store.close();
  }
}

const silent = () => undefined;

test("whatever happened to the embedded store, PostgreSQL then answers the same", async () => {
  const url = await freshDatabase();
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await fc.assert(
    fc.asyncProperty(steps(), async (what) => {
      await client.query("drop schema if exists truce cascade");
      const file = await filled((store) => answers(store, what));
      await moveStore(file, url, silent);
      const later = t0 + 10_000;
      const before = await asked(await openSqliteStore(file), (store) => everything(store, later));
      expect(await asked(await openPostgresStore(url), (store) => everything(store, later))).toEqual(before);
    }),
    { numRuns: 25 },
  );
  await client.end();
}, 120_000);

test("what is remembered only to know it again comes along: keys of events, pages after pages", async () => {
  const count = 1_203;
  const ids = Array.from({ length: count }, (_, i) => `${i}`);
  const file = await filled(async (store) => {
    await store.receive(
      ids.map((id) => sampleItem(id, id, { dedupeKey: `event ${id}` })),
      [],
    );
    const done = ids.slice(1).map((inboxId) => ({ inboxId, outcome: "applied" as const }));
    const goldens = ids.map((id) =>
      sampleUnit({ golden: sampleGolden(id, { links: [sampleLink(id)] }), journal: [sampleLine(id)] }),
    );
    const attempt = {
      id: "t",
      goldenId: "1",
      system: "crm",
      object: "contacts",
      recordId: null,
      kind: "create" as const,
      fields: ["phone"],
      startedAt: t0,
      endedAt: null,
      result: "intent",
    };
    await store.commit([...goldens, sampleUnit({ done, attempts: [attempt] })]);
    await store.putDocuments([{ kind: "user", key: "ann", value: "whole", expiresAt: null }], t0);
  });
  const url = await freshDatabase();
  const told: MoveProgress[] = [];
  const moved = await moveStore(file, url, (at) => told.push(at));
  expect(moved).toMatchObject({ golden: count, journal: count, inbox: 1, dedupe: count - 1, attempt: 1, document: 1 });
  expect(told.filter((at) => at.part === "golden").map((at) => at.done)).toEqual([0, 500, 1000, count]);
  const store = await openPostgresStore(url);
  expect(await store.document("user", "ann", t0)).toMatchObject({ value: "whole", revision: 1 });
  const again = ids.map((id) => sampleItem(`again ${id}`, id, { dedupeKey: `event ${id}` }));
  expect(await store.receive(again, [])).toEqual({ stored: 0, repeated: count });
  expect((await store.claim(9, t0, 1)).map((item) => item.id)).toEqual(["0"]);
  // What is taken in later goes after what was moved.
  await store.commit([sampleUnit({ journal: [sampleLine("new")] })]);
  expect((await store.journal({ limit: 9, after: count })).map((line) => line.goldenId)).toEqual(["new"]);
  await store.close();
});

test("lines of the journal keep their numbers, though older ones were let go of", async () => {
  let kept: readonly object[] = [];
  const file = await filled(async (store) => {
    await store.commit([sampleUnit({ journal: ["a", "b", "c", "d"].map((id) => sampleLine(id)) })]);
    const [, , third] = await store.journal({ limit: 9 });
    await store.forget({ linesTo: third!.sequence - 1, attemptsBefore: 0, lettersBefore: 0 }, 9);
    kept = await store.journal({ limit: 9 });
  });
  const url = await freshDatabase();
  await moveStore(file, url, silent);
  const store = await openPostgresStore(url);
  expect(kept).toHaveLength(2);
  expect(await store.journal({ limit: 9 })).toEqual(kept);
  await store.commit([sampleUnit({ journal: [sampleLine("e")] })]);
  expect((await store.journal({ limit: 9 })).map(({ sequence }) => sequence)).toEqual([3, 4, 5]);
  await store.close();
});

test("a database that is in use is refused, and left as it is", async () => {
  const url = await freshDatabase();
  const file = await filled((store) => store.commit([sampleUnit({ golden: sampleGolden("g") })]));
  const store = await openPostgresStore(url);
  await store.migrate();
  await store.setCursors([{ name: "feed", value: "1", at: t0 }]);
  await expect(moveStore(file, url, silent)).rejects.toThrow("truce.cursor is not empty");
  expect(await store.goldens(null, null, 9)).toEqual([]);
  await store.close();
});

test("a move that is broken off moved nothing, and can be made again", async () => {
  const url = await freshDatabase();
  const file = await filled((store) =>
    store.commit([sampleUnit({ golden: sampleGolden("g"), journal: [sampleLine("g")] })]),
  );
  const breakOff = ({ part }: MoveProgress) => {
    if (part === "cursor") throw new Error("broken off");
  };
  await expect(moveStore(file, url, breakOff)).rejects.toThrow("broken off");
  expect(await moveStore(file, url, silent)).toMatchObject({ golden: 1, journal: 1 });
});

test("an embedded store that a process holds is not moved", async () => {
  const file = await filled(async () => undefined);
  const holder = await openSqliteStore(file);
  await expect(moveStore(file, await freshDatabase(), silent)).rejects.toThrow("is in use by process");
  await holder.close();
});
