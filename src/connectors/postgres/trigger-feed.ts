import type pg from "pg";
import type { RawObservation } from "../../model/observation.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ChangeBatch } from "../../ports/connector.ts";
import { type CaptureFeed, type Followed, following, tablesWithTrigger, unfollowed } from "./capture.ts";
import { quoted, quotedTable, type Table } from "./catalog.ts";
import { failureOf } from "./errors.ts";
import { readRows, withIds } from "./read.ts";
import { idSql, type MappedTable, refOf } from "./rows.ts";
import { prepareSchema } from "./setup.ts";

/** Numbers of the notes that the last batch was made of, as ranges: they are thrown away by the next pull. `turn` counts batches. */
type Place = {
  readonly taken: readonly (readonly [string, string])[];
  readonly turn: number;
  readonly tables: Followed;
};
type Note = { readonly seq: string; readonly tab: number; readonly id: string | null };

const pullMax = 1_000;

/**
 * Changes by triggers. They note which row was changed, in the changing transaction itself; a pull reads those rows as they are now. A note is
 * found when it becomes visible, whatever its number, so a transaction that commits late is not passed over.
 */
export function createTriggerFeed(options: {
  readonly pool: pg.Pool;
  readonly slug: string;
  readonly clock: Clock;
  readonly intervalMs: number;
  readonly mappedTables: () => Promise<readonly MappedTable[]>;
}): CaptureFeed {
  const { pool, slug, clock, intervalMs, mappedTables } = options;
  const notes = `truce.${quoted(`changes_${slug}`)}`;
  const trigger = triggerName(slug);

  const withoutTrigger = async (mapped: readonly MappedTable[]): Promise<readonly MappedTable[]> => {
    const tables = mapped.map((one) => one.table);
    const present = await tablesWithTrigger(pool, trigger, tables);
    return mapped.filter((one) => !present.has(one.table.oid));
  };

  /** Makes the triggers that are missing, and what they need. */
  const prepare = async (mapped: readonly MappedTable[]): Promise<void> => {
    const missing = await withoutTrigger(mapped);
    if (missing.length === 0) return;
    await prepareSchema(pool);
    await pool.query(
      `create table if not exists ${notes} (seq bigint generated always as identity primary key, tab oid not null, id text);
       create table if not exists truce.turns (feed text primary key, turn bigint not null)`,
    );
    for (const { table } of missing) await pool.query(triggerSql(table, slug, notes));
  };

  /** The last batch whose notes were thrown away. */
  const turnThere = async (): Promise<number> => {
    const { rows } = await pool.query<{ turn: string }>("select turn::text as turn from truce.turns where feed = $1", [
      slug,
    ]);
    return Number(rows[0]?.turn ?? 0);
  };
  const here = async (mapped: readonly MappedTable[]) =>
    JSON.stringify({ taken: [], turn: await turnThere(), tables: following(mapped) } satisfies Place);

  /**
   * Tables that are not followed get their triggers, and are told as lost: what happened in them before is not known. One that lost its triggers is
   * first taken out of the place, and gets them by the next pull: should we stop in between, it is still known to have a gap.
   */
  const findGap = async (place: Place, mapped: readonly MappedTable[]): Promise<ChangeBatch | null> => {
    const none = { observations: [], caughtUp: false } as const;
    const { taken, turn } = place;
    const at = (tables: readonly MappedTable[]) =>
      JSON.stringify({ taken, turn, tables: following(tables) } satisfies Place);
    const fresh = unfollowed(mapped, place.tables);
    if (fresh.length > 0) {
      await prepare(mapped);
      return { ...none, cursor: at(mapped), lost: fresh.map((one) => one.object.object) };
    }
    const missing = await withoutTrigger(mapped);
    if (missing.length === 0) return null;
    return { ...none, cursor: at(mapped.filter((one) => !missing.includes(one))), lost: [] };
  };

  /** Throws the notes of a stored batch away. False when later ones are gone too: the place is of a store that was restored. */
  const acknowledge = async ({ taken, turn }: Place): Promise<boolean> => {
    if (taken.length === 0) return turn >= (await turnThere());
    const { rows } = await pool.query(
      `with kept as (
         insert into truce.turns as t (feed, turn) values ($1, $2) on conflict (feed) do update set turn = excluded.turn where t.turn <= excluded.turn returning 1
       ), gone as (
         delete from ${notes} n using unnest($3::bigint[], $4::bigint[]) as taken(low, high) where n.seq between low and high and exists (select 1 from kept)
       ) select 1 from kept`,
      [slug, turn, taken.map(([low]) => low), taken.map(([, high]) => high)],
    );
    return rows.length > 0;
  };

  const waiting = async (): Promise<Note[]> => {
    const { rows } = await pool.query<Note>(
      `select seq::text as seq, tab::int as tab, id from ${notes} order by seq limit ${pullMax}`,
    );
    return rows;
  };

  const observe = async (mapped: MappedTable, ids: readonly string[]): Promise<RawObservation[]> => {
    const observedAt = clock.now();
    const { observations } = await readRows(pool, mapped, null, clock, withIds(mapped, ids));
    const present = new Set(observations.map((one) => one.ref.id));
    const gone = ids.filter((id) => !present.has(id));
    return [
      ...observations,
      ...gone.map((id): RawObservation => {
        return { kind: "delete", ref: refOf(mapped, id), revision: null, observedAt, confirmed: true };
      }),
    ];
  };

  return {
    changedSince: null,
    async start() {
      try {
        const mapped = await mappedTables();
        await prepare(mapped);
        return await here(mapped);
      } catch (error) {
        throw failureOf(error);
      }
    },
    async pull({ cursor, waitMs, signal }): Promise<ChangeBatch> {
      try {
        const mapped = await mappedTables();
        const place = placeOf(cursor);
        const gap = place === null ? null : await findGap(place, mapped);
        if (gap !== null) return gap;
        if (place === null || !(await acknowledge(place))) {
          await prepare(mapped);
          const lost = mapped.map((one) => one.object.object);
          return { observations: [], cursor: await here(mapped), caughtUp: false, lost };
        }
        const until = clock.now() + waitMs;
        let found = await waiting();
        while (found.length === 0 && clock.now() < until && !signal.aborted) {
          await clock.sleep(Math.min(intervalMs, until - clock.now()), signal);
          found = await waiting();
        }
        const truncated = new Set<string>();
        const observations: RawObservation[] = [];
        for (const [tab, own] of Map.groupBy(found, (note) => note.tab)) {
          const one = mapped.find(({ table }) => table.oid === tab);
          if (one === undefined) continue;
          if (own.some((note) => note.id === null)) truncated.add(one.object.object);
          const ids = new Set(own.flatMap((note) => note.id ?? []));
          if (ids.size > 0) observations.push(...(await observe(one, [...ids])));
        }
        return {
          observations,
          cursor: JSON.stringify({ ...placeAfter(place, found), tables: following(mapped) } satisfies Place),
          caughtUp: found.length === 0,
          lost: [...truncated],
        };
      } catch (error) {
        throw failureOf(error);
      }
    },
    close: () => Promise.resolve(),
  };
}

