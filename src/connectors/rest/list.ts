import { createHash } from "node:crypto";
import type { LimitLane } from "../../core/limits.ts";
import { SyncFailure } from "../../model/sync-error.ts";
import type { Instant } from "../../model/time.ts";
import { type Answer, type Client, RefusedCall } from "./client.ts";
import { at, idOf, isYes, type Json, objectOf } from "./json.ts";
import type { ListShape, ObjectShape, Paging, Query } from "./options.ts";
import { filled } from "./template.ts";

/** A place in a list, with what shows that it moves on. Travels as JSON in cursors. */
export type Place = {
  /** Page number, offset, token, address or last id: what the paging style needs. */
  readonly at: string | number;
  /** Records before this place. */
  readonly count: number;
  readonly pages: number;
  /** The print of an earlier page. By Brent's algorithm it is renewed at each power of two, so that any circle is found. */
  readonly mark: string | null;
  /** How often a place had died and the list was begun again. */
  readonly restarts: number;
};

export type Page = {
  readonly records: readonly Json[];
  readonly total: number | null;
  /** `null`: the list has provably ended. */
  readonly next: Place | null;
  /** The tool's own time, if it tells. */
  readonly at: Instant | null;
};

export type ListCall = {
  readonly shape: ObjectShape;
  readonly place: Place | null;
  /** Beside the list's own query. */
  readonly query?: Query | undefined;
  readonly lane?: LimitLane;
  readonly what: string;
};

/** Places in opaque styles die after a while; the list is then begun again, but not for ever. */
const restartsMax = 2;

/**
 * One page of a list. What can't be told from a paging fault is one: a page that came before, a token that does not move on, an end before the
 * number of records that the tool itself tells. Throws SCHEMA then, so that no record counts as gone because a list was cut short.
 */
export async function listPage(client: Client, call: ListCall): Promise<Page> {
  try {
    return await pageAt(client, call);
  } catch (error) {
    const { place, shape } = call;
    const isRefused = error instanceof RefusedCall && [400, 404, 410, 422].includes(error.status);
    const isDead = isRefused && place !== null && isOpaque(shape.list?.paging);
    if (!isDead || place.restarts >= restartsMax) throw error;
    const page = await pageAt(client, { ...call, place: null });
    return { ...page, next: page.next === null ? null : { ...page.next, restarts: place.restarts + 1 } };
  }
}

/** All records of a list, `pagesMax` pages at most: a question for a few that answers with many was not understood. */
export async function listAll(
  client: Client,
  call: Omit<ListCall, "place">,
  pagesMax: number,
): Promise<readonly Json[]> {
  const records: Json[] = [];
  let place: Place | null = null;
  for (let pages = 0; pages < pagesMax; pages++) {
    const page: Page = await listPage(client, { ...call, place });
    records.push(...page.records);
    place = page.next;
    if (place === null) return records;
  }
  throw broken(call.what, `the answer goes on after ${pagesMax} pages; does the tool know these parameters?`);
}

async function pageAt(client: Client, { shape, place, query, lane = 0, what }: ListCall): Promise<Page> {
  const list = shape.list ?? {};
  const paging = list.paging;
  const isAddress = paging?.type === "link" || paging?.type === "next";
  const sizes: Query = paging?.sizeParam === undefined ? {} : { [paging.sizeParam]: paging.size ?? 100 };
  const answer = await client.call({
    method: "GET",
    path: isAddress && place !== null ? String(place.at) : (list.path ?? shape.path),
    query: isAddress && place !== null ? {} : { ...list.query, ...sizes, ...query, ...pagingQuery(paging, place) },
    effect: "read",
    lane,
    what,
  });
  const items = itemsOf(list, answer, what);
  const records = items.map((item) => at(item, list.record ?? ""));
  const total = totalOf(list, answer);
  const count = (place?.count ?? 0) + items.length;
  const next = nextOf(shape, answer, items, place, { total, count, what });
  return { records, total, at: answer.at, next };
}

function itemsOf(list: ListShape, answer: Answer, what: string): readonly Json[] {
  const items = at(answer.body, list.items ?? "");
  if (Array.isArray(items) && items.every((item) => objectOf(item) !== undefined)) return items;
  const keys = Object.keys(objectOf(answer.body) ?? {}).join(", ");
  const where = list.items === undefined ? "the answer is no list" : `the answer has no list at "${list.items}"`;
  throw broken(what, `${where}${keys === "" ? "" : `; it has ${keys}`}`);
}

function totalOf(list: ListShape, answer: Answer): number | null {
  if (list.total === undefined) return null;
  const total = Number(at(answer.body, list.total));
  return Number.isSafeInteger(total) ? total : null;
}

