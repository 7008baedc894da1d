import { expect, onTestFinished, test } from "vitest";
import type { Connector } from "../../ports/connector.ts";
import type { Paging } from "./options.ts";
import { type Answered, type Asked, connectorAt, mapped, toolThat } from "./testing.ts";

const object = mapped("name");

/** Ids in the order of a whole scan. */
async function scanned(connector: Connector): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | null = null;
  do {
    const page = await connector.scan(object, cursor);
    ids.push(...page.observations.map(({ ref }) => ref.id));
    cursor = page.cursor;
  } while (cursor !== null);
  return ids;
}

const people = (from: number, until: number) =>
  Array.from({ length: until - from }, (_, i) => ({ id: from + i, name: `person ${from + i}` }));

async function scanOf(answer: (asked: Asked) => Answered, list: object): Promise<string[]> {
  const { url } = await toolThat(answer, onTestFinished);
  return scanned(connectorAt(url, { list }));
}

const ids = (count: number) => people(0, count).map(({ id }) => String(id));

const page = (value: string | null, size: number, all: number) => {
  const start = Number(value ?? 0) * size;
  return people(start, Math.min(start + size, all));
};

test("pages that are smaller than asked for do not end the list", async () => {
  const answer = ({ query }: Asked) => ({ body: page(query.get("page"), 3, 10) });
  expect(await scanOf(answer, { paging: { type: "page", first: 0, sizeParam: "limit", size: 50 } })).toEqual(ids(10));
});

test("an offset counts what came, not what was asked for", async () => {
  const answer = ({ query }: Asked) => ({
    body: people(Number(query.get("skip")), Math.min(10, Number(query.get("skip")) + 4)),
  });
  expect(await scanOf(answer, { paging: { type: "offset", param: "skip", sizeParam: "limit", size: 50 } })).toEqual(
    ids(10),
  );
});

test("records that are counted from 1 are passed over from 1", async () => {
  const answer = ({ query }: Asked) => {
    const start = Number(query.get("startIndex")) - 1;
    if (start < 0) return { status: 400, body: { detail: "startIndex begins at 1" } };
    return { body: people(start, Math.min(10, start + 4)) };
  };
  expect(await scanOf(answer, { paging: { type: "offset", param: "startIndex", first: 1 } })).toEqual(ids(10));
});

test("a total ends the list without an empty page", async () => {
  const { url, asked } = await toolThat(
    ({ query }) => ({ body: { rows: page(query.get("p"), 5, 10), count: 10 } }),
    onTestFinished,
  );
  const list = { items: "rows", total: "count", paging: { type: "page", param: "p", first: 0 } } as const;
  expect(await scanned(connectorAt(url, { list }))).toEqual(ids(10));
  expect(asked).toHaveLength(2);
});

test("the word that there is no more ends the list", async () => {
  const answer = ({ query }: Asked) => {
    const data = page(query.get("page"), 5, 10);
    return { body: { data, has_more: data.at(-1)?.id !== 9 } };
  };
  expect(await scanOf(answer, { items: "data", more: "has_more", paging: { type: "page", first: 0 } })).toEqual(
    ids(10),
  );
});

test("addresses of next pages are followed, relative or whole, also behind a proxy that changes scheme and port", async () => {
  const answer = ({ query }: Asked) => {
    const at = Number(query.get("at") ?? 0);
    const next = at === 0 ? "?at=1" : at === 1 ? "https://127.0.0.1/contacts?at=2" : null;
    return { body: { results: page(String(at), 3, 9), links: { next } } };
  };
  expect(await scanOf(answer, { items: "results", paging: { type: "next", next: "links.next" } })).toEqual(ids(9));
});

test("a Link header among others is followed to its end", async () => {
  const answer = ({ query }: Asked) => {
    const at = Number(query.get("at") ?? 0);
    const link = [`</contacts?at=0>; rel="first"`, ...(at < 2 ? [`</contacts?at=${at + 1}>; rel="next"`] : [])].join(
      ", ",
    );
    return { headers: { link }, body: page(String(at), 3, 9) };
  };
  expect(await scanOf(answer, { paging: { type: "link" } })).toEqual(ids(9));
});

test("a place that died on the way begins the list anew, but not for ever", async () => {
  let deaths = 0;
  const tool = ({ query }: Asked): Answered => {
    if (query.get("cursor") !== null && deaths++ < 1) return { status: 400, body: { message: "cursor expired" } };
    return { body: { data: page(query.get("cursor"), 5, 10), next: query.get("cursor") === null ? "1" : null } };
  };
  const list = { items: "data", paging: { type: "cursor", param: "cursor", next: "next" } };
  expect(await scanOf(tool, list)).toEqual([...ids(5), ...ids(10)]);
  const dead = ({ query }: Asked): Answered =>
    query.get("cursor") === null ? { body: { data: people(0, 5), next: "1" } } : { status: 410, body: {} };
  await expect(scanOf(dead, list)).rejects.toThrow("answered 410");
});

const faults: readonly (readonly [what: string, paging: Paging, answer: (asked: Asked) => Answered, said: RegExp])[] = [
  [
    "a tool that ignores the page",
    { type: "page" },
    () => ({ body: { data: people(0, 5), total: 50 } }),
    /page 2 holds the records of an earlier page/,
  ],
  [
    "pages in a circle of three",
    { type: "cursor", param: "c", next: "next" },
    ({ query }) => {
      const at = Number(query.get("c") ?? 0);
      return { body: { data: people(at % 3, (at % 3) + 1), next: String(at + 1) } };
    },
    /holds the records of an earlier page/,
  ],
  [
    "a token that does not move on",
    { type: "cursor", param: "c", next: "next" },
    ({ query }) => ({ body: { data: people(query.get("c") === null ? 0 : 5, 10), next: "same" } }),
    /the place after "same" is said to be the same again/,
  ],
  [
    "an empty page before the end",
    { type: "page", first: 0 },
    ({ query }) => ({ body: { data: query.get("page") === "1" ? [] : people(0, 5), total: 50 } }),
    /the list ends after 5 records of 50/,
  ],
  [
    "a cursor that ends too early",
    { type: "cursor", param: "c", next: "next" },
    () => ({ body: { data: people(0, 5), total: 50, next: null } }),
    /the list ends after 5 records of 50/,
  ],
  [
    "a list that is not where it should be",
    { type: "page" },
    () => ({ body: { items: [] } }),
    /no list at "data"; it has items/,
  ],
  [
    "records without ids",
    { type: "page" },
    () => ({ body: { data: [{ key: 1 }] } }),
    /a record has no id at "id"; it has key/,
  ],
  [
    "a next page on another host",
    { type: "next", next: "next" },
    () => ({ body: { data: people(0, 5), next: "http://evil.example/contacts?page=2" } }),
    /the next page is said to be at http:\/\/evil.example/,
  ],
];

test.each(faults)(
  "%s is told, and the scan does not end as if it had seen all",
  async (_what, paging, answer, said) => {
    await expect(scanOf(answer, { items: "data", total: "total", paging })).rejects.toThrow(said);
  },
);
