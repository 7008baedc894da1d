import type { CursorRow } from "../../ports/store.ts";
import { fromStored } from "../../ports/store-text.ts";
import type { Database } from "./database.ts";

/** Within a transaction of the caller's. */
export function setCursors(db: Database, cursors: readonly CursorRow[]): void {
  for (const { name, value, at, isFirst } of cursors) {
    const kept = isFirst === true ? "nothing" : "update set value = excluded.value, at = excluded.at";
    db.run(`insert into cursor values (?, ?, ?) on conflict (name) do ${kept}`, name, value, at);
  }
}

export function cursor(db: Database, name: string): string | null {
  const row = db.get<{ value: string }>("select value from cursor where name = ?", name);
  return row === undefined ? null : fromStored(row.value);
}
