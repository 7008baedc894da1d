import { afterEach, expect, test } from "vitest";
import { pullAll, update } from "../../ports/testing/requests.ts";
import { connectTo, contacts, line, mapped, type Setting, setUp } from "./testing.ts";

let setting: Setting;
afterEach(() => setting.sandbox.close());

const seed = (...rows: Record<string, string>[]) =>
  setting.sandbox.admin.seed(
    "contacts",
    rows.map((properties) => ({ properties })),
  );

async function started(...args: Parameters<typeof setUp>): Promise<string> {
  setting = await setUp(...args);
  return setting.connector.feed!.start([contacts]);
}

const lines = async (cursor: string) => {
  const pulled = await pullAll(setting.connector, [contacts], cursor);
  return { told: pulled.observations.map((one) => line(one)), cursor: pulled.cursor };
};

test("a pull tells what changed since the start, with current values and authors", async () => {
  const cursor = await started();
  const [id] = seed({ firstname: "A" });
  setting.clock.aheadMs += 1000;
  setting.sandbox.admin.edit(101, "contacts", id!, { firstname: "B" });
  const { observations } = await pullAll(setting.connector, [contacts], cursor);
  expect(observations).toMatchObject([
    { kind: "upsert", cells: { firstname: "B" }, author: "user 101", complete: true },
  ]);
});

test("what was told and stored is not told again, although each poll looks back", async () => {
  const cursor = await started();
  seed({ firstname: "A" });
  const first = await lines(cursor);
  expect(first.told).toHaveLength(1);
  expect((await lines(first.cursor)).told).toEqual([]);
  // The batch was lost before it was stored: its cursor never came back.
  expect((await lines(cursor)).told).toEqual(first.told);
});

test("after a restart a poll tells the look-back window once more", async () => {
  const cursor = await started();
  seed({ firstname: "A" });
  const first = await lines(cursor);
  setting = { ...setting, connector: connectTo(setting.sandbox) };
  const again = await lines(first.cursor);
  expect(again.told).toEqual(first.told);
  expect((await lines(again.cursor)).told).toEqual([]);
});

test("a change that search shows only a minute later is still found", async () => {
  const lagMs = 50_000;
  const cursor = await started({}, { indexLagMsMax: lagMs, speed: 1, limits: { burst: 10_000, searches: 1000 } });
  const late = setting.sandbox.admin.createAs(101, "contacts", { firstname: "late" });
  const first = await lines(cursor);
  expect(first.told).toEqual([]);
  setting.clock.aheadMs += lagMs;
  setting.sandbox.admin.createAs(101, "contacts", { firstname: "soon" });
  const second = await lines(first.cursor);
  expect(second.told).toEqual([`upsert ${late} firstname=late`]);
});

test("search shows old values; the feed tells those that the record has", async () => {
  const cursor = await started({}, { indexLagMsMax: 1_000_000, speed: 1, limits: { burst: 10_000, searches: 1000 } });
  const [id] = seed({ firstname: "A" });
  setting.sandbox.admin.edit(101, "contacts", id!, { firstname: "B" });
  expect((await lines(cursor)).told).toEqual([`upsert ${id} firstname=B`]);
});

test("a thousand records changed in one moment are all told", async () => {
  setting = await setUp({}, { clock: () => Date.UTC(2026, 0, 1), limits: { burst: 1000, searches: 1000 } });
  const cursor = await setting.connector.feed!.start([contacts]);
  const ids = seed(...Array.from({ length: 1000 }, (_, n) => ({ firstname: `${n}` })));
  const { told } = await lines(cursor);
  expect(new Set(told).size).toBe(1000);
  expect(told.map((text) => text.split(" ")[1]).toSorted()).toEqual(ids.toSorted());
});

test("more than ten thousand changes are told, in batches that can be stored one by one", async () => {
  const cursor = await started();
  const now = setting.clock.now();
  setting.sandbox.admin.seed(
    "contacts",
    Array.from({ length: 10_300 }, (_, n) => ({
      properties: { firstname: `${n}` },
      createdAt: now + Math.floor(n / 7),
    })),
  );
  const names = new Set<string>();
  let place = cursor;
  for (;;) {
    const { signal } = new AbortController();
    const batch = await setting.connector.feed!.pull({ objects: [contacts], cursor: place, waitMs: 0, signal });
    expect(batch.observations.length).toBeLessThanOrEqual(700);
    for (const one of batch.observations) if (one.kind === "upsert") names.add(String(one.cells["firstname"]));
    place = batch.cursor;
    if (batch.caughtUp) break;
  }
  expect(names.size).toBe(10_300);
});

