import type { GoldenId, GoldenRecord } from "../../model/golden.ts";
import type { Hold, HoldKind } from "../../model/hold.ts";
import type { JournalEntry } from "../../model/journal.ts";
import { type RecordKey, recordKey } from "../../model/record.ts";
import type { CommitResult, CommitUnit, Loaded, Outcome, Store, StoreCounts } from "../../ports/store.ts";
import { applyUnit, isStale } from "./commit.ts";
import { type Database, openDatabase, type Value } from "./database.ts";
import { claimItems, forgetSeen, takeIn } from "./inbox.ts";

/**
 * The embedded store: a file, held by this process alone. Every call is one durable transaction; statements are prepared once and run in
 * loops, which in SQLite is faster than any single large statement.
 */
export async function openSqliteStore(file: string): Promise<Store> {
  const db = await openDatabase(file);
  return {
    exclusive: true,
    migrate: async () => db.migrate(),
    async recover(dueAt) {
      db.transaction(() => {
        db.run("update inbox set leased_until = 0 where leased_until > 0");
        db.run("update due set leased_until = 0, due_at = min(due_at, ?)", dueAt);
      });
    },
    async receive(items, cursors) {
      return db.transaction(() => {
        const stored = items.filter((item) => takeIn(db, item)).length;
        for (const { name, value, at } of cursors) putCursor(db, name, value, at);
        const last = items.at(-1);
        if (last !== undefined) forgetSeen(db, last.receivedAt);
        return { stored, repeated: items.length - stored };
      });
    },
    claim: async (limit, now, leaseMs) => db.transaction(() => claimItems(db, limit, now, leaseMs)),
    load: async (query) => load(db, query),
    commit: async (units) => db.transaction(() => units.map((unit) => commitUnit(db, unit))),
    claimDue: async (system, limit, now, leaseMs) => db.transaction(() => claimDue(db, system, limit, now, leaseMs)),
    async nextDueAt(systems) {
      const places = systems.map(() => "?").join(", ");
      const row = db.get<{ at: number | null }>(
        `select min(at) as at from (
           select min(max(i.due_at, i.leased_until, coalesce((select max(o.leased_until) from inbox o where o.record = i.record), 0))) as at from inbox i
           union all select min(max(due_at, leased_until)) from due where system in (${places}))`,
        ...systems,
      );
      return row?.at ?? null;
    },
    cursor: async (name) => db.get<{ value: string }>("select value from cursor where name = ?", name)?.value ?? null,
    async setCursors(rows) {
      db.transaction(() => {
        for (const { name, value, at } of rows) putCursor(db, name, value, at);
      });
    },
    hold: async (id) => docOf<Hold>(db.get("select doc from hold where id = ?", id)),
    async holds({ kind, entity, status, after, limit }) {
      const where = new Where();
      where.equals("kind", kind).equals("entity", entity).equals("status", status);
      if (after !== undefined) where.add("sequence > (select sequence from hold where id = ?)", after);
      return docs<Hold>(db.all(`select doc from hold ${where.sql} order by sequence limit ?`, ...where.values, limit));
    },
    async journal({ goldenId, field, kind, ref, since, until, after, limit }) {
      const where = new Where();
      where
        .equals("golden_id", goldenId)
        .equals("field", field)
        .equals("kind", kind)
        .equals("record", ref && recordKey(ref));
      if (since !== undefined) where.add("at >= ?", since);
      if (until !== undefined) where.add("at < ?", until);
      if (after !== undefined) where.add("sequence > ?", after);
      const rows = db.all<{ sequence: number; doc: string }>(
        `select sequence, doc from journal ${where.sql} order by sequence limit ?`,
        ...where.values,
        limit,
      );
      return rows.map(({ sequence, doc }) => ({ ...(JSON.parse(doc) as JournalEntry), sequence }));
    },
    deadLetters: async (limit) => docs(db.all("select doc from dead_letter order by at, id limit ?", limit)),
    async goldens(entity, after, limit) {
      const where = new Where();
      where.equals("entity", entity ?? undefined);
      if (after !== null) where.add("id > ?", after);
      return docs<GoldenRecord>(
        db.all(`select doc from golden ${where.sql} order by id limit ?`, ...where.values, limit),
      );
    },
    async search(text, limit) {
      return docs<GoldenRecord>(
        db.all(
          `select doc from golden where id in (select golden_id from term where text = ? union select golden_id from record where id = ? union select ?) order by id limit ?`,
          text.trim().toLowerCase(),
          text.trim(),
          text.trim(),
          limit,
        ),
      );
    },
    async linkedIds(system, object, after, limit) {
      const rows = db.all<{ id: string; golden_id: string }>(
        "select id, golden_id from record where system = ? and object = ? and id > ? and status = 'linked' order by id limit ?",
        system,
        object,
        after ?? "",
        limit,
      );
      return rows.map((row) => ({ id: row.id, goldenId: row.golden_id }));
    },
    counts: async () => counts(db),
    close: async () => db.close(),
  };
}

/** Conditions of a query, joined by "and". */
class Where {
  private readonly conditions: string[] = [];
  readonly values: Value[] = [];

  equals(column: string, value: Value | undefined): this {
    return value === undefined ? this : this.add(`${column} = ?`, value);
  }

  add(condition: string, ...values: Value[]): this {
    this.conditions.push(condition);
    this.values.push(...values);
    return this;
  }