export function triggerName(slug: string): string {
  return `truce_${slug}`;
}

function placeOf(cursor: string): Place | null {
  const place = JSON.parse(cursor) as Partial<Place>;
  if (place.taken === undefined || place.turn === undefined) return null;
  return { taken: place.taken, turn: place.turn, tables: place.tables ?? [] };
}

function placeAfter({ turn }: Place, found: readonly Note[]): Pick<Place, "taken" | "turn"> {
  return found.length === 0 ? { taken: [], turn } : { taken: rangesOf(found), turn: turn + 1 };
}

/** Numbers that follow one another are one range. Another transaction's number between two of ours is in none. */
function rangesOf(notes: readonly Note[]): [string, string][] {
  const ranges: [string, string][] = [];
  for (const { seq } of notes) {
    const last = ranges.at(-1);
    if (last !== undefined && BigInt(last[1]) + 1n === BigInt(seq)) last[1] = seq;
    else ranges.push([seq, seq]);
  }
  return ranges;
}

/** The function acts with its maker's rights, so that the table's users need none of Truce's, and spells keys as our sessions do. */
function triggerSql(table: Table, slug: string, notes: string): string {
  const made = `truce.${quoted(`note_${slug}_${table.oid}`)}`;
  const on = quotedTable(table);
  const note = (id: string) => `insert into ${notes} (tab, id) values (${table.oid}, ${id})`;
  const always = (name: string) => (table.owned ? `alter table ${on} enable always trigger ${quoted(name)};` : "");
  const rows = triggerName(slug);
  const all = `${rows}_all`;
  // One call of several statements is one transaction.
  return `create or replace function ${made}() returns trigger language plpgsql security definer
      set search_path = pg_catalog, pg_temp set timezone = 'UTC' set datestyle = 'ISO' set intervalstyle = 'iso_8601' set extra_float_digits = 3
      as $truce$ begin
        if tg_op = 'TRUNCATE' then
          ${note("null")};
          return null;
        end if;
        if tg_op = 'DELETE' then
          ${note(idSql(table, "old"))};
          return null;
        end if;
        if tg_op = 'UPDATE' then
          if ${idSql(table, "old")} <> ${idSql(table, "new")} then
            ${note(idSql(table, "old"))};
          end if;
        end if;
        ${note(idSql(table, "new"))};
        return null;
      end $truce$;
    drop trigger if exists ${quoted(rows)} on ${on};
    drop trigger if exists ${quoted(all)} on ${on};
    create trigger ${quoted(rows)} after insert or update or delete on ${on} for each row execute function ${made}();
    create trigger ${quoted(all)} after truncate on ${on} for each statement execute function ${made}();
    ${always(rows)} ${always(all)}`;
}
