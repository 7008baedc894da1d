import type { RecordId, SystemId } from "../../model/record.ts";
import type { Instant } from "../../model/time.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ReadResult, ScanPage } from "../../ports/connector.ts";
import { objectOf, own } from "../../ports/json-object.ts";
import { beginBulkScan, bulkPage, isBulkCursor } from "./bulk-scan.ts";
import type { Client } from "./client.ts";
import { senseless } from "./errors.ts";
import type { Urgency } from "./pace.ts";
import { askQuery } from "./query.ts";
import { fullId } from "./record-id.ts";
import { fieldsOf, isMirror, recordOf, recordsOf, type SalesforceRecord, upsertOf, whereOf } from "./records.ts";
import type { BoundObject } from "./schema.ts";
import { soqlList, soqlText } from "./soql.ts";

/** Rows of one page, and the most that a query answers at once. */
export const pageMax = 2000;
/** Ids of one read. */
const readMax = 2000;
/** Ids named in a query: an address holds about 16,000 characters. */
const idsPerQuery = 300;

/** Records by the ids that were asked for. */
export type Found = {
  readonly records: ReadonlyMap<RecordId, SalesforceRecord>;
  readonly observedAt: Instant;
  /** A moment of Salesforce's clock before the reading: what has a later stamp may still change unseen. */
  readonly vendorTime: Instant;
};

export type QueryPage = { readonly records: readonly SalesforceRecord[]; readonly isLast: boolean };

export type Reader = {
  /** Live records. An id that is not in the answer is not there any more; one that was merged away gives its master. */
  find(bound: BoundObject, ids: readonly RecordId[]): Promise<Found>;
  /** What found records say, for each id that was asked for. */
  tell(bound: BoundObject, found: Found, ids: readonly RecordId[]): readonly ReadResult[];
  /** One page of what a condition selects. `all`: deleted records too. */
  query(
    bound: BoundObject,
    rest: string,
    options: { readonly all: boolean; readonly urgency?: Urgency },
  ): Promise<QueryPage>;
  scan(bound: BoundObject, cursor: string | null): Promise<ScanPage>;
};

export type ReadDeps = {
  readonly system: SystemId;
  readonly client: Client;
  readonly clock: Clock;
  /** Objects with as many records are read by a job of Bulk API 2.0. */
  readonly bulkFrom: number;
};

