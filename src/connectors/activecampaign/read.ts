import type { LimitLane } from "../../core/limits.ts";
import type { RecordId, SystemId } from "../../model/record.ts";
import { SyncFailure } from "../../model/sync-error.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ReadResult, ScanPage } from "../../ports/connector.ts";
import { type Client, RefusedCall } from "./client.ts";
import { type Json, listOf, objectOf, textOf } from "./json.ts";
import { type Held, type Needs, needsOf, upsertOf } from "./records.ts";
import type { Bound, Name } from "./schema.ts";

/** Where a list goes on: after an id (contacts), or after so many records. */
export type Place = { readonly after: string };

export type HeldPage = { readonly held: readonly Held[]; readonly next: Place | null; readonly total: number | null };

export type Looked = Held | null | SyncFailure;

export type Reader = {
  /** `null` where it is not there, by a direct answer; a failure stands where that could not be told. In the order of the ids. */
  look(bound: Bound, ids: readonly RecordId[]): Promise<readonly Looked[]>;
  read(bound: Bound, ids: readonly RecordId[]): Promise<readonly ReadResult[]>;
  scan(bound: Bound, cursor: string | null): Promise<ScanPage>;
  page(bound: Bound, request: PageRequest): Promise<HeldPage>;
  /** Records of a page as the list tells them, with what lies beside them read only for those that are `wanted`. */
  contactsBy(bound: Bound, query: string, what: string): Promise<readonly Held[]>;
  tagId(name: string): Promise<string>;
};

export type PageRequest = {
  readonly place: Place | null;
  /** More of the query: "filters[updated_after]=..." */
  readonly query?: string;
  readonly lane?: LimitLane;
  readonly withKey?: boolean;
  /** Of a list's records, those that are told: the others cost no further call. */
  readonly wanted?: (record: Json) => boolean;
};

const pageMax = 100;
const singular: Readonly<Record<Name, string>> = { contacts: "contact", accounts: "account", deals: "deal" };
const dataPath: Readonly<Record<Name, string>> = {
  contacts: "fieldValues",
  accounts: "accountCustomFieldData",
  deals: "dealCustomFieldData",
};

