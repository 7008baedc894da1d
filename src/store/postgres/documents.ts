import type { Instant } from "../../model/time.ts";
import type { Document, DocumentChange, DocumentFilter } from "../../ports/store.ts";
import { fromStored, toStored } from "../../ports/store-text.ts";
import type { Database, Query } from "./database.ts";
import { newWhere } from "./where.ts";

type Row = {
  readonly kind: string;
  readonly key: string;
  readonly revision: number;
  readonly expires_at: number | null;
  readonly doc: string;
};

export async function document(db: Database, kind: string, key: string, now: Instant): Promise<Document | null> {
  const [row] = await db.read<Row>(
    "select * from truce.document where kind = $1 and key = $2 and (expires_at is null or expires_at > $3)",
    toStored(kind),
    toStored(key),
    now,
  );
  return row === undefined ? null : documentOf(row);
}

export async function documents(
  db: Database,
  { kind, after, newestFirst = false, limit }: DocumentFilter,
  now: Instant,
): Promise<readonly Document[]> {
  const where = newWhere();
  where.equals("kind", toStored(kind));
  where.holds(newestFirst ? "key < ?" : "key > ?", after && toStored(after));
  where.holds("(expires_at is null or expires_at > ?)", now);
  const rows = await db.read<Row>(
    `select * from truce.document ${where.sql()} order by key ${newestFirst ? "desc" : "asc"} limit ${where.add(limit)}`,
    ...where.values,
  );
  return rows.map(documentOf);
}

function documentOf(row: Row): Document {
  return {
    kind: fromStored(row.kind),
    key: fromStored(row.key),
    value: JSON.parse(row.doc),
    revision: row.revision,
    expiresAt: row.expires_at,
  };
}

/** All rows that the changes are about are locked first, those that are not there yet by their names. */
export async function putDocuments(db: Database, changes: readonly DocumentChange[], now: Instant): Promise<boolean> {
  if (changes.length === 0) return true;
  return db.transaction(async (query) => {
    await lock(query, changes);
    const revisions = await revisionsOf(query, changes, now);
    const isExpected = ({ kind, key, expected }: DocumentChange) =>
      expected === undefined || (revisions.get(nameOf(kind, key)) ?? 0) === expected;
    if (!changes.every(isExpected)) return false;
    await put(query, changes);
    return true;
  });
}

const nameOf = (kind: string, key: string) => `${kind}/${key}`;

/** Any number will do that no other lock has. */
const lockClass = 722_830;

/** In one order for all, so that no two wait for each other. */
async function lock(query: Query, changes: readonly DocumentChange[]): Promise<void> {
  await query(
    `select pg_advisory_xact_lock(${lockClass}, hash) from
       (select distinct hashtext(name) as hash from unnest(truce.texts($1)) as name order by 1) as names`,
    changes.map(({ kind, key }) => toStored(nameOf(kind, key))),
  );
}

async function revisionsOf(query: Query, changes: readonly DocumentChange[], now: Instant) {
  await query("delete from truce.document where expires_at <= $1", now);
  const rows = await query<Row>(
    `select kind, key, revision from truce.document
     join unnest(truce.texts($1), truce.texts($2)) as wanted (kind, key) using (kind, key)`,
    changes.map(({ kind }) => toStored(kind)),
    changes.map(({ key }) => toStored(key)),
  );
  return new Map(rows.map((row) => [nameOf(fromStored(row.kind), fromStored(row.key)), row.revision]));
}

async function put(query: Query, changes: readonly DocumentChange[]): Promise<void> {
  const [gone, kept] = [changes.filter(({ value }) => value === null), changes.filter(({ value }) => value !== null)];
  if (gone.length > 0) {
    await query(
      `delete from truce.document using unnest(truce.texts($1), truce.texts($2)) as gone (kind, key)
       where document.kind = gone.kind and document.key = gone.key`,
      gone.map(({ kind }) => toStored(kind)),
      gone.map(({ key }) => toStored(key)),
    );
  }
  if (kept.length === 0) return;
  await query(
    `insert into truce.document (kind, key, revision, expires_at, doc)
     select kind, key, 1, expires_at, doc
     from unnest(truce.texts($1), truce.texts($2), truce.texts($3)::double precision[], truce.texts($4)) as kept (kind, key, expires_at, doc)
     on conflict (kind, key) do update set revision = document.revision + 1, expires_at = excluded.expires_at, doc = excluded.doc`,
    kept.map(({ kind }) => toStored(kind)),
    kept.map(({ key }) => toStored(key)),
    kept.map(({ expiresAt }) => expiresAt),
    kept.map(({ value }) => JSON.stringify(value)),
  );
}

/** Documents of another store, into this one, in which there are none. */
export async function takeOverDocuments(query: Query, documents: readonly Document[]): Promise<void> {
  await put(query, documents);
}
