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
  "$limit",
  "_limit",
  "_per_page",
  "count",
];
const pageNames = ["page", "pagination[page]", "_page", "p"];
const offsetNames = ["offset", "skip", "$skip", "_start", "start"];
const cursorNames = ["cursor", "page_token", "pageToken", "after", "starting_after", "offset", "next", "bookmark"];
const pageSize = 100;

/** The paging that answers prove, and where they tell the number of all records. */
export async function probePaging(
  ask: Ask,
  shape: Shape,
  first: Answer,
): Promise<{ readonly paging: Paging | null; readonly total: string | undefined }> {
  const records = at(first.body, shape.items) as readonly Json[];
  const [one, two] = records.map((record) => idOf(at(record, shape.id)));
  const total = pathsIn(first.body, 3).find(
    ([path, value]) =>
      /total|count/iu.test(path) &&
      !/page/iu.test(path.split(".").at(-1) ?? "") &&
      typeof value === "number" &&
      value >= records.length,
  )?.[0];
  const idsAt = (answer: Answer | null) => idsIn(answer, shape);
  for (const sizeParam of two === undefined ? [] : sizeNames) {
    const small = await ask({ [sizeParam]: 1 });
    if (small === null || idsAt(small).length !== 1) continue;
    const sizes = { sizeParam, size: pageSize };
    const led = await ledPaging(ask, shape, small, { [sizeParam]: 1 });
    if (led !== null) return { paging: { ...led, ...sizes }, total };
    for (const param of pageNames) {
      for (const start of [1, 0]) {
        const next = idsAt(await ask({ [sizeParam]: 1, [param]: start + 1 }));
        const same = idsAt(await ask({ [sizeParam]: 1, [param]: start }));
        if (next[0] === two && same[0] === one) {
          return {
            paging: {
              type: "page",
              ...(param === "page" ? {} : { param }),
              ...(start === 1 ? {} : { first: 0 }),
              ...sizes,
            },
            total,
          };
        }
      }
    }
    for (const param of offsetNames) {
      if (idsAt(await ask({ [sizeParam]: 1, [param]: 1 }))[0] === two) {
        return { paging: { type: "offset", ...(param === "offset" ? {} : { param }), ...sizes }, total };
      }
    }
  }
  return { paging: await ledPaging(ask, shape, first, {}), total };
}

/** Paging to which the answer itself leads: by a link, an address, or a token whose parameter has to be guessed. */
async function ledPaging(ask: Ask, shape: Shape, answer: Answer, query: Query): Promise<Paging | null> {
  if (/rel="?next/iu.test(answer.headers["link"] ?? "")) return { type: "link" };
  const hints = pathsIn(answer.body, 3).filter(
    ([path, value]) => /next|cursor/iu.test(path) && !path.startsWith(`${shape.items}.`) && textOf(value) !== "",
  );
  const address = hints.find(([, value]) => typeof value === "string" && /^(?:https?:\/\/|\/|\?)/u.test(value));
  if (address !== undefined) return { type: "next", next: address[0] };
  const before = idsIn(answer, shape);
  for (const [next, token] of hints.filter(([, value]) => idOf(value) !== undefined)) {
    for (const param of cursorNames) {
      const following = idsIn(await ask({ ...query, [param]: textOf(token) }), shape);
      if (following.length > 0 && following[0] !== before[0]) return { type: "cursor", param, next };
    }
  }
  return null;
}