export function createReader(deps: ReadDeps): Reader {
  const { client, clock } = deps;

  const query: Reader["query"] = async (bound, rest, { all, urgency = "live" }) => {
    const what = `querying ${bound.sobject.name}`;
    const soql = `SELECT ${fieldsOf(bound).join(",")} FROM ${bound.sobject.name} ${rest}`;
    const answer = await askQuery(client, { soql, all, urgency, what });
    return { records: recordsOf(answer, "records", what), isLast: own(answer, "done") === true };
  };

  /** Records by id, `null` for those that are not there. */
  const retrieve = async (bound: BoundObject, ids: readonly RecordId[]): Promise<SalesforceRecord[]> => {
    const pages = chunks(ids, readMax).map(async (chunk) => {
      const what = `reading ${chunk.length} ${bound.sobject.name}`;
      const path = `composite/sobjects/${bound.sobject.name}`;
      const body = { ids: chunk, fields: fieldsOf(bound) };
      const answer = await client.call({ method: "POST", path, body, effect: "read", what });
      if (!Array.isArray(answer) || answer.length !== chunk.length) throw senseless(what, "record for each id");
      return answer.flatMap((one) => {
        if (one === null) return [];
        const record = recordOf(objectOf(one) ?? {});
        if (record === undefined) throw senseless(what, "Id or SystemModstamp in one of its records");
        return isMirror(bound, record) ? [] : [record];
      });
    });
    return (await Promise.all(pages)).flat();
  };

  /** By the id of a deleted record, what it was merged into: followed through, as masters may be merged in turn. */
  const mastersOf = async (bound: BoundObject, ids: readonly RecordId[]): Promise<Map<RecordId, RecordId>> => {
    const masters = new Map<RecordId, RecordId>();
    let asked = ids;
    for (let depth = 0; asked.length > 0 && depth < mergeDepthMax; depth++) {
      const found: RecordId[] = [];
      for (const chunk of chunks(asked, idsPerQuery)) {
        const rest = `WHERE Id IN ${soqlList(chunk)} AND IsDeleted = true AND MasterRecordId != null`;
        const { records } = await query(bound, rest, { all: true });
        for (const { id, masterId } of records) if (masterId !== null) masters.set(id, masterId);
        found.push(...records.flatMap(({ masterId }) => (masterId === null ? [] : [masterId])));
      }
      asked = [...new Set(found)].filter((id) => !masters.has(id));
    }
    return masters;
  };

  return {
    query,

    async find(bound, ids) {
      const observedAt = clock.now();
      const vendorTime = client.vendorTime(observedAt);
      // An id of another form, or of another object, is no id of this one.
      const askable = [...new Set(ids)].flatMap((id) => {
        const full = fullId(id);
        return full?.startsWith(bound.sobject.keyPrefix) ? [full] : [];
      });
      const direct = new Map((await retrieve(bound, [...new Set(askable)])).map((record) => [record.id, record]));
      const absent = askable.filter((id) => !direct.has(id));
      const masters = bound.hasMerges ? await mastersOf(bound, absent) : new Map<RecordId, RecordId>();
      const lasting = new Map(
        absent.flatMap((id) => (masters.has(id) ? [[id, lastMaster(masters, id)] as const] : [])),
      );
      const survivors = await retrieve(
        bound,
        [...new Set(lasting.values())].filter((id) => !direct.has(id)),
      );
      for (const record of survivors) direct.set(record.id, record);
      const records = ids.flatMap((id) => {
        const full = fullId(id) ?? id;
        const record = direct.get(full) ?? direct.get(lasting.get(full) ?? "");
        return record === undefined ? [] : [[id, record] as const];
      });
      return { records: new Map(records), observedAt, vendorTime };
    },

    tell: (bound, { records, observedAt }, ids) =>
      ids.map((id): ReadResult => {
        const record = records.get(id);
        if (record === undefined) return { id, kind: "missing" };
        return { id, kind: "found", observation: upsertOf(deps, bound, record, observedAt) };
      }),

    async scan(bound, cursor) {
      if (cursor !== null && isBulkCursor(cursor)) return (await bulkPage(deps, bound, cursor)) ?? fromStart;
      const place = cursor === null ? { after: null, total: await countOf(client, bound) } : placeOf(cursor);
      if (cursor === null && (place.total ?? 0) >= deps.bulkFrom) {
        const begun = await beginBulkScan(deps, bound, place.total ?? 0);
        return { observations: [], cursor: begun, total: place.total };
      }
      const observedAt = clock.now();
      const isStart = place.after === null || place.after === "";
      const where = whereOf(bound, isStart ? null : `Id > ${soqlText(place.after)}`);
      const { records, isLast } = await query(bound, `${where} ORDER BY Id LIMIT ${pageMax}`, {
        all: false,
        urgency: "scan",
      });
      // A page may be shorter than asked for, and still not be the last.
      const isEnd = records.length === 0 || (isLast && records.length < pageMax);
      return {
        observations: records.map((record) => upsertOf(deps, bound, record, observedAt)),
        cursor: isEnd ? null : `${records.at(-1)!.id}/${place.total ?? ""}`,
        total: place.total,
      };
    },
  };
}

/** Where a scan goes on whose job failed: with the first page of queries. */
const fromStart: ScanPage = { observations: [], cursor: "/", total: null };

const mergeDepthMax = 10;

function lastMaster(masters: ReadonlyMap<RecordId, RecordId>, id: RecordId): RecordId {
  let at = id;
  for (let depth = 0; depth < mergeDepthMax; depth++) at = masters.get(at) ?? at;
  return at;
}

function placeOf(cursor: string): { readonly after: string; readonly total: number | null } {
  const [after = "", total = ""] = cursor.split("/");
  return { after, total: total === "" ? null : Number(total) };
}

async function countOf(client: Client, bound: BoundObject): Promise<number | null> {
  const { name } = bound.sobject;
  const what = `counting ${name}`;
  const soql = `SELECT count() FROM ${name} ${whereOf(bound)}`;
  const total = own(await askQuery(client, { soql, all: false, urgency: "scan", what }), "totalSize");
  return typeof total === "number" ? total : null;
}

export function chunks<Item>(items: readonly Item[], size: number): Item[][] {
  const parts: Item[][] = [];
  for (let at = 0; at < items.length; at += size) parts.push(items.slice(at, at + size));
  return parts;
}