  get sql(): string {
    return this.conditions.length === 0 ? "" : `where ${this.conditions.join(" and ")}`;
  }
}

function docOf<Doc>(row: { doc: string } | undefined): Doc | null {
  return row === undefined ? null : (JSON.parse(row.doc) as Doc);
}

function docs<Doc>(rows: readonly { doc: string }[]): Doc[] {
  return rows.map((row) => JSON.parse(row.doc) as Doc);
}

function putCursor(db: Database, name: string, value: string, at: number): void {
  db.run(
    "insert into cursor values (?, ?, ?) on conflict (name) do update set value = excluded.value, at = excluded.at",
    name,
    value,
    at,
  );
}

function commitUnit(db: Database, unit: CommitUnit): CommitResult {
  if (!isStale(db, unit)) {
    applyUnit(db, unit);
    return { kind: "committed" };
  }
  for (const { inboxId } of [...unit.done, ...unit.postponed])
    db.run("update inbox set leased_until = 0 where id = ?", inboxId);
  return { kind: "stale" };
}

function load(db: Database, { records, keys, ids }: Parameters<Store["load"]>[0]): Loaded {
  const goldens = new Map<GoldenId, GoldenRecord>();
  const byRecord = new Map<RecordKey, GoldenId>();
  const byKey = new Map<string, GoldenId>();
  const holds = new Map<RecordKey, Hold>();
  const pins = new Map<RecordKey, GoldenId | "new">();
  const add = (id: GoldenId | undefined) => {
    if (id === undefined || goldens.has(id)) return;
    const golden = docOf<GoldenRecord>(db.get("select doc from golden where id = ?", id));
    if (golden !== null) goldens.set(id, golden);
  };
  for (const ref of records) {
    const key = recordKey(ref);
    const id = db.get<{ golden_id: string }>(
      "select golden_id from record where system = ? and object = ? and id = ?",
      ref.system,
      ref.object,
      ref.id,
    )?.golden_id;
    if (id !== undefined) byRecord.set(key, id);
    add(id);
    const hold = docOf<Hold>(
      db.get(
        "select doc from hold where record = ? and status = 'open' and golden_id is null order by sequence desc limit 1",
        key,
      ),
    );
    if (hold !== null) holds.set(key, hold);
    for (const match of hold?.matches ?? []) add(match);
    const pin = db.get<{ golden_id: string }>("select golden_id from pin where record = ?", key)?.golden_id;
    if (pin !== undefined) pins.set(key, pin);
    if (pin !== "new") add(pin);
  }
  for (const key of keys) {
    const id = db.get<{ golden_id: string }>("select golden_id from identity where key = ?", key)?.golden_id;
    if (id !== undefined) byKey.set(key, id);
    add(id);
  }
  for (const id of ids) add(id);
  return { goldens, byRecord, byKey, holds, pins };
}

function claimDue(db: Database, system: string, limit: number, now: number, leaseMs: number): GoldenRecord[] {
  const rows = db.all<{ golden_id: string; object: string; doc: string }>(
    `select d.golden_id, d.object, g.doc from due d join golden g on g.id = d.golden_id
     where d.system = ? and d.due_at <= ? and d.leased_until <= ? order by d.lane, d.due_at limit ?`,
    system,
    now,
    now,
    limit,
  );
  for (const row of rows)
    db.run(
      "update due set leased_until = ? where golden_id = ? and system = ? and object = ?",
      now + leaseMs,
      row.golden_id,
      system,
      row.object,
    );
  const once = new Map(rows.map((row) => [row.golden_id, row.doc]));
  return [...once.values()].map((doc) => JSON.parse(doc) as GoldenRecord);
}

function counts(db: Database): StoreCounts {
  const table = <V>(sql: string) =>
    Object.fromEntries(db.all<{ name: string; value: V }>(sql).map((row) => [row.name, row.value]));
  const outcomes: Record<Outcome, number> = {
    applied: 0,
    "no-op": 0,
    superseded: 0,
    held: 0,
    dead: 0,
    ...table<number>("select name, count as value from outcome"),
  };
  const inbox = db.get<{ count: number; oldest: number | null }>(
    "select count(*) as count, min(received_at) as oldest from inbox",
  );
  const behind = db.all<{ system: string; count: number; oldest: number | null }>(
    `select d.system, count(*) as count, min(json_extract(l.value, '$.behindSince')) as oldest
     from due d join golden g on g.id = d.golden_id, json_each(g.doc, '$.links') l
     where json_extract(l.value, '$.system') = d.system and json_extract(l.value, '$.object') = d.object group by d.system`,
  );
  return {
    goldens: table<number>("select entity as name, count(*) as value from golden group by entity"),
    inbox: inbox?.count ?? 0,
    inboxOldestAt: inbox?.oldest ?? null,
    outcomes,
    holds: table<number>(
      "select kind as name, count(*) as value from hold where status = 'open' group by kind",
    ) as Partial<Record<HoldKind, number>>,
    deadLetters: db.get<{ count: number }>("select count(*) as count from dead_letter")?.count ?? 0,
    behind: Object.fromEntries(behind.map((row) => [row.system, { count: row.count, oldestAt: row.oldest }])),
    links: table<number>(
      "select system as name, count(*) as value from record where status = 'linked' group by system",
    ),
  };
}