export function createReader(system: SystemId, client: Client, clock: Clock): Reader {
  const tags = createTags(client);

  const get = (path: string, what: string, lane?: LimitLane) =>
    client.call({ method: "GET", path, effect: "read", what, ...(lane === undefined ? {} : { lane }) });

  /** The record alone, with all that is needed of what lies beside it. */
  const lookOne = async (bound: Bound, id: RecordId, needs: Needs): Promise<Held | null> => {
    const { name } = bound;
    const observedAt = clock.now();
    const what = `reading ${singular[name]} ${id}`;
    const answer = await orMissing(get(`${name}/${encodeURIComponent(id)}`, what));
    const record = answer === null ? null : objectOf(answer[singular[name]]);
    if (answer === null) return null;
    if (record === null || textOf(record["id"]) !== id)
      throw new SyncFailure({ code: "UNREACHABLE", message: `${what}: the answer is another record` });
    if (textOf(record["deleted"]) === "1") return null;
    return completed(bound, { id, record, observedAt }, needs, name === "contacts" ? answer : null, what);
  };

  /** Reads what is needed and did not come with the record. */
  const completed = async (
    { name }: Bound,
    { id, record, observedAt }: Pick<Held, "id" | "record" | "observedAt">,
    needs: Needs,
    beside: Json | null,
    what: string,
    lane?: LimitLane,
  ): Promise<Held> => {
    const own = (list: string): readonly Json[] | null => (beside === null ? null : besideOf(beside, list, id, record));
    const ask = async (list: string): Promise<readonly Json[]> => {
      const answer = await get(`${name}/${encodeURIComponent(id)}/${list}`, what, lane);
      // The answer's own name for it differs by object.
      return listOf(answer[list]) ?? Object.values(answer).flatMap((one) => listOf(one) ?? []);
    };
    const links = needs.tags ? (own("contactTags") ?? (await ask("contactTags"))) : null;
    return {
      id,
      record,
      observedAt,
      values: needs.values ? (own("fieldValues") ?? (await ask(dataPath[name]))) : null,
      lists: needs.lists ? (own("contactLists") ?? (await ask("contactLists"))) : null,
      tags: links === null ? null : await tags.named(links),
    };
  };

  const heldIn = async (
    bound: Bound,
    answer: Json,
    observedAt: number,
    { lane, withKey = false, wanted }: Omit<PageRequest, "place">,
    what: string,
  ): Promise<{ readonly held: Held[]; readonly ids: readonly string[] }> => {
    const rows = listOf(answer[bound.name]);
    if (rows === null)
      throw new SyncFailure({ code: "UNREACHABLE", message: `${what}: the answer has no ${bound.name}` });
    const needs = needsOf(bound, withKey);
    const held: Held[] = [];
    const ids: string[] = [];
    for (const record of rows) {
      const id = textOf(record["id"]);
      if (id === null) throw new SyncFailure({ code: "UNREACHABLE", message: `${what}: a record has no id` });
      ids.push(id);
      if (textOf(record["deleted"]) === "1" || wanted?.(record) === false) continue;
      const beside = bound.name === "contacts" ? answer : null;
      held.push(await completed(bound, { id, record, observedAt }, needs, beside, what, lane));
    }
    return { held, ids };
  };

  const include = (bound: Bound, withKey: boolean): string => {
    const needs = needsOf(bound, withKey);
    const lists = [needs.values && "fieldValues", needs.lists && "contactLists", needs.tags && "contactTags"];
    const named = lists.filter(Boolean).join(",");
    return named === "" ? "" : `&include=${named}`;
  };

  /** Contacts go on after an id, and never skip one; the others have only offsets. */
  const page = async (bound: Bound, request: PageRequest): Promise<HeldPage> => {
    const { name } = bound;
    const { place, query = "", lane, withKey = false } = request;
    const observedAt = clock.now();
    const what = `listing ${name}`;
    const after = place?.after ?? "0";
    const where =
      name === "contacts" ? `orders[id]=ASC&id_greater=${after}${include(bound, withKey)}` : `offset=${after}`;
    const path = `${name}?limit=${pageMax}&${where}${query === "" ? "" : `&${query}`}`;
    const answer = await get(path, what, lane);
    const { held, ids } = await heldIn(bound, answer, observedAt, request, what);
    const total = Number(textOf(objectOf(answer["meta"])?.["total"]) ?? Number.NaN);
    const last = ids.at(-1);
    if (last === undefined) return { held, next: null, total: Number.isNaN(total) ? null : total };
    if (name === "contacts" && ids.some((id) => Number(id) <= Number(after)))
      throw new SyncFailure({ code: "UNREACHABLE", message: `${what}: the list does not go on after ${after}` });
    const next = name === "contacts" ? last : String(Number(after) + ids.length);
    return { held, next: { after: next }, total: Number.isNaN(total) ? null : total };
  };

  const contactsBy = async (bound: Bound, query: string, what: string): Promise<readonly Held[]> => {
    const observedAt = clock.now();
    const answer = await get(`contacts?limit=${pageMax}&${query}${include(bound, true)}`, what);
    return (await heldIn(bound, answer, observedAt, { withKey: true }, what)).held;
  };

  const look = async (bound: Bound, ids: readonly RecordId[]): Promise<readonly Looked[]> => {
    const found = new Map<RecordId, Looked>();
    const possible = ids.filter((id) => /^\d+$/u.test(id));
    // One call for many contacts; what it leaves out is asked for by itself, so that one short answer deletes nothing.
    if (bound.name === "contacts" && possible.length > 1)
      for (let start = 0; start < possible.length; start += pageMax) {
        const asked = possible.slice(start, start + pageMax);
        const query = asked.map((id) => `ids[]=${id}`).join("&");
        const answer = await orFailure(contactsBy(bound, query, `reading ${asked.length} contacts`));
        if (answer instanceof SyncFailure) for (const id of asked) found.set(id, answer);
        else for (const held of answer) if (asked.includes(held.id)) found.set(held.id, held);
      }
    const needs = needsOf(bound, true);
    const left = possible.filter((id) => !found.has(id));
    const answers = await Promise.all(left.map((id) => orFailure(lookOne(bound, id, needs))));
    for (const [i, id] of left.entries()) found.set(id, answers[i] ?? null);
    return ids.map((id) => found.get(id) ?? null);
  };

  return {
    look,
    page,
    contactsBy,
    tagId: tags.idOf,
    async read(bound, ids) {
      const all = await look(bound, ids);
      return ids.map((id, i): ReadResult => {
        const held = all[i] ?? null;
        if (held instanceof SyncFailure) throw held;
        return held === null
          ? { id, kind: "missing" }
          : { id, kind: "found", observation: upsertOf(system, bound, held) };
      });
    },
    async scan(bound, cursor) {
      const place = cursor === null ? null : (JSON.parse(cursor) as Place);
      const { held, next, total } = await page(bound, { place, lane: 2 });
      return {
        observations: held.map((one) => upsertOf(system, bound, one)),
        // A short page is no end: only an empty one is.
        cursor: next === null ? null : JSON.stringify(next),
        total,
      };
    },
  };
}

