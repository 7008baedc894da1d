import pg from "pg";
import { expect, test } from "vitest";
import { freshDatabase } from "./postgres.ts";

test("each test file has databases of its own, empty, on a server with logical replication", async () => {
  const [one, other] = await Promise.all([freshDatabase(), freshDatabase()]);
  expect(new URL(one).pathname).not.toBe(new URL(other).pathname);
  const client = new pg.Client({ connectionString: one });
  await client.connect();
  const { rows } = await client.query(
    "select current_setting('wal_level') as wal, (select count(*)::int from pg_stat_user_tables) as tables",
  );
  expect(rows).toEqual([{ wal: "logical", tables: 0 }]);
  await client.end();
});
