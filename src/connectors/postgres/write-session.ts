import type pg from "pg";
import type { WriteRequest, WriteResult } from "../../ports/connector.ts";
import { isLockTimeout, isRowError } from "./errors.ts";
import type { MappedTable } from "./rows.ts";

export type Update = WriteRequest & { readonly kind: "update" };
export type Create = WriteRequest & { readonly kind: "create" };
export type Delete = WriteRequest & { readonly kind: "delete" };

/** One transaction that writes a batch. */
export type WriteSession = {
  readonly client: pg.PoolClient;
  readonly mapped: MappedTable;
  readonly now: () => number;
  /** Rows and statements that other sessions held too long, and refused rows that were asked about cell by cell. */
  readonly spent: { waits: number; probes: number };
};

export type Results = Map<WriteRequest, WriteResult>;

type Step<R> = (session: WriteSession, requests: readonly R[]) => Promise<Results>;
type Refuse<R> = (session: WriteSession, request: R, error: unknown) => Promise<WriteResult>;

/** How long a statement waits for a row that another session holds; once that happened, only briefly, as what we hold ourselves makes others wait. */
export const lockWait = "2s";
const lockWaitNext = "50ms";
const waitsMax = 40;

/** Runs a step for many requests; when a row is refused or held by another session, the batch is halved until such rows stand alone. */
export async function isolating<R extends WriteRequest>(
  session: WriteSession,
  requests: readonly R[],
  step: Step<R>,
  refuse: Refuse<R>,
): Promise<Results> {
  if (requests.length === 0) return new Map();
  const { client, spent } = session;
  await client.query("savepoint batch");
  try {
    const results = await step(session, requests);
    await client.query("release savepoint batch");
    return results;
  } catch (error) {
    const isHeld = isLockTimeout(error);
    if (!isHeld && !isRowError(error)) throw error;
    await client.query("rollback to savepoint batch");
    if (isHeld) {
      spent.waits++;
      await client.query(`set local lock_timeout = '${lockWaitNext}'`);
      if (requests.length === 1 || spent.waits > waitsMax) return new Map(requests.map((one) => [one, held(error)]));
    }
    const [only] = requests;
    if (requests.length === 1 && only !== undefined) return new Map([[only, await refuse(session, only, error)]]);
    const half = Math.ceil(requests.length / 2);
    const first = await isolating(session, requests.slice(0, half), step, refuse);
    return new Map([...first, ...(await isolating(session, requests.slice(half), step, refuse))]);
  }
}

function held(error: unknown): WriteResult {
  const words = error instanceof Error ? error.message : String(error);
  return {
    kind: "failed",
    error: { code: "UNREACHABLE", message: `another session holds the row or table: ${words}` },
  };
}