/** What came beside the records of a list, or of one record. `null` where that is not all that the record says there is. */
function besideOf(answer: Json, list: string, id: RecordId, record: Json): readonly Json[] | null {
  const rows = listOf(answer[list])?.filter((one) => textOf(one["contact"]) === id);
  if (rows === undefined) return null;
  const told = record[list];
  const ids = rows.map((one) => textOf(one["id"]));
  return Array.isArray(told) && !told.every((one) => ids.includes(textOf(one))) ? null : rows;
}

async function orFailure<Result>(work: Promise<Result>): Promise<Result | SyncFailure> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof SyncFailure) return error;
    throw error;
  }
}

async function orMissing(call: Promise<Json>): Promise<Json | null> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof RefusedCall && error.status === 404) return null;
    throw error;
  }
}

/** Names of the account's tags: records hold their ids. */
function createTags(client: Client) {
  let names = new Map<string, string>();
  const readAll = async () => {
    const all = await client.listAll("tags", "tags", "reading the account's tags");
    names = new Map(all.map((one) => [textOf(one["id"]) ?? "", textOf(one["tag"]) ?? ""]));
  };
  const find = (name: string) => [...names].find(([, one]) => one === name)?.[0];
  return {
    async named(links: readonly Json[]): Promise<{ link: string; name: string }[]> {
      const ids = links.map((one) => textOf(one["tag"]) ?? "");
      if (ids.some((id) => !names.has(id))) await readAll();
      return links.map((one, i) => ({
        link: textOf(one["id"]) ?? "",
        name: names.get(ids[i] ?? "") ?? `tag ${ids[i]}`,
      }));
    },
    /** Tags are made as people name them: one that is not there is made. */
    async idOf(name: string): Promise<string> {
      if (find(name) === undefined) await readAll();
      const known = find(name);
      if (known !== undefined) return known;
      const body = { tag: { tag: name, tagType: "contact", description: "" } };
      // A second try finds the first one's tag.
      const answer = await client.call({
        method: "POST",
        path: "tags",
        body,
        effect: "write",
        what: `making tag ${name}`,
      });
      const id = textOf(objectOf(answer["tag"])?.["id"]);
      if (id === null)
        throw new SyncFailure({ code: "UNREACHABLE", message: `making tag ${name}: the answer has no id` });
      names.set(id, name);
      return id;
    },
  };
}
