import type { Answer } from "./client.ts";
import { at, idOf, type Json, textOf } from "./json.ts";
import type { Paging, Query } from "./options.ts";
import { type Ask, idsIn, pathsIn, type Shape } from "./probe-ask.ts";

const sizeNames = [
  "limit",
  "per_page",
  "perPage",
  "pageSize",
  "page_size",
  "size",
  "pagination[pageSize]",
  "page[size]",
  "page[limit]",
  "$limit",
  "$top",
  "filter[limit]",
  "_limit",
  "_per_page",
  "count",
];
const pageNames = ["page", "pagination[page]", "page[number]", "_page", "p"];
const offsetNames = ["offset", "skip", "$skip", "filter[skip]", "page[offset]", "_start", "start"];
const cursorNames = [
  "cursor",
  "page_token",
  "pageToken",
  "page[cursor]",
  "page[after]",
  "after",
  "starting_after",
  "offset",
  "next",
  "bookmark",
];
/** Counts records from 1, as SCIM does. */
const placeNames = ["startIndex", "start_index"];
const pageSize = 100;

export type ProbedPaging = {
  readonly paging: Paging | null;
  /** Where the number of all records is told. */
  readonly total: string | undefined;
  /** What has to be sent so that it is. */
  readonly query: Query;
};

/** The paging that answers prove, and where they tell the number of all records. */
export async function probePaging(ask: Ask, shape: Shape, first: Answer): Promise<ProbedPaging> {
  const records = at(first.body, shape.items) as readonly Json[];
  const total = totalIn(first, shape, records.length);
  if (total !== undefined) return { paging: await pagingOf(ask, shape, first, records), total, query: {} };
  // OData tells it when it is asked to.
  const counting = { $count: true };
  const counted = await ask(counting);
  const told = counted === null ? undefined : totalIn(counted, shape, records.length);
  return {
    paging: await pagingOf(ask, shape, first, records),
    total: told,
    query: told === undefined ? {} : counting,
  };
}

function totalIn({ body }: Answer, { items }: Shape, least: number): string | undefined {
  return pathsIn(body, 3).find(
    ([path, value]) =>
      /total|count/iu.test(path) &&
      !/page/iu.test(path.split(".").at(-1) ?? "") &&
      !path.startsWith(`${items}.`) &&
      typeof value === "number" &&
      value >= least,
  )?.[0];
}

async function pagingOf(ask: Ask, shape: Shape, first: Answer, records: readonly Json[]): Promise<Paging | null> {
  const [one, two] = records.map((record) => idOf(at(record, shape.id)));
  for (const sizeParam of two === undefined ? [] : sizeNames) {
    const small = await ask({ [sizeParam]: 1 });
    if (small === null || idsIn(small, shape).length !== 1) continue;
    const sizes = { sizeParam, size: pageSize };
    const led = await ledPaging(ask, shape, small, { [sizeParam]: 1 });
    if (led !== null) return { ...led, ...sizes };
    const idAt = async (param: string, place: number) => idsIn(await ask({ [sizeParam]: 1, [param]: place }), shape)[0];
    for (const param of pageNames) {
      for (const start of [1, 0]) {
        if ((await idAt(param, start + 1)) !== two || (await idAt(param, start)) !== one) continue;
        const named = param === "page" ? {} : { param };
        return { type: "page", ...named, ...(start === 1 ? {} : { first: 0 }), ...sizes };
      }
    }
    for (const param of offsetNames) {
      if ((await idAt(param, 1)) === two) return { type: "offset", ...(param === "offset" ? {} : { param }), ...sizes };
    }
    for (const param of placeNames) {
      if ((await idAt(param, 2)) === two && (await idAt(param, 1)) === one)
        return { type: "offset", param, first: 1, ...sizes };
    }
  }
  return ledPaging(ask, shape, first, {});
}

/** Paging to which the answer itself leads: by a link, an address, or a token whose parameter has to be guessed. */
async function ledPaging(ask: Ask, shape: Shape, answer: Answer, query: Query): Promise<Paging | null> {
  if (/rel="?next/iu.test(answer.headers["link"] ?? "")) return { type: "link" };
  const before = idsIn(answer, shape)[0];
  const isNext = (following: Answer | null) => {
    const [id] = idsIn(following, shape);
    return id !== undefined && id !== before;
  };
  const hints = pathsIn(answer.body, 3).filter(
    ([path, value]) => /next|cursor/iu.test(path) && !path.startsWith(`${shape.items}.`) && textOf(value) !== "",
  );
  for (const [next, value] of hints) {
    const isAddress = typeof value === "string" && /[/?]/u.test(value) && URL.canParse(value, answer.url);
    if (isAddress && isNext(await ask({}, new URL(value, answer.url).href))) return { type: "next", next };
  }
  for (const [next, token] of hints.filter(([, value]) => idOf(value) !== undefined)) {
    for (const param of cursorNames) {
      if (isNext(await ask({ ...query, [param]: textOf(token) }))) return { type: "cursor", param, next };
    }
  }
  return null;
}
