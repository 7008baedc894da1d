import { afterEach, expect, test } from "vitest";
import type { RawObservation } from "../../model/observation.ts";
import { connectTo, contacts, line, mapped, type Setting, setUp, waitingClock } from "./testing.ts";

let setting: Setting;
let maria: string;
afterEach(async () => {
  await setting.connector.close();
  await setting.sandbox.close();
});

/** Polls come so seldom that what a test hears soon was streamed. */
async function streaming(): Promise<string> {
  setting = await setUp({ capture: "auto", clock: waitingClock(), pollMs: 3_600_000 }, { speed: 10_000 });
  const { sandbox, connector } = setting;
  maria = sandbox.people[0];
  sandbox.admin.selectForCapture("Contact");
  const start = await connector.feed!.start([contacts]);
  // The stream begins with the first pull, and says so by its first sign of life; then one more poll follows.
  let cursor = start;
  for (let n = 0; n < 50 && !/"replays":\{"Contact"/u.test(cursor); n++) {
    ({ cursor } = await pullFor(cursor, () => false, 1));
  }
  expect(connector.feed!.kind).toBe("stream");
  return (await pullFor(cursor, () => false, 1)).cursor;
}

type Pulled = { readonly seen: readonly RawObservation[]; readonly cursor: string; readonly lost: readonly string[] };

async function pullFor(
  from: string,
  isDone: (seen: readonly RawObservation[]) => boolean,
  pulls = 50,
  connector = setting.connector,
): Promise<Pulled> {
  const seen: RawObservation[] = [];
  const lost: string[] = [];
  let cursor = from;
  for (let n = 0; n < pulls && !isDone(seen); n++) {
    const { signal } = new AbortController();
    const batch = await connector.feed!.pull({ objects: [contacts], cursor, waitMs: 100, signal });
    seen.push(...batch.observations);
    lost.push(...batch.lost);
    cursor = batch.cursor;
  }
  return { seen, cursor, lost };
}

const has = (text: string) => (seen: readonly RawObservation[]) => seen.some((one) => line(one).includes(text));

test("an edit comes by itself, with its values, its author and nothing that it did not say", async () => {
  const cursor = await streaming();
  const { admin } = setting.sandbox;
  const [id] = admin.seed("Contact", [{ LastName: "A", Phone: "1", Email: "a@example.com" }]);
  admin.edit(maria, "Contact", id!, { FirstName: "Ada", Phone: null });
  const { seen } = await pullFor(cursor, has(id!));
  expect(seen).toEqual([
    expect.objectContaining({
      kind: "upsert",
      cells: { FirstName: "Ada", Phone: null },
      author: maria,
      pushed: true,
      complete: false,
    }),
  ]);
});

test("of two quick edits neither is lost, each as it was", async () => {
  const cursor = await streaming();
  const { admin } = setting.sandbox;
  const id = admin.createAs(maria, "Contact", { LastName: "One" });
  admin.edit(maria, "Contact", id, { LastName: "Two" });
  admin.edit(maria, "Contact", id, { LastName: "Three" });
  const { seen } = await pullFor(cursor, has("=Three"));
  expect(seen.map((one) => line(one))).toEqual(["One", "Two", "Three"].map((name) => `upsert ${id} LastName=${name}`));
  expect(seen[0]).toMatchObject({ complete: true, cells: { LastName: "One", Email: null } });
});

test("deletes, restored records and gaps are hints where a merge may be behind them", async () => {
  const cursor = await streaming();
  const { admin } = setting.sandbox;
  const [a, b, c] = admin.seed("Contact", [{ LastName: "A" }, { LastName: "B" }, { LastName: "C" }]);
  admin.mergeAs(maria, "Contact", a!, [b!]);
  admin.addGap("GAP_UPDATE", "Contact", [c!]);
  const { seen } = await pullFor(cursor, has(c!));
  expect(seen.map((one) => line(one))).toEqual(expect.arrayContaining([`hint ${b}`, `hint ${c}`]));
  expect(await setting.connector.read(contacts, [b!])).toMatchObject([{ observation: { ref: { id: a } } }]);
});

test("more changes in one transaction than events can tell: everything is compared", async () => {
  const cursor = await streaming();
  setting.sandbox.admin.addGap("GAP_OVERFLOW", "Contact", []);
  const { lost } = await pullFor(cursor, () => false, 3);
  expect(lost).toEqual(["Contact"]);
});

test("after a restart the stream goes on where its cursor stands", async () => {
  const cursor = await streaming();
  const { sandbox, connector, clock } = setting;
  const first = sandbox.admin.createAs(maria, "Contact", { LastName: "One" });
  const { cursor: after } = await pullFor(cursor, has(first));
  await connector.close();
  const second = sandbox.admin.createAs(maria, "Contact", { LastName: "Two" });
  sandbox.admin.edit(maria, "Contact", second, { LastName: "Three" });
  const again = connectTo(sandbox, { capture: "auto", clock, pollMs: 3_600_000 });
  const { seen } = await pullFor(after, has("=Two"), 50, again);
  // The first poll of a new process looks back, and tells some things again.
  const streamed = seen.filter((one) => one.kind === "upsert" && one.pushed === true).map((one) => line(one));
  expect(streamed).toContain(`upsert ${second} LastName=Two`);
  expect(streamed).not.toContain(`upsert ${first} LastName=One`);
  await again.close();
});

test("a place that is not kept any more is no loss: the poll that goes on beside the stream tells", async () => {
  const cursor = await streaming();
  const { sandbox, connector, clock } = setting;
  const { cursor: after } = await pullFor(cursor, has(sandbox.admin.createAs(maria, "Contact", { LastName: "One" })));
  await connector.close();
  const missed = sandbox.admin.createAs(maria, "Contact", { LastName: "Missed" });
  sandbox.admin.expireEvents();
  sandbox.admin.seed("Contact", []);
  const again = connectTo(sandbox, { capture: "auto", clock, pollMs: 3_600_000 });
  const { seen, cursor: place } = await pullFor(after, has(missed), 50, again);
  expect(seen.map((one) => line(one))).toContain(`upsert ${missed} LastName=Missed`);
  const later = sandbox.admin.createAs(maria, "Contact", { LastName: "Later" });
  expect((await pullFor(place, has(later), 50, again)).seen.length).toBeGreaterThan(0);
  await again.close();
});

test("a stream that breaks is polled in the meantime, and opened again", async () => {
  const cursor = await streaming();
  const { sandbox, clock } = setting;
  sandbox.admin.dropStreams();
  const { cursor: after } = await pullFor(cursor, () => false, 3);
  const id = sandbox.admin.createAs(maria, "Contact", { LastName: "A" });
  clock.skip(10_000);
  expect((await pullFor(after, has(id))).seen.map((one) => line(one))).toEqual([`upsert ${id} LastName=A`]);
});

test("an expired session is renewed for the stream too", async () => {
  const cursor = await streaming();
  const { sandbox, clock } = setting;
  sandbox.admin.expireSessions();
  sandbox.admin.dropStreams();
  const { cursor: after } = await pullFor(cursor, () => false, 3);
  clock.skip(10_000);
  const id = sandbox.admin.createAs(maria, "Contact", { LastName: "A" });
  expect((await pullFor(after, has(id))).seen.map((one) => line(one))).toContain(`upsert ${id} LastName=A`);
});

test("an object that is not selected is polled, beside one that is streamed", async () => {
  setting = await setUp({ capture: "auto", clock: waitingClock(), pollMs: 200 });
  const { sandbox, connector, clock } = setting;
  sandbox.admin.selectForCapture("Contact");
  const leads = mapped("Lead", "LastName", "Company");
  const both = [contacts, leads];
  let cursor = await connector.feed!.start(both);
  const lead = sandbox.admin.createAs(sandbox.people[0], "Lead", { LastName: "L", Company: "C" });
  const contact = sandbox.admin.createAs(sandbox.people[0], "Contact", { LastName: "A" });
  clock.skip(3_000);
  const seen = new Set<string>();
  for (let n = 0; n < 50 && !(seen.has(lead) && seen.has(contact)); n++) {
    const { signal } = new AbortController();
    const batch = await connector.feed!.pull({ objects: both, cursor, waitMs: 100, signal });
    for (const { ref } of batch.observations) seen.add(ref.id);
    cursor = batch.cursor;
  }
  expect([...seen].sort()).toEqual([lead, contact].sort());
});

test("without anything selected, or where the set-up may not be seen, all is polled", async () => {
  setting = await setUp({ capture: "auto", clock: waitingClock() });
  const { connector } = setting;
  const start = await connector.feed!.start([contacts]);
  const { signal } = new AbortController();
  const batch = await connector.feed!.pull({ objects: [contacts], cursor: start, waitMs: 60_000, signal });
  expect([batch.caughtUp, connector.feed!.kind]).toEqual([true, "poll"]);
});
