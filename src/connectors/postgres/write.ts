import type pg from "pg";
import { revisionOf } from "../../model/observation.ts";
import type { WriteRequest, WriteResult } from "../../ports/connector.ts";
import { deleteRows, shapeOf, updateRows } from "./change-rows.ts";
import { createRows } from "./create-rows.ts";
import { failureOf, isAnswered, isContended } from "./errors.ts";
import { parseLsn, writeLock } from "./lsn.ts";
import type { OwnWrites } from "./own-writes.ts";
import { refusal } from "./refusal.ts";
import { keyParts, type MappedTable } from "./rows.ts";
import { markPrefix } from "./session.ts";
import { isolating, lockWait, type Results, type WriteSession } from "./write-session.ts";
import { parseXid } from "./xid.ts";

type Options = {
  readonly now: () => number;
  /** Changes are learned from the log: the transaction is marked in it, and its place there is the rows' revision. */
  readonly isLogged: boolean;
  readonly own: OwnWrites;
};

/** How often a batch is tried that others got in the way of; two batches that lock the same rows in another order do. */
const triesMax = 4;

/**
 * Writes a batch in one transaction. Each update and delete carries its condition in the same statement: the columns that it changes must still
 * hold what was last seen there. With `isLogged` the place of the transaction's end is every written row's revision: the rows' locks make all
 * earlier changes of them come before it and all later ones after it.
 */
export async function writeBatch(
  pool: pg.Pool,
  mapped: MappedTable,
  requests: readonly WriteRequest[],
  options: Options,
): Promise<WriteResult[]> {
  for (let tries = 1; ; tries++) {
    try {
      return await tryBatch(pool, mapped, requests, options);
    } catch (error) {
      if (!isContended(error) || tries === triesMax) throw failureOf(error);
    }
  }
}

async function tryBatch(
  pool: pg.Pool,
  mapped: MappedTable,
  requests: readonly WriteRequest[],
  { now, isLogged, own }: Options,
): Promise<WriteResult[]> {
  const client = await pool.connect();
  let committing = false;
  let broken: Error | undefined;
  try {
    await client.query(beginSql(isLogged));
    const session: WriteSession = { client, mapped, now, spent: { waits: 0, probes: 0 } };
    const results = await writeAll(session, requests);
    const revision = isLogged ? await mark(session, results, own) : null;
    committing = true;
    await client.query("commit");
    return requests.map((request) => stamped(results.get(request), revision));
  } catch (error) {
    if (error instanceof Error) broken = error;
    if (isAnswered(error)) await client.query("rollback").catch(() => undefined);
    // What was told to give way was surely undone, even when told at its COMMIT.
    throw isContended(error) ? error : failureOf(error, committing);
  } finally {
    client.release(broken !== undefined && !isAnswered(broken) ? broken : undefined);
  }
}

/** Constraints that wait for the commit would refuse the whole batch there, instead of one row here. A first mark lets the feed know the transaction as ours from its begin. */
function beginSql(isLogged: boolean): string {
  const first = isLogged ? `; select pg_logical_emit_message(true, '${markPrefix}', '')` : "";
  return `begin isolation level read committed read write; set constraints all immediate; set local lock_timeout = '${lockWait}'${first}`;
}

async function writeAll(session: WriteSession, requests: readonly WriteRequest[]): Promise<Results> {
  const results: Results = new Map();
  const merge = (part: Results) => {
    for (const [request, result] of part) results.set(request, result);
  };
  const of = <K extends WriteRequest["kind"]>(kind: K) =>
    requests.filter((one): one is WriteRequest & { kind: K } => one.kind === kind);
  const possible = of("update").filter((one) => keyParts(session.mapped.table, one.id) !== null);
  for (const one of of("update")) results.set(one, { kind: "missing" });
  for (const group of Map.groupBy(possible, shapeOf).values())
    merge(await isolating(session, group, updateRows, refusal));
  merge(await isolating(session, of("delete"), deleteRows, refusal));
  merge(await createRows(session, of("create")));
  return results;
}

function stamped(result: WriteResult | undefined, revision: string | null): WriteResult {
  if (result === undefined) return { kind: "failed", error: { code: "UNKNOWN_OUTCOME", message: "no result" } };
  if (result.kind === "written") return { ...result, revision };
  if (result.kind === "changed") return { ...result, observation: { ...result.observation, revision } };
  return result;
}

/** Marks the transaction as Truce's in the log, with the keys of the rows it made; returns the revision of everything in it. */
async function mark({ client, mapped }: WriteSession, results: Results, own: OwnWrites): Promise<string> {
  const made: [string, string][] = [];
  const updated = new Set<string>();
  let isPlain = true;
  for (const [request, result] of results) {
    if (result.kind !== "written") continue;
    if (request.kind === "create" && result.created) made.push([result.id, request.key]);
    if (request.kind === "update") updated.add(result.id);
    else isPlain = false;
  }
  const content = JSON.stringify({ object: mapped.object.object, made });
  const { rows } = await client.query<{ lsn: string; xid: string }>(
    `with held as materialized (select pg_advisory_xact_lock_shared($2, $3))
     select pg_current_wal_insert_lsn()::text as lsn, pg_current_xact_id()::text as xid,
       pg_logical_emit_message(true, '${markPrefix}', $1) from held`,
    [content, ...writeLock(mapped.table.oid)],
  );
  const [place] = rows;
  if (isPlain && place !== undefined) own.note(parseXid(place.xid), mapped.table, updated);
  return revisionOf(parseLsn(place?.lsn ?? "0/0"));
}
