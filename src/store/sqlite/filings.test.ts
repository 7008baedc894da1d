import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Database, openDatabase } from "./database.ts";
import { type FilingChange, type Filings, newFilings } from "./filings.ts";
import { migrate } from "./migrate.ts";

let folder: string;
let db: Database;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "truce-filings-"));
  db = await openDatabase(join(folder, "truce.db"));
  migrate(db);
  // Nothing here is about losing power.
  db.exec("pragma synchronous = off");
});
afterEach(() => {
  db.close();
  rmSync(folder, { recursive: true });
});

/** So few are noted that nearly every change puts some in their places. */
const most = 6;

function commit(filings: Filings, changes: readonly FilingChange[]): void {
  const take = db.transaction(() => filings.change(changes));
  take();
}

const count = (table: string) => db.value<number>(`select count(*) from ${table}`) ?? 0;
const spread = (i: number) => (i * 2 ** 40 + i) % 2 ** 47;

test("whatever was filed, noted or in its place, before or after a restart, is found under its key", () => {
  const key = fc.integer({ min: 0, max: 12 }).map((i) => spread(i * 11));
  const step = fc.oneof(
    { weight: 8, arbitrary: fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.uniqueArray(key, { maxLength: 5 }))) },
    { weight: 1, arbitrary: fc.constant("restart" as const) },
    { weight: 1, arbitrary: fc.constant("rolled back" as const) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      db.exec("delete from block; delete from block_new");
      let filings = newFilings(db, most);
      const expected = new Map<number, ReadonlySet<number>>();
      for (const one of steps) {
        if (one === "restart") filings = newFilings(db, most);
        else if (one === "rolled back") {
          expect(() =>
            db.transaction(() => {
              filings.change([{ golden: 1, added: [spread(1)], gone: [] }]);
              throw new Error("the disk is full");
            }),
          ).toThrow("the disk is full");
        } else {
          const byGolden = new Map(one);
          const changes = [...byGolden].map(([golden, keys]): FilingChange => {
            const before = expected.get(golden) ?? new Set();
            expected.set(golden, new Set(keys));
            const [added, gone] = [keys.filter((k) => !before.has(k)), [...before].filter((k) => !keys.includes(k))];
            return { golden, added, gone };
          });
          commit(filings, changes);
        }
        for (let i = 0; i <= 12; i++) {
          const under = [...expected].filter(([, keys]) => keys.has(spread(i * 11))).map(([golden]) => golden);
          expect([...filings.under(spread(i * 11), 99)].sort()).toEqual(under.sort());
        }
      }
    }),
    { numRuns: 60 },
  );
});

test("notes of which all is in its place are gone, so that they stay as few as they were", () => {
  const filings = newFilings(db, 600);
  for (let i = 0; i < 400; i++)
    commit(filings, [{ golden: i, added: Array.from({ length: 10 }, (_, k) => spread(i * 10 + k)), gone: [] }]);
  expect(count("block")).toBeGreaterThan(3_000);
  expect(count("block_new")).toBeLessThan(200);
  expect(filings.under(spread(5), 9)).toEqual([0]);
  expect(newFilings(db, 600).under(spread(3_999), 9)).toEqual([399]);
});

test("of a key that many have, so many are told as were asked for", () => {
  const filings = newFilings(db, most);
  for (let golden = 1; golden <= 20; golden++) commit(filings, [{ golden, added: [7], gone: [] }]);
  expect(filings.under(7, 5)).toHaveLength(5);
});
