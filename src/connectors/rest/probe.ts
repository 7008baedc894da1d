import { SyncFailure } from "../../model/sync-error.ts";
import type { Clock } from "../../ports/clock.ts";
import { type Answer, type Client, createClient } from "./client.ts";
import { at, idOf, type Json, objectOf } from "./json.ts";
import type { ObjectSettings, Paging, RestAuth, VersionShape } from "./options.ts";
import { type Ask, pathsIn, type Shape } from "./probe-ask.ts";
import { probeLookup, probeSince } from "./probe-filters.ts";
import { probePaging } from "./probe-paging.ts";
import { type Standard, standardOf } from "./probe-standard.ts";
import { changedIn } from "./record.ts";
import { pathOf } from "./template.ts";

export type ProbeOptions = { readonly clock: Clock; readonly auth: RestAuth | undefined };

/** What a tool showed of itself: the settings of a system with connector rest. `doubts`: what it couldn't prove, for the config's author. */
export type Probed = {
  readonly url: string;
  /** Sent with every request; absent where nothing of the kind is needed. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly objects: Readonly<Record<string, ObjectSettings>>;
  readonly doubts: readonly string[];
};

/**
 * Asks the addresses of a tool's collections, tries the parameters that such tools usually have, and keeps what the answers prove: a page size
 * that was obeyed, a second page that differs, a moment that filters. Reads only. Rejects with `SyncFailure` where an address is no list.
 */
export async function probeTool(addresses: readonly string[], options: ProbeOptions): Promise<Probed> {
  const urls = addresses.map((address) => new URL(address));
  const [first] = urls;
  if (first === undefined) throw new Error("There is no address to ask.");
  const folder = first.pathname.replace(/\/[^/]+\/?$/u, "");
  const shared = urls.every((url) => url.origin === first.origin && url.pathname.startsWith(`${folder}/`))
    ? folder
    : "";
  const url = first.origin + shared;
  const client = createClient({ system: "probe", url, objects: {}, ...options });
  const objects: [string, ObjectSettings][] = [];
  const doubts: string[] = [];
  let headers: Probed["headers"];
  for (const one of urls) {
    const path = one.pathname.slice(shared.length);
    const name = decodeURIComponent(path.split("/").findLast((part) => part !== "") ?? "records");
    const found = await probeCollection(client, path);
    objects.push([name, found.settings]);
    headers ??= found.standard?.headers;
    doubts.push(...found.doubts.map((doubt) => `${name}: ${doubt}`));
  }
  return { url, ...(headers === undefined ? {} : { headers }), objects: Object.fromEntries(objects), doubts };
}

async function probeCollection(client: Client, path: string) {
  const what = `asking ${path}`;
  const first = await client.call({ method: "GET", path, effect: "read", what });
  const items = listIn(first.body);
  if (items === null) {
    const keys = Object.keys(objectOf(first.body) ?? {}).join(", ");
    throw new SyncFailure({
      code: "SCHEMA",
      message: `${what}: there is no list in the answer${keys && `; it has ${keys}`}`,
    });
  }
  const records = at(first.body, items) as readonly Json[];
  const ask: Ask = async (query, address = path) => {
    try {
      return await client.call({ method: "GET", path: address, query, effect: "read", what });
    } catch (error) {
      if (error instanceof SyncFailure && error.error.code !== "RATE_LIMITED") return null;
      throw error;
    }
  };
  const alone = await readAlone(client, path, records);
  const fieldsAt = ["attributes", "fields"].find(
    (key) => records.every((one) => objectOf(at(one, key)) !== undefined) && records.length > 0,
  );
  const shape: Shape = { items, id: alone?.id ?? idsOf(records)[0] ?? "id", fieldsAt };
  const { paging, total, query } = await probePaging(ask, shape, first);
  const modifiedAt = modifiedIn(records[0], fieldsAt);
  const since = modifiedAt === undefined ? null : await probeSince(ask, shape, records, modifiedAt);
  const lookup = await probeLookup(ask, shape, records);
  const version = versionIn(records);
  const standard = standardOf(first, records, shape);
  const names = records.map((one) =>
    Object.keys(objectOf(at(one, fieldsAt ?? "")) ?? {})
      .sort()
      .join(),
  );
  const settings: ObjectSettings = {
    path,
    ...(shape.id === "id" ? {} : { id: shape.id }),
    ...(alone?.itemPath === undefined ? {} : { itemPath: alone.itemPath }),
    ...(fieldsAt === undefined ? {} : { fieldsAt }),
    ...(new Set(names).size > 1 ? { absent: "blank" } : {}),
    ...(modifiedAt === undefined ? {} : { modifiedAt }),
    ...(version === null ? {} : { version }),
    ...(items === "" && paging === null && total === undefined
      ? {}
      : {
          list: {
            ...(items === "" ? {} : { items }),
            ...(Object.keys(query).length === 0 ? {} : { query }),
            ...(total === undefined ? {} : { total }),
            ...(paging === null ? {} : { paging }),
          },
        }),
    ...(alone === null || alone.record === "" ? {} : { read: { record: alone.record } }),
    ...(lookup === null ? {} : { lookup }),
    changes: since === null ? { type: "list" } : { type: "since", query: since },
    update: { method: await probeUpdate(client, path, records, shape.id) },
    ...standard?.settings,
  };
  return { settings, standard, doubts: doubtsOf({ records, paging, since, alone, standard }) };
}

/** The path of the longest list of objects, at most two levels deep; `null` where there is none. An empty list counts if it is the only one. */
function listIn(body: Json): string | null {
  if (Array.isArray(body)) return "";
  const found = pathsIn(body, 2).filter(
    ([, value]) => Array.isArray(value) && value.every((one) => objectOf(one) !== undefined),
  );
  return found.toSorted(([, a], [, b]) => (b as unknown[]).length - (a as unknown[]).length)[0]?.[0] ?? null;
}

const idNames = ["documentId", "objectId", "id", "_id", "uuid", "Id", "ID", "guid", "key"];

function idsOf(records: readonly Json[]): string[] {
  return idNames.filter((name) => records.length > 0 && records.every((one) => idOf(at(one, name)) !== undefined));
}

type Alone = {
  readonly id: string;
  readonly record: string;
  readonly itemPath: string | undefined;
  readonly etag: string | null;
};

/** By which id, at which address, and in which envelope, the first record answers alone. */
async function readAlone(client: Client, path: string, records: readonly Json[]): Promise<Alone | null> {
  const bare = path.replace(/\/$/u, "");
  const slash = path.endsWith("/") ? "/" : "";
  // OData names a record in brackets, and quotes an id that is a text.
  const places = [undefined, `${bare}({id})`, `${bare}('{id}')`];
  for (const name of idsOf(records)) {
    const id = idOf(at(records[0], name)) ?? "";
    for (const place of places) {
      const itemPath = place ?? `${bare}/{id}${slash}`;
      const answer = await answered(client, pathOf(itemPath, { id }));
      if (answer === null) continue;
      const found = [["", answer.body] as const, ...pathsIn(answer.body, 2)].find(
        ([, value]) => idOf(at(value, name)) === id,
      );
      if (found === undefined) continue;
      const isUsual = place === undefined && slash === "";
      return {
        id: name,
        record: found[0],
        itemPath: isUsual ? undefined : itemPath,
        etag: answer.headers["etag"] ?? null,
      };
    }
  }
  return null;
}

async function answered(client: Client, path: string): Promise<Answer | null> {
  try {
    return await client.call({ method: "GET", path, effect: "read", what: "reading a record alone" });
  } catch (error) {
    if (error instanceof SyncFailure && error.error.code !== "RATE_LIMITED") return null;
    throw error;
  }
}

const modifiedNames =
  /^(?:updated|modified|last_?modified|last_?updated|changed|_?updated_?at|updatedon|modified_?on|date_?updated)(?:_?(?:at|on|time|date))?$/iu;

/** Where a record tells its last change: among its fields, beside them, or in a part about the record itself, the outer ones first. */
function modifiedIn(record: Json, fieldsAt: string | undefined): string | undefined {
  const paths = [
    ...(fieldsAt === undefined ? [] : pathsIn(at(record, fieldsAt), 1, `${fieldsAt}.`)),
    ...pathsIn(record, 2),
  ].map(([path]) => path);
  return paths.find(
    (path) =>
      modifiedNames.test(path.split(".").at(-1) ?? "") && changedIn({ path: "", modifiedAt: path }, record) !== null,
  );
}

/** Standards by which a write names the version that it replaces: OData, and CouchDB. */
function versionIn(records: readonly Json[]): VersionShape | null {
  const all = (name: string) => records.length > 0 && records.every((one) => idOf(at(one, name)) !== undefined);
  if (all("@odata.etag")) return { field: "@odata.etag", in: "header" };
  return all("_rev") ? { field: "_rev", in: "body" } : null;
}

/** PUT only where the tool says that it knows no PATCH. */
async function probeUpdate(
  client: Client,
  path: string,
  records: readonly Json[],
  id: string,
): Promise<"PATCH" | "PUT"> {
  const one = encodeURIComponent(idOf(at(records[0], id)) ?? "");
  const call = {
    method: "OPTIONS",
    path: `${path.replace(/\/$/u, "")}/${one}`,
    effect: "read",
    what: "asking what is allowed",
  } as const;
  try {
    const { headers } = await client.call(call);
    const allowed = headers["allow"] ?? headers["access-control-allow-methods"] ?? "";
    return /\bPUT\b/iu.test(allowed) && !/\bPATCH\b/iu.test(allowed) ? "PUT" : "PATCH";
  } catch (error) {
    if (error instanceof SyncFailure) return "PATCH";
    throw error;
  }
}

type Findings = {
  readonly records: readonly Json[];
  readonly paging: Paging | null;
  readonly since: object | null;
  readonly alone: Alone | null;
  readonly standard: Standard | null;
};

function doubtsOf({ records, paging, since, alone, standard }: Findings): readonly string[] {
  const isFew = records.length < 2;
  const isStrong = alone?.etag != null && !alone.etag.startsWith("W/");
  const doubts: readonly (readonly [boolean, string])[] = [
    [isFew, "there are fewer than two records, which prove nothing about paging and filters; put two in and ask again"],
    [
      !isFew && paging === null,
      "no paging was found: one answer is taken for all records; set list.paging if it isn't",
    ],
    [alone === null, "no record could be read alone: set id, itemPath and read.record"],
    [since === null, "no filter by the last change was found: all is listed each time; set changes if there is one"],
    [isStrong, "it sends ETags: set version: etag if it refuses a write with an outdated If-Match"],
    [
      standard === null && alone !== null && alone.record !== "",
      `records are answered in "${alone?.record}": if it takes them so too, set create.body and update.body`,
    ],
    [
      true,
      standard === null
        ? "how it takes writes was not tried: see create, update, key and version in docs/connectors/rest.md"
        : `how it takes writes was not tried, but is as ${standard.name} says; name a key field if it can have one`,
    ],
  ];
  return doubts.flatMap(([isSo, text]) => (isSo ? [text] : []));
}
