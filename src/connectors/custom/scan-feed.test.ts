import { expect, test } from "vitest";
import { machineClock } from "../../clock/machine.ts";
import type { MappedObject, ScanPage } from "../../ports/connector.ts";
import { observed } from "./observed.ts";
import { scanFeed } from "./scan-feed.ts";

const cards: MappedObject = { object: "cards", create: true, cells: [] };
const { signal } = new AbortController();

/** A feed over cards by name, two a page, and what its next pull tells. */
async function feedOf(names: Record<string, string>) {
  const scan = async ({ object }: MappedObject, cursor: string | null): Promise<ScanPage> => {
    const start = Number(cursor ?? 0);
    const all = Object.entries(names).map(([id, name]) =>
      observed({ ref: { system: "x", object, id }, cells: { name }, observedAt: machineClock.now() }),
    );
    const cursorAfter = start + 2 < all.length ? String(start + 2) : null;
    return { observations: all.slice(start, start + 2), cursor: cursorAfter, total: null };
  };
  const feed = scanFeed(scan, { intervalMs: 1 });
  const pull = async (from: string) => {
    const told: string[] = [];
    let cursor = from;
    for (let isDone = false; !isDone; ) {
      const batch = await feed.pull({ objects: [cards], cursor, waitMs: 0, signal });
      for (const one of batch.observations) if (one.kind === "upsert") told.push(`${one.ref.id} ${one.cells["name"]}`);
      cursor = batch.cursor;
      isDone = batch.caughtUp;
    }
    return { told, cursor };
  };
  return { feed, pull, start: await feed.start([cards]) };
}

test("all is told once, then what differs", async () => {
  const names: Record<string, string> = { a: "Ada", b: "Bob", c: "Cyd", d: "Dan", e: "Eve" };
  const { pull, start } = await feedOf(names);
  const first = await pull(start);
  expect(first.told).toEqual(["a Ada", "b Bob", "c Cyd", "d Dan", "e Eve"]);
  const second = await pull(first.cursor);
  expect(second.told).toEqual([]);
  names["e"] = "Eva";
  names["f"] = "Fay";
  const third = await pull(second.cursor);
  expect(third.told).toEqual(["e Eva", "f Fay"]);
  names["e"] = "Eve";
  expect((await pull(third.cursor)).told).toEqual(["e Eve"]);
});

test("what a pull told comes again until its place is pulled from", async () => {
  const { feed, start } = await feedOf({ a: "Ada" });
  const pull = () => feed.pull({ objects: [cards], cursor: start, waitMs: 0, signal });
  expect((await pull()).observations).toHaveLength(1);
  expect((await pull()).observations).toHaveLength(1);
});
