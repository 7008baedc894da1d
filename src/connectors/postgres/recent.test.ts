import { expect, test } from "vitest";
import { recentChanges } from "./recent.ts";
import type { MappedTable } from "./rows.ts";
import type { Snapshot } from "./xid.ts";

const mapped = { table: { schema: "public", name: "people" } } as MappedTable;
const table = "public.people";
const seeing = (next: number, ...running: number[]): Snapshot => ({ next, running: new Set(running) });

test("a page leaves out rows that were changed from its begin on, or by what it does not see", () => {
  const recent = recentChanges(100);
  recent.beginAt(0n, 1);
  recent.add({ table, id: "before", lsn: 10n, xid: 5 });
  recent.add({ table, id: "hidden", lsn: 20n, xid: 6 });
  recent.add({ table, id: "next", lsn: 28n, xid: 8 });
  recent.add({ table, id: "after", lsn: 32n, xid: 7 });
  recent.add({ table: "public.others", id: "before", lsn: 40n, xid: 9 });
  const isChanged = recent.changedIn({ mapped, low: 32n, snapshot: seeing(8, 6) });
  expect(["before", "hidden", "next", "after"].map((id) => isChanged?.(id))).toEqual([false, true, true, true]);
  recent.add({ table, id: null, lsn: 48n, xid: 10 });
  expect(recent.changedIn({ mapped, low: 32n, snapshot: seeing(8, 6) })?.("before")).toBe(true);
});

test("a page that does not see a transaction too large to be remembered has no place", () => {
  const recent = recentChanges(10);
  recent.beginAt(0n, 1);
  for (let n = 0; n < 100; n++) recent.add({ table, id: String(n), lsn: 20n, xid: 6 });
  // It stood in the log when the page began, but was not visible yet.
  expect(recent.changedIn({ mapped, low: 32n, snapshot: seeing(7, 6) })).toBeNull();
  expect(recent.changedIn({ mapped, low: 32n, snapshot: seeing(7) })?.("1")).toBe(false);
  // Memory does not reach back to this one.
  expect(recent.changedIn({ mapped, low: 16n, snapshot: seeing(7) })).toBeNull();
});

test("a page that runs beside a transaction from before the stream has no place until that has arrived", () => {
  const recent = recentChanges(10);
  recent.beginAt(16n, 6);
  const page = { mapped, low: 32n, snapshot: seeing(8, 5) };
  expect(recent.changedIn(page)).toBeNull();
  recent.add({ table, id: "1", lsn: 40n, xid: 5 });
  expect(recent.changedIn(page)?.("1")).toBe(true);
});

test("what a stream opened again will bring once more is forgotten first, and nothing else", () => {
  const recent = recentChanges(10);
  recent.beginAt(0n, 1);
  recent.add({ table, id: "kept", lsn: 40n, xid: 5 });
  recent.add({ table, id: "again", lsn: 48n, xid: 6 });
  recent.continueAt(48n);
  const isChanged = recent.changedIn({ mapped, low: 32n, snapshot: seeing(8) });
  expect([isChanged?.("kept"), isChanged?.("again")]).toEqual([true, false]);
});