test("deletes are told once they are in the recycle bin, old ones are not", async () => {
  setting = await setUp();
  const [old, gone] = seed({ firstname: "old" }, { firstname: "gone" });
  setting.sandbox.admin.archiveAs(101, "contacts", old!);
  setting.clock.aheadMs += 120_000;
  const cursor = await setting.connector.feed!.start([contacts]);
  setting.sandbox.admin.archiveAs(101, "contacts", gone!);
  const { observations } = await pullAll(setting.connector, [contacts], cursor);
  expect(observations).toMatchObject([{ kind: "delete", ref: { id: gone }, confirmed: true }]);
});

test("a large recycle bin is walked a few pages at a time, and every delete is told in the end", async () => {
  const cursor = await started({ pollMs: 1000 });
  const ids = seed(...Array.from({ length: 1200 }, (_, n) => ({ firstname: `${n}` })));
  for (const id of ids) setting.sandbox.admin.archiveAs(101, "contacts", id);
  const gone = new Set<string>();
  let place = cursor;
  for (let pulls = 0; pulls < 3; pulls++) {
    setting.sandbox.admin.resetCalls();
    const { observations, cursor: next } = await pullAll(setting.connector, [contacts], place);
    expect(setting.sandbox.admin.calls()["GET /crm/v3/objects/contacts"]).toBeLessThanOrEqual(5);
    for (const one of observations) if (one.kind === "delete") gone.add(one.ref.id);
    place = next;
  }
  expect(gone.size).toBe(1200);
});

test("a merge is told before the survivor's values", async () => {
  const cursor = await started();
  const [a, b] = seed({ firstname: "A" }, { firstname: "B" });
  const first = await lines(cursor);
  const survivor = setting.sandbox.admin.mergeAs(101, "contacts", a!, b!);
  const { told } = await lines(first.cursor);
  expect(told).toEqual([`merge ${survivor} <- ${a} ${b}`, `upsert ${survivor} firstname=A`]);
});

test("our own verified writes are not told again, a user's edit after them is", async () => {
  const cursor = await started();
  const [id] = seed({ firstname: "A" });
  const first = await lines(cursor);
  setting.clock.aheadMs += 1000;
  await setting.connector.write(contacts, [update(id!, { firstname: "A" }, { firstname: "ours" })]);
  const second = await lines(first.cursor);
  expect(second.told).toEqual([]);
  setting.clock.aheadMs += 1000;
  setting.sandbox.admin.edit(101, "contacts", id!, { lastname: "edited" });
  expect((await lines(second.cursor)).told).toEqual([`upsert ${id} firstname=ours`]);
});

test("an object that is new in the config, and a cursor that makes no sense, have lost their place", async () => {
  const cursor = await started();
  const companies = mapped("companies", "name");
  const { signal } = new AbortController();
  const pull = async (place: string) =>
    setting.connector.feed!.pull({ objects: [contacts, companies], cursor: place, waitMs: 0, signal });
  const batch = await pull(cursor);
  expect(batch.lost).toEqual(["companies"]);
  expect((await pull(batch.cursor)).lost).toEqual([]);
  expect((await pull("gibberish")).lost).toEqual(["contacts", "companies"]);
});

test("Truce's clock may be a day off: what changes after the start is found", async () => {
  setting = await setUp({}, { clock: () => Date.now() - 86_400_000 });
  const cursor = await setting.connector.feed!.start([contacts]);
  const [id] = seed({ firstname: "A" });
  expect((await lines(cursor)).told).toEqual([`upsert ${id} firstname=A`]);
});

test("companies and custom objects are polled by their own modified time", async () => {
  setting = await setUp();
  const typeId = setting.sandbox.admin.defineObject({ name: "pet", properties: [{ name: "name", type: "string" }] });
  const objects = [mapped("companies", "name"), mapped("pet", "name")];
  const cursor = await setting.connector.feed!.start(objects);
  const [company] = setting.sandbox.admin.seed("companies", [{ properties: { name: "C" } }]);
  const [pet] = setting.sandbox.admin.seed(typeId, [{ properties: { name: "Rex" } }]);
  const { observations } = await pullAll(setting.connector, objects, cursor);
  expect(observations.map((one) => line(one, "name"))).toEqual([`upsert ${company} name=C`, `upsert ${pet} name=Rex`]);
});
