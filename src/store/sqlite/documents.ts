import type { Instant } from "../../model/time.ts";
import type { Document, DocumentChange, DocumentFilter } from "../../ports/store.ts";
import { fromStored } from "../../ports/store-text.ts";
import type { Database } from "./database.ts";
import { newWhere } from "./where.ts";

type Row = {
  readonly kind: string;
  readonly key: string;
  readonly revision: number;
  readonly expires_at: number | null;
  readonly doc: string;
};

export function document(db: Database, kind: string, key: string, now: Instant): Document | null {
  const row = db.get<Row>(
    "select * from document where kind = ? and key = ? and (expires_at is null or expires_at > ?)",
    kind,
    key,
    now,
  );
  return row === undefined ? null : documentOf(row);
}

export function documents(
  db: Database,
  { kind, after, newestFirst = false, limit }: DocumentFilter,
  now: Instant,
): readonly Document[] {
  const where = newWhere();
  where.equals("kind", kind);
  where.holds(newestFirst ? "key < ?" : "key > ?", after);
  where.holds("(expires_at is null or expires_at > ?)", now);
  const order = newestFirst ? "desc" : "asc";
  const rows = db.all<Row>(
    `select * from document ${where.sql()} order by key ${order} limit ?`,
    ...where.values,
    limit,
  );
  return rows.map(documentOf);
}

export function documentOf(row: Row): Document {
  return {
    kind: fromStored(row.kind),
    key: fromStored(row.key),
    value: JSON.parse(row.doc),
    revision: row.revision,
    expiresAt: row.expires_at,
  };
}

export function putDocuments(db: Database, changes: readonly DocumentChange[], now: Instant): boolean {
  return db.transaction(() => {
    db.run("delete from document where expires_at <= ?", now);
    const isExpected = ({ kind, key, expected }: DocumentChange) =>
      expected === undefined || (document(db, kind, key, now)?.revision ?? 0) === expected;
    if (!changes.every(isExpected)) return false;
    for (const change of changes) put(db, change);
    return true;
  });
}

function put(db: Database, { kind, key, value, expiresAt }: DocumentChange): void {
  if (value === null) {
    db.run("delete from document where kind = ? and key = ?", kind, key);
    return;
  }
  db.run(
    `insert into document values (?, ?, 1, ?, ?) on conflict (kind, key) do update set revision = revision + 1,
       expires_at = excluded.expires_at, doc = excluded.doc`,
    kind,
    key,
    expiresAt,
    JSON.stringify(value),
  );
}
