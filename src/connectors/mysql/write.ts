import type { Pool, PoolConnection } from "mysql2";
import type { Revision } from "../../model/observation.ts";
import type { WriteRequest, WriteResult } from "../../ports/connector.ts";
import { changeRows } from "./change-rows.ts";
import { createRows } from "./create-rows.ts";
import { failureOf, isContended } from "./errors.ts";
import { endStatement, lockName, revisionAt } from "./log-place.ts";
import { type ReadOrder, withConnection } from "./read.ts";
import type { MappedTable } from "./rows.ts";
import { rowsOf, type Server } from "./session.ts";
import type { WriteSession } from "./write-session.ts";

type Options = {
  readonly now: () => number;
  readonly database: string;
  readonly server: Server;
  /** Changes are learned from the log: the transaction's place there is the rows' revision. */
  readonly order: ReadOrder;
};

/** How often a batch is tried that others got in the way of; two batches that lock the same rows in another order do. */
const triesMax = 4;

/**
 * Writes a batch in one transaction, in a fixed number of round trips and one more for each row that is refused. Rows are locked from before they
 * are compared with what is expected until the end.
 */
export async function writeBatch(
  pool: Pool,
  mapped: MappedTable,
  requests: readonly WriteRequest[],
  options: Options,
): Promise<WriteResult[]> {
  for (let tries = 1; ; tries++) {
    let committing = false;
    try {
      return await withConnection(pool, (connection) =>
        tryBatch(connection, mapped, requests, options, () => {
          committing = true;
        }),
      );
    } catch (error) {
      // What was told to give way was surely undone, even when told at its COMMIT.
      if (!isContended(error)) throw failureOf(error, committing);
      if (tries === triesMax) throw failureOf(error);
    }
  }
}

async function tryBatch(
  connection: PoolConnection,
  mapped: MappedTable,
  requests: readonly WriteRequest[],
  { now, database, server, order }: Options,
  onCommit: () => void,
): Promise<WriteResult[]> {
  // What is locked is read as it is now, not as of the transaction's begin.
  await rowsOf(connection, "set transaction isolation level read committed", "start transaction");
  const session: WriteSession = { connection, mapped, database, now };
  const isCreate = (one: WriteRequest) => one.kind === "create";
  const changes = requests.filter((one): one is Exclude<WriteRequest, { kind: "create" }> => !isCreate(one));
  const creates = requests.filter((one): one is Extract<WriteRequest, { kind: "create" }> => isCreate(one));
  const results = new Map([...(await changeRows(session, changes)), ...(await createRows(session, creates))]);
  const lock = lockName(mapped.table);
  const revision = order === null ? null : await placeOf(session, server, lock, order.epoch);
  onCommit();
  await rowsOf(connection, "commit", `do release_lock('${lock}')`);
  return requests.map((request) => stamped(results.get(request), revision));
}

/**
 * The place of everything in this batch: after all earlier changes of its rows, which are locked, and before its own place and all later ones. Reads
 * in order are kept out from here to the end, as an old row that is read in between would seem newer; `null` when one of them takes long.
 */
async function placeOf(
  { connection }: WriteSession,
  server: Server,
  lock: string,
  epoch: number,
): Promise<Revision | null> {
  const [[got] = [], [end] = []] = await rowsOf(
    connection,
    `select get_lock('${lock}', 2) as got`,
    endStatement(server),
  );
  if (got?.["got"] !== "1" || end?.["File"] == null) return null;
  return revisionAt(epoch, { file: end["File"], position: Number(end["Position"]) });
}

function stamped(result: WriteResult | undefined, revision: Revision | null): WriteResult {
  if (result === undefined) return { kind: "failed", error: { code: "UNKNOWN_OUTCOME", message: "no result" } };
  if (result.kind === "written") return { ...result, revision };
  if (result.kind === "changed") return { ...result, observation: { ...result.observation, revision } };
  return result;
}
