/**
 * The tables of the embedded store, one step per version; steps are only ever added. A golden record is one JSON document; what is
 * looked up about it stands in narrow tables beside it. Times are ms since the Unix epoch.
 */
export const migrations: readonly { readonly name: string; readonly sql: string }[] = [
  {
    name: "first tables",
    sql: `
      -- What is looked up about the document stands beside it as JSON, so that a commit knows what it changes without reading it:
      -- records and keys as they stand in the tables below, work as in due, texts as in search_text. last_line: in the journal.
      create table golden (seq integer primary key, id text not null unique, entity text not null, version integer not null,
        last_line integer, records text not null, keys text not null, work text not null, texts text not null, doc text not null);

      -- key: system/object/id. linked: a live link, not an alias or a deleted one.
      create table record (key text primary key, golden_id text not null, linked integer not null) without rowid;
      create table identity_key (key text primary key, golden_id text not null) without rowid;

      -- Only ever added to, so that a changed text costs nothing but its row at the end; what a golden record no longer has is seen
      -- in its own texts.
      create table search_text (seq integer primary key, golden integer not null, texts text not null);

      -- Golden records (seq) by when their links to a system are due; lane 3: behind, but not due. Neighbours in time are neighbours
      -- here, so a batch changes few pages. links, since: how many are behind, and since when.
      create table due (system text not null, lane integer not null, due_at integer not null, golden integer not null,
        links integer not null, since integer, primary key (system, lane, due_at, golden)) without rowid;

      -- record: of an open hold on an unlinked record.
      create table hold (seq integer primary key, id text not null unique, kind text not null, entity text not null,
        status text not null, record text, doc text not null);
      create index hold_status on hold (status);
      create index hold_record on hold (record) where record is not null;

      -- previous: the line before of the same golden record. A chain instead of an index: a new line touches no page but the last,
      -- however many lines there are. stray: told by a commit that did not hold the golden record; in no chain.
      create table journal (seq integer primary key, golden_id text not null, previous integer, stray integer not null,
        entity text not null, at integer not null, kind text not null, field text, version integer not null, why text not null,
        cause text not null, record text, doc text not null);
      create index journal_stray on journal (golden_id) where stray = 1;
      create index journal_at on journal (at);

      -- waiting: its time had not come when it was last looked at. Who has claimed what is known to the one process alone.
      create table inbox (seq integer primary key, id text not null unique, record text not null, lane integer not null,
        received_at integer not null, due_at integer not null, waiting integer not null, tries integer not null, dedupe_key text,
        doc text not null);
      create index inbox_ready on inbox (lane) where waiting = 0;
      create index inbox_waiting on inbox (due_at) where waiting = 1;
      create index inbox_waiting_record on inbox (record) where waiting = 1;

      -- What is left of an event once it is done.
      create table dedupe (key text primary key, outcome text, done_at integer) without rowid;
      create index dedupe_done on dedupe (done_at) where done_at is not null;

      create table attempt (id text primary key, golden_id text not null, system text not null, object text not null,
        record_id text, kind text not null, fields text not null, started_at integer not null, ended_at integer,
        result text not null) without rowid;
      create table dead_letter (seq integer primary key, id text not null unique, at integer not null, doc text not null);
      create table pin (record text primary key, golden_id text not null) without rowid;
      create table cursor (name text primary key, value text not null, at integer not null) without rowid;

      -- outcome/<outcome>, golden/<entity>, link/<system>
      create table counter (name text primary key, value integer not null) without rowid;
    `,
  },
  {
    name: "lists and documents of the server",
    sql: `
      -- fields: as in the document, with a comma between.
      alter table hold add column fields text not null default '';
      update hold set fields = coalesce((select group_concat(value, ',') from json_each(doc, '$.fields')), '');
      create index hold_kind on hold (status, kind);
      create index hold_group on hold (status, kind, entity, fields);

      -- Users, tokens, sessions and what else the server keeps.
      create table document (kind text not null, key text not null, revision integer not null, expires_at integer, doc text not null,
        primary key (kind, key)) without rowid;
      create index document_expiry on document (expires_at) where expires_at is not null;
    `,
  },
  {
    name: "dead letters are listed by kind and system, and end",
    sql: `
      -- closed: how it ended, as JSON; null while it is open.
      alter table dead_letter add column kind text not null default 'write';
      alter table dead_letter add column system text;
      alter table dead_letter add column closed text;
      update dead_letter set kind = json_extract(doc, '$.kind'), system = json_extract(doc, '$.ref.system'),
        doc = json_set(doc, '$.code', 'BUG');
      create index dead_letter_open on dead_letter (seq) where closed is null;
    `,
  },
  {
    name: "blocking keys",
    sql: `
      -- blocks: the golden record's blocking keys as JSON, as they stand in the table below.
      alter table golden add column blocks text not null default '[]';
      create table block (key integer not null, golden integer not null, primary key (key, golden)) without rowid;
    `,
  },
  {
    name: "ids of golden records beside their documents",
    sql: `
      -- Who is filed under a key is told without reading documents.
      create index golden_name on golden (seq, id);
    `,
  },
  {
    name: "records of which something is in the inbox",
    sql: `
      -- Whether something about a record is in the inbox is asked of each that comes; few are there, and most of them wait.
      drop index inbox_waiting_record;
      create index inbox_record on inbox (record);
    `,
  },
  {
    name: "blocking keys are noted before they are put in their places",
    sql: `
      -- Rows stand for those who are filed under a key: their ids are read with their profiles.
      drop index golden_name;

      -- What of a golden record's (seq) blocking keys is not in the table block yet, in order; keys with a blank between. Lines of which all is in its
      -- place are gone.
      create table block_new (seq integer primary key, golden integer not null, added text not null, gone text not null);
    `,
  },
  {
    name: "what a golden record's records say, for matching",
    sql: `
      -- Of those that have blocking keys: narrow, so that candidates are compared without reading documents.
      create table profile (golden integer primary key, id text not null, says text not null);
    `,
  },
];
