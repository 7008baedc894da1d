import { type CommitUnit, lookPrefix } from "../../ports/store.ts";
import { toStored } from "../../ports/store-text.ts";
import type { Query } from "./database.ts";
import { storedRecord } from "./stored.ts";

type Sent = Promise<unknown> | null;

/** Ends inbox items. One that was ended before (its worker was slow and another took over) counts once. */
export function finishItems(query: Query, units: readonly CommitUnit[]): Sent {
  const isFresh = new Set(units.flatMap((unit) => unit.fresh.map((item) => item.id)));
  const done = units.flatMap((unit) => unit.done).filter((one) => !isFresh.has(one.inboxId));
  if (done.length === 0) return null;
  return query(
    `with gone as (
       delete from truce.inbox using unnest(truce.texts($1), truce.texts($2)) as done (inbox_id, outcome)
       where id = done.inbox_id returning seq, id, dedupe_key, done.outcome
     ), freed as (
       delete from truce.lease where seq in (select seq from gone)
     ), remembered as (
       update truce.dedupe set outcome = gone.outcome, done_at = $3 from gone where key = gone.dedupe_key
     )
     insert into truce.counter
     select name, pg_backend_pid() % 64, value from (
       select 'outcome/' || outcome as name, count(*) as value from gone group by outcome
       union all select 'inbox/', -count(*) from gone where id not like '${lookPrefix}%' having count(*) > 0) as counted
     order by name
     on conflict (name, stripe) do update set value = counter.value + excluded.value`,
    done.map((one) => toStored(one.inboxId)),
    done.map((one) => one.outcome),
    Date.now(),
  );
}

export function postponeItems(query: Query, units: readonly CommitUnit[]): Sent {
  const postponed = units.flatMap((unit) => unit.postponed);
  if (postponed.length === 0) return null;
  return query(
    `with later as (
       select inbox_id, count(*) as times, (array_agg(due_at order by n desc))[1] as due_at
       from unnest(truce.texts($1), truce.texts($2)::double precision[]) with ordinality as postponed (inbox_id, due_at, n) group by inbox_id
     ), waits as (
       update truce.inbox set due_at = later.due_at, waiting = true, tries = tries + times from later
       where id = inbox_id returning seq
     )
     delete from truce.lease where seq in (select seq from waits)`,
    postponed.map((one) => toStored(one.inboxId)),
    postponed.map((one) => one.dueAt),
  );
}

/** Items of stale units are due again at once. */
export function releaseItems(query: Query, units: readonly CommitUnit[]): Sent {
  const ids = units.flatMap(({ done, postponed }) => [...done, ...postponed].map((one) => toStored(one.inboxId)));
  if (ids.length === 0) return null;
  return query(
    "delete from truce.lease where seq in (select seq from truce.inbox where id = any(truce.texts($1)))",
    ids,
  );
}

/** Wakes the items about these records that wait. */
export function wakeItems(query: Query, units: readonly CommitUnit[]): Sent {
  const records = units.flatMap((unit) => unit.wake.map(storedRecord));
  if (records.length === 0) return null;
  return query(
    `update truce.inbox set waiting = false, due_at = least(due_at, received_at)
     where waiting and record = any(truce.texts($1))`,
    [...new Set(records)],
  );
}
