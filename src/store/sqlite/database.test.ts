import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { SyncFailure } from "../../model/sync-error.ts";
import { openDatabase } from "./database.ts";

const folder = mkdtempSync(join(tmpdir(), "truce-database-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("a full disk is told in words, leaves nothing behind, and is over once there is room", async () => {
  const db = await openDatabase(join(folder, "full.db"));
  db.exec("create table t (text text)");
  const { page_count: pages } = db.get<{ page_count: number }>("pragma page_count") ?? { page_count: 0 };
  db.exec(`pragma max_page_count = ${pages + 4}`);
  const write = (length: number) => db.transaction(() => db.run("insert into t values (?)", "x".repeat(length)));
  write(100);
  expect(() => write(100_000)).toThrow(
    new SyncFailure({ code: "UNREACHABLE", message: "The disk of the store is full." }),
  );
  expect(db.get("select count(*) as count from t")).toEqual({ count: 1 });
  db.exec("pragma max_page_count = 1000000");
  write(100_000);
  expect(db.get("select count(*) as count from t")).toEqual({ count: 2 });
  db.close();
});

test("only the owner may read the files; closing twice is once", async () => {
  const file = join(folder, "new", "store.db");
  const db = await openDatabase(file);
  db.exec("create table t (text text)");
  for (const name of [file, `${file}-wal`]) expect(statSync(name).mode & 0o077).toBe(0);
  db.close();
  db.close();
});

test("a reader that stops early leaves its statement ready for the next", async () => {
  const db = await openDatabase(join(folder, "rows.db"));
  db.exec("create table t (n integer); insert into t values (1), (2), (3)");
  const first = () => {
    for (const row of db.rows<{ n: number }>("select n from t order by n")) return row.n;
    return null;
  };
  expect([first(), first()]).toEqual([1, 1]);
  expect(db.all<{ n: number }>("select n from t order by n").map((row) => row.n)).toEqual([1, 2, 3]);
  db.close();
});
