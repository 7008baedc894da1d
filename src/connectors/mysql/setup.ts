import { SyncFailure } from "../../model/sync-error.ts";
import { quoted } from "./catalog.ts";
import { syncErrorOf } from "./errors.ts";
import { rowsOf, type Session } from "./session.ts";

/** Where Truce keeps which row it made for which golden record. Its rows are in the log, in the transaction of the row that was made. */
export const keysTable = "truce_created";

/** As a database's owner may have to run it. */
export function keysTableSql(database: string): string {
  return `create table if not exists ${quoted(database)}.${keysTable} (object varchar(130) not null, create_key varchar(190) not null, id varchar(1000) not null, primary key (object, create_key), key created_id (object, id(190))) engine = InnoDB character set utf8mb4 collate utf8mb4_bin`;
}

/** Makes the table of create keys; safe when several do so at once. */
export async function prepareKeys(session: Session, database: string): Promise<void> {
  if (await usesKeys(session, database)) return;
  try {
    await rowsOf(session, keysTableSql(database));
  } catch (error) {
    const { message } = syncErrorOf(error);
    const remedy = `have its owner run: ${keysTableSql(database)};`;
    throw new SyncFailure({ code: "UNAUTHORIZED", message: `${message}; ${remedy}` });
  }
}

/** Whether the table of create keys is there. */
export async function usesKeys(session: Session, database: string): Promise<boolean> {
  try {
    await rowsOf(session, `select 1 from ${quoted(database)}.${keysTable} limit 0`);
    return true;
  } catch (error) {
    const { code } = syncErrorOf(error);
    if (code === "SCHEMA" || code === "UNAUTHORIZED") return false;
    throw error;
  }
}
