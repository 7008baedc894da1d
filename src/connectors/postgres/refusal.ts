import pg from "pg";
import type { CellName } from "../../model/record.ts";
import type { WriteResult } from "../../ports/connector.ts";
import { sendUpdates } from "./change-rows.ts";
import { isRowError, syncErrorOf } from "./errors.ts";
import type { Create, Delete, Update, WriteSession } from "./write-session.ts";

type Cells = Readonly<Record<CellName, string>>;

/** Refused rows of a batch that are asked about cell by cell: each costs two questions per cell, while the batch's rows are locked. */
const probesMax = 25;

/** What the server said to a row that stood alone, with the cells that it objects to as far as that can be told. */
export async function refusal(
  session: WriteSession,
  request: Update | Create | Delete,
  error: unknown,
): Promise<WriteResult> {
  const judged = syncErrorOf(error);
  if (judged.code !== "REJECTED" || request.kind === "delete" || !(error instanceof pg.DatabaseError))
    return { kind: "failed", error: judged };
  const cells = await objectedTo(session, request, error, judged);
  return { kind: "failed", error: { ...judged, cells } };
}

/**
 * PostgreSQL names the column of a missing value and the constraint of a broken one, but not the column of a value that is none of its type or too
 * long, nor what a trigger minds. An update is then tried with each of its cells alone, and undone.
 */
async function objectedTo(
  session: WriteSession,
  request: Update | Create,
  error: pg.DatabaseError,
  judged: { readonly message: string; readonly cells: Cells },
): Promise<Cells> {
  const named = Object.keys(request.patch);
  const isGiven = (cell: CellName) => Object.hasOwn(request.patch, cell);
  if (Object.keys(judged.cells).some(isGiven)) return judged.cells;
  const own = (await columnsOfConstraint(session, error)).filter(isGiven);
  if (own.length > 0) return Object.fromEntries(own.map((cell) => [cell, judged.message]));
  if (named.length === 1 && isAboutValue(error)) return Object.fromEntries(named.map((cell) => [cell, judged.message]));
  if (request.kind !== "update" || named.length === 1 || session.spent.probes++ >= probesMax) return {};
  const refused = await refusedAlone(session, request);
  // What refuses every cell minds the record.
  return Object.keys(refused).length === named.length && !isAboutValue(error) ? {} : refused;
}

/** A value that its type or a constraint does not take. */
function isAboutValue({ code = "" }: pg.DatabaseError): boolean {
  return code.startsWith("22") || code.startsWith("23");
}

async function columnsOfConstraint(
  { client, mapped }: WriteSession,
  { constraint }: pg.DatabaseError,
): Promise<CellName[]> {
  if (constraint === undefined) return [];
  const { rows } = await client.query<{ name: string }>(
    `select a.attname as name from pg_attribute a where a.attrelid = $1 and (
       exists (select 1 from pg_constraint c where c.conrelid = a.attrelid and c.conname = $2 and a.attnum = any(c.conkey))
       or exists (select 1 from pg_index i join pg_class x on x.oid = i.indexrelid
         where i.indrelid = a.attrelid and x.relname = $2 and a.attnum = any(i.indkey::smallint[])))`,
    [mapped.table.oid, constraint],
  );
  return rows.map((row) => row.name);
}

async function refusedAlone(session: WriteSession, request: Update): Promise<Cells> {
  const refused: Record<CellName, string> = {};
  await session.client.query("savepoint cell");
  for (const [cell, value] of Object.entries(request.patch)) {
    try {
      await sendUpdates(session, [{ ...request, patch: { [cell]: value }, base: {} }]);
    } catch (error) {
      if (!isRowError(error)) throw error;
      refused[cell] = syncErrorOf(error).message;
    }
    await session.client.query("rollback to savepoint cell");
  }
  return refused;
}
