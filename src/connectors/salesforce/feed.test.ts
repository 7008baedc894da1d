import { afterEach, beforeEach, expect, test } from "vitest";
import { pullAll, update } from "../../ports/testing/requests.ts";
import { connectTo, contacts, line, mapped, type Setting, setUp } from "./testing.ts";

let setting: Setting;
let maria: string;
beforeEach(async () => {
  setting = await setUp();
  maria = setting.sandbox.people[0];
});
afterEach(() => setting.sandbox.close());

const minute = 60_000;

test("more records than a page in one second are all told, each once", async () => {
  const { sandbox, connector, clock } = setting;
  const start = await connector.feed!.start([contacts]);
  const second = clock.now();
  for (let n = 0; n < 4100; n++) sandbox.admin.createAs(maria, "Contact", { LastName: `P ${n}` }, second);
  clock.skip(5_000);
  const { observations, cursor } = await pullAll(connector, [contacts], start);
  expect(new Set(observations.map(({ ref }) => ref.id)).size).toBe(4100);
  expect(observations).toHaveLength(4100);
  expect((await pullAll(connector, [contacts], cursor)).observations).toEqual([]);
});

test("a record that commits late, with a stamp behind the cursor, is told", async () => {
  const { sandbox, connector, clock } = setting;
  const start = await connector.feed!.start([contacts]);
  const began = clock.now();
  clock.skip(30_000);
  sandbox.admin.createAs(maria, "Contact", { LastName: "Quick" });
  clock.skip(5_000);
  const first = await pullAll(connector, [contacts], start);
  expect(first.observations.map((one) => line(one).split(" ").at(-1))).toEqual(["LastName=Quick"]);
  sandbox.admin.createAs(maria, "Contact", { LastName: "Slow" }, began);
  const second = await pullAll(connector, [contacts], first.cursor);
  expect(second.observations.map((one) => line(one).split(" ").at(-1))).toEqual(["LastName=Slow"]);
});

test("two edits within one second, one before and one after a poll, are both told", async () => {
  const { sandbox, connector, clock } = setting;
  const start = await connector.feed!.start([contacts]);
  const second = clock.now();
  const id = sandbox.admin.createAs(maria, "Contact", { LastName: "One" }, second);
  const first = await pullAll(connector, [contacts], start);
  sandbox.admin.edit(maria, "Contact", id, { LastName: "Two" }, second);
  const { observations } = await pullAll(connector, [contacts], first.cursor);
  expect(observations.map((one) => line(one))).toEqual([`upsert ${id} LastName=Two`]);
});

test("deletes, restored records and merges are told by the next poll", async () => {
  const { sandbox, connector, clock } = setting;
  const [a, b, c] = sandbox.admin.seed("Contact", [{ LastName: "A" }, { LastName: "B" }, { LastName: "C" }]);
  const start = await connector.feed!.start([contacts]);
  sandbox.admin.deleteAs(maria, "Contact", a!);
  sandbox.admin.mergeAs(maria, "Contact", b!, [c!], { Phone: "7" });
  clock.skip(3_000);
  const first = await pullAll(connector, [contacts], start);
  expect(first.observations.map((one) => line(one)).sort()).toEqual([
    `delete ${a}`,
    `merge ${b} <- ${c}`,
    `upsert ${b} LastName=B`,
  ]);
  sandbox.admin.undeleteAs(maria, "Contact", a!);
  const second = await pullAll(connector, [contacts], first.cursor);
  expect(second.observations.map((one) => line(one))).toEqual([`upsert ${a} LastName=A`]);
});

test("what was merged away reads as its master, through several merges", async () => {
  const { sandbox, connector } = setting;
  const [a, b, c] = sandbox.admin.seed("Contact", [{ LastName: "A" }, { LastName: "B" }, { LastName: "C" }]);
  sandbox.admin.mergeAs(maria, "Contact", b!, [c!]);
  sandbox.admin.mergeAs(maria, "Contact", a!, [b!]);
  const [read] = await connector.read(contacts, [c!]);
  expect(read).toMatchObject({ kind: "found", id: c, observation: { ref: { id: a }, cells: { LastName: "A" } } });
});

test("what is purged from the recycle bin before a poll is found in the log of deletes", async () => {
  const { sandbox, connector, clock } = setting;
  const [id] = sandbox.admin.seed("Contact", [{ LastName: "A" }]);
  const start = await connector.feed!.start([contacts]);
  clock.skip(10_000);
  sandbox.admin.deleteAs(maria, "Contact", id!);
  sandbox.admin.emptyBin("Contact");
  clock.skip(6 * minute);
  const { observations } = await pullAll(connector, [contacts], start);
  expect(observations.map((one) => line(one))).toEqual([`hint ${id}`]);
  expect(await connector.read(contacts, [id!])).toEqual([{ id, kind: "missing" }]);
});

