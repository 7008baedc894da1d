import type { SandboxAnswer } from "../core/serve.ts";
import type { Org } from "./org.ts";
import { Refusal, refuse } from "./refusal.ts";
import { parseSoql } from "./soql/parse.ts";
import { runSoql } from "./soql/run.ts";

/** Results that are handed out in pages. Each holds what the query found when it was asked. */
type OpenQuery = { readonly records: readonly object[]; readonly madeAt: number };

export type Queries = {
  /** `GET /query?q=`, or `/queryAll` for deleted records too. */
  run(soql: string, all: boolean, version: string, batchSize: number): SandboxAnswer;
  /** `GET /query/<locator>-<offset>` */
  more(place: string, version: string): SandboxAnswer;
};

const batchSizeMax = 2000;
const batchSizeMin = 200;
const lifeMs = 2 * 86_400_000;
/** More open ones push out the oldest. */
const openMax = 10;

export function createQueries(org: Org): Queries {
  const open = new Map<string, OpenQuery>();
  let made = 0;
  const page = (locator: string, query: OpenQuery, from: number, size: number, version: string): SandboxAnswer => {
    const end = from + size;
    const done = end >= query.records.length;
    return {
      status: 200,
      body: {
        totalSize: query.records.length,
        done,
        ...(done ? {} : { nextRecordsUrl: `/services/data/v${version}/query/${locator}-${end}` }),
        records: query.records.slice(from, end),
      },
    };
  };
  return {
    run: (soql, all, version, batchSize) => {
      const query = parseSoql(soql);
      const found = runSoql(org, query, all);
      if (found.records === null) return { status: 200, body: { totalSize: found.total, done: true, records: [] } };
      const records = found.records.map((record) => found.render(record, version));
      const size = Math.min(batchSizeMax, Math.max(batchSizeMin, batchSize));
      const locator = `0r8bm${String(++made).padStart(13, "0")}`;
      if (records.length > size) open.set(locator, { records, madeAt: org.now() });
      if (open.size > openMax) for (const oldest of [...open.keys()].slice(0, open.size - openMax)) open.delete(oldest);
      return page(locator, { records, madeAt: org.now() }, 0, size, version);
    },
    more: (place, version) => {
      const [locator = "", from = ""] = place.split("-");
      const query = open.get(locator);
      if (query === undefined || !/^\d+$/u.test(from) || query.madeAt + lifeMs < org.now()) {
        throw new Refusal(400, [{ errorCode: "INVALID_QUERY_LOCATOR", message: "invalid query locator" }]);
      }
      return page(locator, query, Number(from), batchSizeMax, version);
    },
  };
}

/** `batchSize=500` in Sforce-Query-Options. */
export function batchSizeIn(header: string | undefined): number {
  const size = /batchSize=(\d+)/iu.exec(header ?? "")?.[1];
  return size === undefined ? batchSizeMax : Number(size);
}

export function queryIn(query: URLSearchParams): string {
  const soql = query.get("q");
  if (soql === null) throw refuse("MALFORMED_QUERY", "q is required");
  return soql;
}
