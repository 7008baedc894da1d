import { toDoc } from "../../ports/store-doc.ts";
import { toStored } from "../../ports/store-text.ts";
import { dropBlocks, insertBlocks } from "./blocks.ts";
import type { GoldenChanges, GoldenRow } from "./changes.ts";
import type { Query } from "./database.ts";
import { storedKey } from "./stored.ts";

/** First all is given up, then all is taken. Rows are taken in one order by all, so that two commits rarely wait for each other in a circle. */
export function putGoldens(query: Query, changes: GoldenChanges, mark: number): Promise<unknown>[] {
  return [
    dropRecords(query, changes.recordsGone),
    dropKeys(query, changes.keysGone),
    dropTexts(query, changes.textsGone),
    dropWork(query, changes.workGone),
    dropBlocks(query, changes.blocksGone),
    insertGoldens(
      query,
      changes.goldens.filter((row) => row.isNew),
    ),
    updateGoldens(
      query,
      changes.goldens.filter((row) => !row.isNew),
    ),
    changeRecords(query, changes.recordsChanged),
    insertRecords(query, changes.recordsNew),
    insertKeys(query, changes.keysNew),
    insertTexts(query, changes.textsNew),
    insertWork(query, changes.workNew),
    insertBlocks(query, changes.blocksNew, mark),
    dropProfiles(query, changes.profilesGone),
    putProfiles(query, changes.profilesNew),
  ].filter((sent) => sent !== null);
}

type Sent = Promise<unknown> | null;

function dropRecords(query: Query, keys: GoldenChanges["recordsGone"]): Sent {
  if (keys.length === 0) return null;
  return query("delete from truce.record where key = any(truce.texts($1))", keys.map(storedKey));
}

function dropKeys(query: Query, keys: GoldenChanges["keysGone"]): Sent {
  if (keys.length === 0) return null;
  return query("delete from truce.identity_key where key = any(truce.texts($1))", keys.map(storedKey));
}

function dropTexts(query: Query, rows: GoldenChanges["textsGone"]): Sent {
  if (rows.length === 0) return null;
  return query(
    `delete from truce.search_text where (text, golden_id) in (select * from unnest(truce.texts($1), truce.texts($2)))`,
    rows.map((row) => toStored(row.text)),
    rows.map((row) => toStored(row.goldenId)),
  );
}

function dropWork(query: Query, rows: GoldenChanges["workGone"]): Sent {
  if (rows.length === 0) return null;
  return query(
    `delete from truce.due where (system, lane, due_at, golden_id) in (
       select * from unnest(truce.texts($1), truce.texts($2)::integer[], truce.texts($3)::double precision[], truce.texts($4)))`,
    rows.map(({ work: [system] }) => toStored(system)),
    rows.map(({ work: [, lane] }) => lane),
    rows.map(({ work: [, , dueAt] }) => dueAt),
    rows.map(({ goldenId }) => toStored(goldenId)),
  );
}

function dropProfiles(query: Query, ids: GoldenChanges["profilesGone"]): Sent {
  if (ids.length === 0) return null;
  return query("delete from truce.profile where golden_id = any(truce.texts($1))", ids.map(toStored));
}

function putProfiles(query: Query, rows: GoldenChanges["profilesNew"]): Sent {
  if (rows.length === 0) return null;
  return query(
    `insert into truce.profile select * from unnest(truce.texts($1), truce.texts($2)) order by 1
     on conflict (golden_id) do update set says = excluded.says`,
    rows.map((row) => toStored(row.goldenId)),
    rows.map((row) => toStored(row.says)),
  );
}

