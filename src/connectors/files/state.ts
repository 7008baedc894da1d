import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import type { CellName, ObjectName, RecordId } from "../../model/record.ts";
import type { RawValue } from "../../model/value.ts";

export type Fields = Readonly<Record<CellName, RawValue>>;

/** A record as the files of both sides have left it. `seq`: its place in the order of all changes. */
export type StoredRecord = {
  readonly id: RecordId;
  readonly seq: number;
  readonly isDeleted: boolean;
  readonly key: string | null;
  readonly fields: Fields;
};

/**
 * What is known of the records, as files tell only changes: an embedded database in the folder itself. Records and the note of a file that was
 * read are written in one transaction, so that a file counts once, whatever crashes.
 */
export type State = Awaited<ReturnType<typeof openState>>;

export async function openState(folder: string) {
  mkdirSync(folder, { recursive: true });
  const { DatabaseSync: Database } = await import("node:sqlite");
  const db: DatabaseSync = new Database(join(folder, "state.db"));
  db.exec(schema);
  const statements = {
    get: db.prepare("select * from records where object = ? and id = ?"),
    page: db.prepare("select * from records where object = ? and id > ? and deleted = 0 order by id limit ?"),
    since: db.prepare("select * from records where object = ? and seq > ? order by seq limit ?"),
    count: db.prepare("select count(*) as n from records where object = ? and deleted = 0"),
    last: db.prepare("select coalesce(max(seq), 0) as seq from records"),
    put: db.prepare(
      `insert into records (object, id, seq, deleted, key, fields) values (?, ?, ?, ?, ?, ?)
       on conflict (object, id) do update set seq = excluded.seq, deleted = excluded.deleted, key = excluded.key, fields = excluded.fields`,
    ),
    byKey: db.prepare("select * from records where object = ? and key = ? and deleted = 0"),
    columns: db.prepare(
      "select distinct member.key from records, json_each(records.fields) as member where object = ? and deleted = 0 limit 1000",
    ),
    taken: db.prepare("select 1 from files where hash = ?"),
    take: db.prepare("insert into files (hash, name, at) values (?, ?, ?)"),
    clearSeen: db.prepare("delete from seen"),
    see: db.prepare("insert or ignore into seen (id) values (?)"),
    unseen: db.prepare("select * from records where object = ? and deleted = 0 and id not in (select id from seen)"),
  };
  const rows = (found: unknown) => (found as readonly Row[]).map(recordOf);
  const last = () => (statements.last.get() as { readonly seq: number }).seq;

  return {
    last,
    get: (object: ObjectName, id: RecordId) => rows([statements.get.get(object, id)].filter(Boolean))[0],
    byKey: (object: ObjectName, key: string) => rows([statements.byKey.get(object, key)].filter(Boolean))[0],
    page: (object: ObjectName, after: RecordId, limit: number) => rows(statements.page.all(object, after, limit)),
    since: (object: ObjectName, seq: number, limit: number) => rows(statements.since.all(object, seq, limit)),
    count: (object: ObjectName) => (statements.count.get(object) as { readonly n: number }).n,
    columns: (object: ObjectName) =>
      (statements.columns.all(object) as { readonly key: string }[]).map(({ key }) => key),
    put(object: ObjectName, { id, isDeleted, key, fields }: Omit<StoredRecord, "seq">): StoredRecord {
      const seq = last() + 1;
      statements.put.run(object, id, seq, Number(isDeleted), key, JSON.stringify(fields));
      return { id, seq, isDeleted, key, fields };
    },
    isTaken: (hash: string) => statements.taken.get(hash) !== undefined,
    take: (hash: string, name: string, at: number) => void statements.take.run(hash, name, at),
    clearSeen: () => void statements.clearSeen.run(),
    see: (id: RecordId) => void statements.see.run(id),
    unseen: (object: ObjectName) => rows(statements.unseen.all(object)),
    begin: () => db.exec("begin immediate"),
    commit: () => db.exec("commit"),
    rollback: () => db.exec("rollback"),
    close: () => db.close(),
  };
}

const schema = `
pragma journal_mode = wal;
pragma synchronous = full;
pragma busy_timeout = 5000;
create table if not exists records (
  object text not null, id text not null, seq integer not null, deleted integer not null, key text, fields text not null,
  primary key (object, id)
) without rowid;
create index if not exists records_seq on records (seq);
create index if not exists records_key on records (object, key);
create table if not exists files (hash text primary key, name text not null, at integer not null);
create temp table seen (id text primary key) without rowid;
`;

type Row = {
  readonly id: string;
  readonly seq: number;
  readonly deleted: number;
  readonly key: string | null;
  readonly fields: string;
};

function recordOf({ id, seq, deleted, key, fields }: Row): StoredRecord {
  return { id, seq, isDeleted: deleted === 1, key, fields: JSON.parse(fields) as Fields };
}
