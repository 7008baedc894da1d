/**
 * Tables of the embedded store, one step per version; steps are only ever added. A golden record is one JSON document; what is searched or
 * kept unique about it stands in narrow tables beside it. Times are ms since the epoch.
 */
export const migrations: readonly string[] = [
  `
  create table golden (id text primary key, entity text not null, version integer not null, doc text not null) without rowid;
  create index golden_entity on golden (entity, id);
  create table record (system text not null, object text not null, id text not null, golden_id text not null, status text not null,
    primary key (system, object, id)) without rowid;
  create index record_golden on record (golden_id);
  create table identity (key text primary key, golden_id text not null) without rowid;
  create index identity_golden on identity (golden_id);
  create table term (text text not null, golden_id text not null, primary key (text, golden_id)) without rowid;
  create index term_golden on term (golden_id);
  create table due (golden_id text not null, system text not null, object text not null, due_at integer not null, lane integer not null,
    leased_until integer not null default 0, primary key (golden_id, system, object)) without rowid;
  create index due_next on due (system, lane, due_at);
  create table inbox (sequence integer primary key, id text not null unique, record text not null, lane integer not null, due_at integer not null,
    leased_until integer not null default 0, tries integer not null, received_at integer not null, dedupe_key text, observation text not null);
  create index inbox_next on inbox (lane, sequence);
  create index inbox_record on inbox (record);
  create table seen (dedupe_key text primary key, at integer not null) without rowid;
  create index seen_at on seen (at);
  create table outcome (name text primary key, count integer not null) without rowid;
  create table hold (sequence integer primary key, id text not null unique, kind text not null, entity text not null, status text not null,
    golden_id text, record text, doc text not null);
  create index hold_record on hold (record) where status = 'open' and golden_id is null;
  create table journal (sequence integer primary key, golden_id text not null, at integer not null, kind text not null, field text, record text,
    doc text not null);
  create index journal_golden on journal (golden_id, sequence);
  create table pin (record text primary key, golden_id text not null) without rowid;
  create table attempt (id text primary key, golden_id text not null, system text not null, object text not null, record_id text, kind text not null,
    fields text not null, started_at integer not null, ended_at integer, result text not null) without rowid;
  create index attempt_golden on attempt (golden_id, started_at);
  create table cursor (name text primary key, value text not null, at integer not null) without rowid;
  create table dead_letter (id text primary key, at integer not null, doc text not null) without rowid;
  `,
];
