import { expect, onTestFinished, test } from "vitest";
import type { Connector } from "../../ports/connector.ts";
import { allCells, connectorAt, connectTo, mapped, setUp, shapes, toolThat } from "./testing.ts";

const object = mapped(...allCells);

/** Pulls from a place until nothing more waits. */
async function pullAll(connector: Connector, from: string) {
  const seen: string[] = [];
  let cursor = from;
  for (;;) {
    const { signal } = new AbortController();
    const batch = await connector.feed!.pull({ objects: [object], cursor, waitMs: 0, signal });
    seen.push(...batch.observations.map(({ kind, ref }) => `${kind} ${ref.id}`));
    cursor = batch.cursor;
    if (batch.caughtUp) return { seen, cursor };
  }
}

test("what is known is not told again, and an idle feed's place stays as it is", async () => {
  for (const style of ["page-put", "offset-soft-delete", "link-patch", "couch"] as const) {
    const { sandbox, connector } = await setUp(style);
    onTestFinished(() => sandbox.close());
    const start = await connector.feed!.start([object]);
    const made = Array.from({ length: 12 }, (_, n) => sandbox.admin.create("contacts", { name: `person ${n}` }));
    const first = await pullAll(connector, start);
    expect(first.seen.toSorted(), style).toEqual(made.map((id) => `upsert ${id}`).toSorted());
    const second = await pullAll(connector, first.cursor);
    expect(second.seen, style).toEqual([]);
    expect((await pullAll(connector, second.cursor)).cursor, style).toBe(second.cursor);
    sandbox.admin.edit("contacts", made[3]!, { name: "edited" });
    expect((await pullAll(connector, second.cursor)).seen, style).toEqual([`upsert ${made[3]}`]);
  }
});

test("a mark or a token's word of a deletion is told as one", async () => {
  for (const style of ["offset-soft-delete", "couch"] as const) {
    const { sandbox, connector } = await setUp(style);
    onTestFinished(() => sandbox.close());
    const id = sandbox.admin.create("contacts", { name: "Ada" });
    const start = await connector.feed!.start([object]);
    sandbox.admin.remove("contacts", id);
    expect((await pullAll(connector, start)).seen).toContain(`delete ${id}`);
    expect((await connector.scan(object, null)).observations).toEqual([]);
    expect(await connector.read(object, [id])).toEqual([{ id, kind: "missing" }]);
  }
});

test("a restarted process goes on from the stored place", async () => {
  const { sandbox, connector } = await setUp("page-put");
  onTestFinished(() => sandbox.close());
  const start = await connector.feed!.start([object]);
  const id = sandbox.admin.create("contacts", { name: "Ada" });
  const { cursor } = await pullAll(connector, start);
  const later = sandbox.admin.create("contacts", { name: "Grace" });
  const { seen } = await pullAll(connectTo(sandbox, shapes["page-put"]), cursor);
  expect(seen).toContain(`upsert ${later}`);
  // Within the overlap the first is told again, which does no harm.
  expect(seen.filter((one) => one !== `upsert ${id}` && one !== `upsert ${later}`)).toEqual([]);
});

test("a moment in the future does not make the feed pass over what comes before it", async () => {
  const records = [{ id: 1, name: "from 2099", updatedAt: "2099-01-01T00:00:00Z" }];
  const { url } = await toolThat(({ query }) => {
    const since = Date.parse(query.get("since") ?? "1970-01-01T00:00:00Z");
    return { body: records.filter(({ updatedAt }) => Date.parse(updatedAt) >= since) };
  }, onTestFinished);
  const changes = { type: "since", query: { since: "{since}" } } as const;
  const connector = connectorAt(url, { modifiedAt: "updatedAt", changes });
  const first = await pullAll(connector, await connector.feed!.start([object]));
  expect(first.seen).toEqual(["upsert 1"]);
  records.push({ id: 2, name: "of now", updatedAt: new Date().toISOString() });
  expect((await pullAll(connector, first.cursor)).seen).toEqual(["upsert 2"]);
});

test("a record that slips between two pages while they are turned is found by the second round", async () => {
  const moment = (n: number) => new Date(1_700_000_000_000 + n).toISOString();
  let records = Array.from({ length: 4 }, (_, n) => ({ id: n, name: "x", updatedAt: moment(n) }));
  const { url } = await toolThat(({ query }) => {
    const start = Number(query.get("offset") ?? 0);
    const body = records.slice(start, start + 2);
    // After the first page its first record is changed: all that follow move up by one.
    if (start === 0 && records[0]?.id === 0)
      records = [...records.slice(1), { id: 0, name: "y", updatedAt: moment(9) }];
    return { body };
  }, onTestFinished);
  const changes = { type: "since", query: { since: "{since}" } } as const;
  const connector = connectorAt(url, { modifiedAt: "updatedAt", changes, list: { paging: { type: "offset" } } });
  const place = JSON.stringify({
    told: 0,
    objects: { contacts: { since: 0, high: 0, place: null, news: false, isSecond: false } },
  });
  expect((await pullAll(connector, place)).seen.toSorted()).toEqual([
    "upsert 0",
    "upsert 0",
    "upsert 1",
    "upsert 2",
    "upsert 3",
  ]);
});

test("a token that the tool no longer knows is a lost place", async () => {
  const { url } = await toolThat(
    ({ query }) =>
      query.get("since") === "now" ? { body: { results: [], last_seq: "5" } } : { status: 410, body: {} },
    onTestFinished,
  );
  const changes = {
    type: "token",
    path: "/contacts/_changes",
    param: "since",
    start: "now",
    next: "last_seq",
    items: "results",
    id: "id",
  } as const;
  const connector = connectorAt(url, { changes });
  const place = JSON.stringify({ told: 0, objects: { contacts: { token: "3" } } });
  const { signal } = new AbortController();
  const batch = await connector.feed!.pull({ objects: [mapped("name")], cursor: place, waitMs: 0, signal });
  expect(batch).toMatchObject({ lost: ["contacts"], observations: [], cursor: expect.stringContaining('"5"') });
});