test("a place from before the log of deletes is lost: everything must be compared", async () => {
  const { sandbox, connector, clock } = setting;
  const start = await connector.feed!.start([contacts]);
  clock.skip(20 * minute);
  sandbox.admin.purgeDeleteLog();
  clock.skip(20 * minute);
  const { lost, cursor } = await pullAll(connector, [contacts], start);
  expect(lost).toEqual(["Contact"]);
  clock.skip(20 * minute);
  expect((await pullAll(connector, [contacts], cursor)).lost).toEqual([]);
  clock.skip(16 * 24 * 60 * minute);
  expect((await pullAll(connector, [contacts], cursor)).lost).toEqual(["Contact"]);
});

test("an object that the cursor does not know, or a cursor that makes no sense, is lost", async () => {
  const { connector } = setting;
  const start = await connector.feed!.start([contacts]);
  expect((await pullAll(connector, [contacts, mapped("Lead", "LastName")], start)).lost).toEqual(["Lead"]);
  for (const cursor of ["", "{", '{"objects":{"Contact":{"from":"x"}}}']) {
    expect((await pullAll(connector, [contacts], cursor)).lost).toEqual(["Contact"]);
  }
});

test("a field that an admin removes is absent from then on, never blank", async () => {
  const { sandbox, connector, clock } = setting;
  const start = await connector.feed!.start([contacts]);
  const id = sandbox.admin.createAs(maria, "Contact", { LastName: "A", Phone: "1" });
  clock.skip(5_000);
  const first = await pullAll(connector, [contacts], start);
  expect(first.observations[0]).toMatchObject({ complete: true, cells: { Phone: "1" } });
  sandbox.admin.removeField("Contact", "Phone");
  sandbox.admin.edit(maria, "Contact", id, { LastName: "B" });
  const { observations } = await pullAll(connector, [contacts], first.cursor);
  expect(observations[0]).toMatchObject({ complete: false, cells: { LastName: "B" } });
  expect(observations[0]).not.toHaveProperty("cells.Phone");
});

test("one object that is gone does not hold up the others", async () => {
  const { sandbox, connector, clock } = setting;
  const both = [mapped("Gone__c", "Name"), contacts];
  const start = await connector.feed!.start(both);
  const id = sandbox.admin.createAs(maria, "Contact", { LastName: "A" });
  clock.skip(5_000);
  const { signal } = new AbortController();
  const first = await connector.feed!.pull({ objects: both, cursor: start, waitMs: 0, signal });
  expect([first.observations.map((one) => line(one)), first.caughtUp]).toEqual([[`upsert ${id} LastName=A`], false]);
  const rest = connector.feed!.pull({ objects: both, cursor: first.cursor, waitMs: 0, signal });
  await expect(rest).rejects.toMatchObject({ error: { code: "SCHEMA" } });
});

test("after a restart the feed goes on from its cursor, with our own writes as what they are: equal values", async () => {
  const { sandbox, connector, clock } = setting;
  const [id] = sandbox.admin.seed("Contact", [{ LastName: "A" }]);
  const start = await connector.feed!.start([contacts]);
  await connector.write(contacts, [update(id!, { LastName: "A" }, { LastName: "Ours" })]);
  clock.skip(5_000);
  const again = connectTo(sandbox, { clock });
  const { observations } = await pullAll(again, [contacts], start);
  expect(observations).toEqual([
    expect.objectContaining({
      kind: "upsert",
      author: sandbox.integrationUserId,
      cells: expect.objectContaining({ LastName: "Ours" }),
    }),
  ]);
});

test("more fields than an address would hold are asked for all the same", async () => {
  const { sandbox, connector, clock } = setting;
  const names = Array.from({ length: 500 }, (_, n) => `A_field_with_a_long_name_of_its_own_${n}__c`);
  for (const name of names) sandbox.admin.defineField("Contact", { name, type: "string" });
  const wide = mapped("Contact", "LastName", ...names);
  const start = await connector.feed!.start([wide]);
  const id = sandbox.admin.createAs(maria, "Contact", { LastName: "A", [names[499]!]: "the last" });
  clock.skip(3_000);
  const { observations } = await pullAll(connector, [wide], start);
  expect(observations).toMatchObject([{ ref: { id }, complete: true, cells: { [names[499]!]: "the last" } }]);
  sandbox.admin.removeField("Contact", names[0]!);
  expect((await connector.scan(wide, null)).observations).toMatchObject([{ ref: { id }, complete: false }]);
});