function pagingQuery(paging: Paging | undefined, place: Place | null): Query {
  switch (paging?.type) {
    case "page":
      return { [paging.param ?? "page"]: place?.at ?? paging.first ?? 1 };
    case "offset":
      return { [paging.param ?? "offset"]: place?.at ?? paging.first ?? 0 };
    case "cursor":
      return place === null ? {} : { [paging.param]: place.at };
    case "after": {
      if (place === null) return {};
      const id = String(place.at);
      return { ...paging.query, [paging.param]: filled(paging.value ?? "{id}", { id, json: JSON.stringify(id) }) };
    }
    default:
      return {};
  }
}

type Progress = { readonly total: number | null; readonly count: number; readonly what: string };

/** The place after a page, or `null` at the end of the list. */
function nextOf(
  shape: ObjectShape,
  answer: Answer,
  items: readonly Json[],
  place: Place | null,
  { total, count, what }: Progress,
): Place | null {
  const list = shape.list ?? {};
  const asked = place?.at ?? null;
  const following = followingPlace(shape, answer, items, asked, count);
  const toldMore = list.more === undefined ? null : isYes(at(answer.body, list.more));
  const isLed = isOpaque(list.paging);
  if (items.length === 0 && !isLed && toldMore === true) {
    throw broken(what, `a page is empty after ${count} records, and more are said to come`);
  }
  // Without a word from the tool a short page proves nothing: it may give fewer than it was asked for.
  const isEnd =
    following === null || toldMore === false || (!isLed && toldMore === null && isCounted(total, count, items));
  if (isEnd) {
    if (total !== null && count < total && list.paging !== undefined) {
      throw broken(what, `the list ends after ${count} records of ${total}`);
    }
    return null;
  }
  if (following === asked) throw broken(what, `the place after ${JSON.stringify(asked)} is said to be the same again`);
  return { at: following, count, ...movedOn(items, shape, place, what), restarts: place?.restarts ?? 0 };
}

/** Styles whose places the tool makes, and lets die. */
function isOpaque(paging: Paging | undefined): boolean {
  return paging?.type === "cursor" || paging?.type === "link" || paging?.type === "next";
}

function isCounted(total: number | null, count: number, items: readonly Json[]): boolean {
  return items.length === 0 || (total !== null && count >= total);
}

function followingPlace(
  shape: ObjectShape,
  answer: Answer,
  items: readonly Json[],
  asked: string | number | null,
  count: number,
): string | number | null {
  const paging = shape.list?.paging;
  switch (paging?.type) {
    case undefined:
      return null;
    case "page":
      return Number(asked ?? paging.first ?? 1) + 1;
    case "offset":
      return count + (paging.first ?? 0);
    case "cursor":
      return idOf(at(answer.body, paging.next)) ?? null;
    case "next": {
      const next = at(answer.body, paging.next);
      return typeof next === "string" && next !== "" ? new URL(next, answer.url).href : null;
    }
    case "link": {
      const next = nextLink(answer.headers["link"] ?? "");
      return next === null ? null : new URL(next, answer.url).href;
    }
    case "after": {
      const last = at(items.at(-1), shape.list?.record ?? "");
      return idOf(at(last, shape.id ?? "id")) ?? null;
    }
  }
}

/** The address with rel=next in a Link header. */
function nextLink(header: string): string | null {
  for (const [, address = "", rest = ""] of header.matchAll(/<([^>]*)>([^<]*)/gu)) {
    if (/;\s*rel\s*=\s*"?(?:[^";]*\s)?next(?:\s|"|,|;|$)/iu.test(rest)) return address;
  }
  return null;
}

/** Counts the page, and compares its print with an earlier one's. */
function movedOn(items: readonly Json[], shape: ObjectShape, place: Place | null, what: string) {
  const pages = (place?.pages ?? 0) + 1;
  const mark = place?.mark ?? null;
  if (items.length === 0) return { pages, mark };
  const print = createHash("sha256")
    .update(JSON.stringify(items.map((item) => at(at(item, shape.list?.record ?? ""), shape.id ?? "id"))))
    .digest("base64url")
    .slice(0, 16);
  if (print === mark) {
    throw broken(
      what,
      `page ${pages} holds the records of an earlier page; does the tool know the parameters of list.paging?`,
    );
  }
  return { pages, mark: (pages & (pages - 1)) === 0 ? print : mark };
}

function broken(what: string, reason: string): SyncFailure {
  return new SyncFailure({ code: "SCHEMA", message: `${what}: ${reason}` });
}