function insertGoldens(query: Query, rows: readonly GoldenRow[]): Sent {
  if (rows.length === 0) return null;
  return query(
    `insert into truce.golden (id, entity, version, records, keys, work, texts, blocks, doc)
     select * from unnest(truce.texts($1), truce.texts($2), truce.texts($3)::integer[], truce.texts($4), truce.texts($5), truce.texts($6), truce.texts($7), truce.texts($8), truce.texts($9))
     order by 1`,
    rows.map((row) => toStored(row.golden.id)),
    rows.map((row) => toStored(row.golden.entity)),
    ...columnsOf(rows),
  );
}

function updateGoldens(query: Query, rows: readonly GoldenRow[]): Sent {
  if (rows.length === 0) return null;
  return query(
    `update truce.golden set version = next.version, records = next.records, keys = next.keys, work = next.work,
       texts = next.texts, blocks = next.blocks, doc = next.doc
     from unnest(truce.texts($1), truce.texts($2)::integer[], truce.texts($3), truce.texts($4), truce.texts($5), truce.texts($6), truce.texts($7), truce.texts($8))
       as next (id, version, records, keys, work, texts, blocks, doc)
     where golden.id = next.id`,
    rows.map((row) => toStored(row.golden.id)),
    ...columnsOf(rows),
  );
}

function columnsOf(rows: readonly GoldenRow[]) {
  return [
    rows.map((row) => row.version),
    rows.map((row) => row.records),
    rows.map((row) => row.keys),
    rows.map((row) => row.work),
    rows.map((row) => row.texts),
    rows.map((row) => row.blocks),
    rows.map((row) => toDoc(row.golden)),
  ] as const;
}

function insertRecords(query: Query, rows: GoldenChanges["recordsNew"]): Sent {
  if (rows.length === 0) return null;
  return query(
    `insert into truce.record (key, golden_id, linked, id)
     select * from unnest(truce.texts($1), truce.texts($2), truce.texts($3)::boolean[], truce.texts($4)) order by 1`,
    rows.map((row) => storedKey(row.key)),
    rows.map((row) => toStored(row.goldenId)),
    rows.map((row) => row.linked),
    rows.map((row) => toStored(row.id)),
  );
}

function changeRecords(query: Query, rows: GoldenChanges["recordsChanged"]): Sent {
  if (rows.length === 0) return null;
  return query(
    `update truce.record set linked = next.linked from unnest(truce.texts($1), truce.texts($2)::boolean[]) as next (key, linked)
     where record.key = next.key`,
    rows.map((row) => storedKey(row.key)),
    rows.map((row) => row.linked),
  );
}

function insertKeys(query: Query, rows: GoldenChanges["keysNew"]): Sent {
  if (rows.length === 0) return null;
  return query(
    "insert into truce.identity_key (key, golden_id) select * from unnest(truce.texts($1), truce.texts($2)) order by 1",
    rows.map((row) => storedKey(row.key)),
    rows.map((row) => toStored(row.goldenId)),
  );
}

function insertTexts(query: Query, rows: GoldenChanges["textsNew"]): Sent {
  if (rows.length === 0) return null;
  return query(
    "insert into truce.search_text (text, golden_id) select * from unnest(truce.texts($1), truce.texts($2)) order by 1, 2",
    rows.map((row) => toStored(row.text)),
    rows.map((row) => toStored(row.goldenId)),
  );
}

function insertWork(query: Query, rows: GoldenChanges["workNew"]): Sent {
  if (rows.length === 0) return null;
  return query(
    `insert into truce.due (system, lane, due_at, golden_id, links, since)
     select * from unnest(truce.texts($1), truce.texts($2)::integer[], truce.texts($3)::double precision[], truce.texts($4),
       truce.texts($5)::integer[], truce.texts($6)::double precision[])`,
    rows.map(({ work: [system] }) => toStored(system)),
    rows.map(({ work: [, lane] }) => lane),
    rows.map(({ work: [, , dueAt] }) => dueAt),
    rows.map(({ goldenId }) => toStored(goldenId)),
    rows.map(({ work: [, , , links] }) => links),
    rows.map(({ work: [, , , , since] }) => since),
  );
}
