import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import pg from "pg";
import { afterAll, expect, test } from "vitest";
import { freshDatabase } from "../../test/servers/postgres.ts";
import type { Store } from "../ports/store.ts";
import { createMemoryStore } from "./memory/memory-store.ts";
import { openPostgresStore } from "./postgres/postgres-store.ts";
import { openSqliteStore } from "./sqlite/sqlite-store.ts";
import { answers, steps } from "./testing/random-steps.ts";

const folder = mkdtempSync(join(tmpdir(), "truce-same-answers-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("SQLite gives the answers that memory gives, whatever is asked of them", async () => {
  let files = 0;
  await sameAnswers(() => openSqliteStore(join(folder, `${++files}.db`)), 150);
});

test("PostgreSQL gives the answers that memory gives, whatever is asked of it", async () => {
  const url = await freshDatabase();
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await sameAnswers(async () => {
    await client.query("drop schema if exists truce cascade");
    return openPostgresStore(url);
  }, 25);
  await client.end();
}, 120_000);

async function sameAnswers(open: () => Promise<Store>, numRuns: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(steps(), async (asked) => {
      const store = await open();
      await store.migrate();
      try {
        expect(await answers(store, asked)).toEqual(await answers(createMemoryStore(), asked));
      } finally {
        await store.close();
      }
    }),
    { numRuns },
  );
}
