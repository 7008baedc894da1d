/**
 * The tables of the PostgreSQL store, one step per version; steps are only ever added. They are those of the embedded store, with leases
 * in tables beside. Documents are text, not jsonb: they come back byte for byte, and may hold what jsonb refuses (an escaped NUL). Times
 * are ms since the Unix epoch, as doubles, like the numbers they come from.
 */
export const migrations: readonly { readonly name: string; readonly sql: string }[] = [
  {
    name: "first tables",
    sql: `
      -- An array of a list of texts in one: each begins with U+001F; U+001E stands for null.
      create function truce.texts(list text) returns text[] immutable strict parallel safe language sql
        return (string_to_array(list, chr(31), chr(30)))[2:];

      -- What is looked up about the document stands beside it as text, so that a commit knows what it changes without reading it:
      -- records, keys and work as in the tables below, texts as in search_text. Room in each page lets updates stay in it.
      create table truce.golden (id text collate "C" primary key, entity text not null, version integer not null,
        records text not null, keys text not null, work text not null, texts text not null, doc text not null)
        with (fillfactor = 80);

      -- key: system/object/id. linked: a live link, not an alias or a deleted one.
      create table truce.record (key text collate "C" primary key, golden_id text not null, linked boolean not null, id text not null);
      create table truce.identity_key (key text collate "C" primary key, golden_id text not null);
      create table truce.search_text (text text collate "C", golden_id text collate "C", primary key (text, golden_id));

      -- Golden records by when their links to a system are due (lane 3: behind, but not due), who has claimed them, how many are behind
      -- and since when. One row per golden record and system, found by the golden record's own copy of it; so one index is enough.
      create table truce.due (system text collate "C" not null, lane integer not null, due_at double precision not null,
        golden_id text collate "C" not null, leased_until double precision not null default 0, links integer not null,
        since double precision)
        with (autovacuum_vacuum_scale_factor = 0.02);
      create index due_next on truce.due (system, lane, due_at, golden_id);
      create index due_leased on truce.due (system, leased_until) where leased_until > 0;

      -- record, matches: of an open hold on an unlinked record, or one by which a person left it as it is.
      create table truce.hold (seq bigint generated always as identity primary key, id text collate "C" not null unique,
        kind text not null, entity text not null, status text not null, record text collate "C", matches text[], doc text not null);
      create index hold_status on truce.hold (status, seq);
      create index hold_record on truce.hold (record) where record is not null;

      create table truce.journal (seq bigint generated always as identity primary key, golden_id text collate "C" not null,
        entity text not null, at double precision not null, kind text not null, field text, version integer not null,
        why text not null, cause text not null, record text collate "C", doc text not null);
      create index journal_golden on truce.journal (golden_id, seq);
      create index journal_at on truce.journal (at, seq);

      -- waiting: its time had not come when it was last looked at.
      create table truce.inbox (seq bigint generated always as identity primary key, id text collate "C" not null unique,
        record text collate "C" not null, lane integer not null, received_at double precision not null,
        due_at double precision not null, waiting boolean not null, tries integer not null, dedupe_key text, doc text not null)
        with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);
      create index inbox_ready on truce.inbox (lane, seq) where not waiting;
      create index inbox_waiting on truce.inbox (due_at) where waiting;
      create index inbox_waiting_record on truce.inbox (record) where waiting;

      -- Who has claimed what of the inbox. Need not outlive a crash of the server: the items are then free.
      create unlogged table truce.lease (seq bigint primary key, record text collate "C" not null, until double precision not null)
        with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);
      create index lease_record on truce.lease (record);
      create index lease_until on truce.lease (until);

      -- What is left of an event once it is done.
      create table truce.dedupe (key text collate "C" primary key, outcome text, done_at double precision);
      create index dedupe_done on truce.dedupe (done_at) where done_at is not null;

      create table truce.attempt (id text collate "C" primary key, golden_id text not null, system text not null, object text not null,
        record_id text, kind text not null, fields text not null, started_at double precision not null,
        ended_at double precision, result text not null);
      create table truce.dead_letter (seq bigint generated always as identity primary key, id text collate "C" not null unique,
        at double precision not null, doc text not null);
      create table truce.pin (record text collate "C" primary key, golden_id text not null);
      create table truce.cursor (name text collate "C" primary key, value text not null, at double precision not null);

      -- outcome/<outcome>, golden/<entity>, link/<system>, inbox/. Each connection adds to a row of its own, so that none waits for
      -- another; the total is their sum.
      create table truce.counter (name text collate "C", stripe integer, value bigint not null, primary key (name, stripe))
        with (fillfactor = 50);
    `,
  },
  {
    name: "lists and documents of the server",
    sql: `
      -- fields: as in the document, with a comma between.
      alter table truce.hold add column fields text not null default '';
      update truce.hold set fields = coalesce((select string_agg(value, ',' order by n)
        from jsonb_array_elements_text((doc::json -> 'fields')::jsonb) with ordinality as field (value, n)), '');
      create index hold_kind on truce.hold (status, kind, seq);
      create index hold_group on truce.hold (status, kind, entity, fields, seq);

      -- Users, tokens, sessions and what else the server keeps.
      create table truce.document (kind text collate "C" not null, key text collate "C" not null, revision integer not null,
        expires_at double precision, doc text not null, primary key (kind, key));
      create index document_expiry on truce.document (expires_at) where expires_at is not null;
    `,
  },
  {
    name: "dead letters are listed by kind and system, and end",
    sql: `
      -- closed: how it ended, as JSON; null while it is open.
      alter table truce.dead_letter add column kind text not null default 'write', add column system text collate "C", add column closed text;
      update truce.dead_letter set kind = doc::json ->> 'kind', system = doc::json -> 'ref' ->> 'system',
        doc = '{"code":"BUG",' || substr(doc, 2);
      create index dead_letter_open on truce.dead_letter (seq) where closed is null;
    `,
  },
  {
    name: "blocking keys",
    sql: `
      -- blocks: the golden record's blocking keys as JSON, as they stand in the table below.
      alter table truce.golden add column blocks text not null default '[]';
      -- mark: of the commit that filed it here.
      create table truce.block (key bigint, golden_id text collate "C", mark bigint not null, primary key (key, golden_id));
      -- The newest mark. Whoever files locks it until the commit, so that of two who make one thing the later sees the earlier.
      create table truce.block_mark (mark bigint not null);
      insert into truce.block_mark values (0);
    `,
  },
  {
    name: "what is only looked for does not count as undecided",
    sql: `
      delete from truce.counter where name = 'inbox/';
      insert into truce.counter select 'inbox/', 0, count(*) from truce.inbox where id not like 'parked/%' having count(*) > 0;
    `,
  },
  {
    name: "records of which something is in the inbox",
    sql: `
      drop index truce.inbox_waiting_record;
      create index inbox_record on truce.inbox (record);
    `,
  },
  {
    name: "what a golden record's records say, for matching",
    sql: `
      -- Of those that have blocking keys: narrow, so that candidates are compared without reading documents.
      create table truce.profile (golden_id text collate "C" primary key, says text not null);
    `,
  },
];
