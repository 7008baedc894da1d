import pg from "pg";

/** How far a change had come when its process was killed. */
export const stages = [
  "received",
  "stored",
  "decided",
  "intent stored",
  "sent, not arrived",
  "sent",
  "answered",
  "receipt stored",
] as const;
export type Stage = (typeof stages)[number];

/** Waits for a stage, and acts the moment that it is reached. */
export type Trap = {
  /** The next time but `skip` that this stage is reached, `act` is called, before anything else can happen. Replaces what was set before. */
  set(stage: Stage, skip: number, act: () => void): void;
  clear(): void;
  /** Whether this very event springs the trap. */
  reached(stage: Stage): boolean;
};

export function createTrap(): Trap {
  let armed: { readonly stage: Stage; readonly act: () => void; skip: number } | null = null;
  return {
    set(stage, skip, act) {
      armed = { stage, act, skip };
    },
    clear() {
      armed = null;
    },
    reached(stage) {
      if (armed === null || armed.stage !== stage || armed.skip-- > 0) return false;
      const { act } = armed;
      armed = null;
      act();
      return true;
    },
  };
}

/** Tells of a table's rows at the moment of the commit, by triggers of the campaign's own. */
const watch = (table: string, operation: string, stage: Stage) => {
  const name = `campaign_${table.replace(".", "_")}_${operation}`;
  return `
    create or replace function public.${name}() returns trigger language plpgsql as $$ begin perform pg_notify('campaign', '${stage}'); return null; end $$;
    drop trigger if exists ${name} on ${table};
    create trigger ${name} after ${operation} on ${table} for each row execute function public.${name}();`;
};

/** Hears from Truce's store in PostgreSQL what has been committed: each stage as soon as it lasts. */
export async function watchStore(url: string, trap: Trap): Promise<{ close(): Promise<void> }> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => undefined);
  await client.connect();
  await client.query(
    [
      watch("truce.inbox", "insert", "stored"),
      watch("truce.golden", "update", "decided"),
      watch("truce.attempt", "insert", "intent stored"),
      watch("truce.attempt", "update", "receipt stored"),
    ].join("\n"),
  );
  client.on("notification", ({ payload }) => void trap.reached(payload as Stage));
  await client.query("listen campaign");
  return { close: () => client.end() };
}

/** Hears from the company's own database which of Truce's writes it has committed; people's sessions have a name. */
export async function watchDatabase(url: string, trap: Trap): Promise<{ close(): Promise<void> }> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => undefined);
  await client.connect();
  await client.query(`
    create or replace function audit.tell() returns trigger language plpgsql as $$
    begin if current_setting('application_name') <> 'person' then perform pg_notify('campaign', 'sent'); end if; return null; end $$;
    drop trigger if exists tell on people;
    create trigger tell after insert or update on people for each row execute function audit.tell();`);
  client.on("notification", ({ payload }) => void trap.reached(payload as Stage));
  await client.query("listen campaign");
  return { close: () => client.end() };
}
