import type { Store } from "../ports/store.ts";

/** Where Truce's own state lies: a file, or a PostgreSQL database. */
export type StorePlace = { readonly file: string } | { readonly url: string };

export async function openStore(place: StorePlace): Promise<Store> {
  if ("file" in place) {
    const { openSqliteStore } = await import("../store/sqlite/sqlite-store.ts");
    return openSqliteStore(place.file);
  }
  const { openPostgresStore } = await import("../store/postgres/postgres-store.ts");
  return openPostgresStore(place.url);
}
