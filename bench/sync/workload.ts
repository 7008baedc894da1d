import pg from "pg";

/** Contacts of ten columns in two databases, which a replication keeps equal. */
export const columns = ["email", "name", "phone", "city", "title", "note", "company", "street", "source", "language"];

export type Sides = { readonly left: pg.Client; readonly right: pg.Client };

export async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  // Of a server that ends, whoever asks is told; the other peers' figures are not lost with it.
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

export async function createTable(client: pg.Client): Promise<void> {
  const definition = columns.map((column) => `${column} text`).join(", ");
  await client.query(`create table contacts (id bigint primary key, ${definition})`);
}

export async function fill(client: pg.Client, rows: number): Promise<void> {
  await client.query(
    `insert into contacts (id, ${columns.join(", ")})
     select i, 'p' || i || '@example.org', 'Name ' || i, '+49301' || (1000000 + i), 'City ' || i, 'Title ' || i, 'note ' || i, 'Company ' || i,
            'Street ' || i, 'fair', 'de'
     from generate_series(1, $1::int) as i`,
    [rows],
  );
}

/**
 * Single-row updates in transactions of their own, as fast as one client of the server can make them: by the server itself, without waiting for
 * the disk, since it is the replication that is measured. The last one waits, and so brings all others there.
 */
export async function updateAll(client: pg.Client, rows: number, updates: number, mark: string): Promise<void> {
  const update = (i: string) =>
    `update contacts set title = 'Title ${mark} ' || ${i}, note = 'note ' || ${i} where id = 1 + (${i}::bigint * 7919) % ${rows}`;
  await client.query("set synchronous_commit = off");
  await client.query(`do $$ begin for i in 0..${updates - 2} loop ${update("i")}; commit; end loop; end $$`);
  await client.query("set synchronous_commit = on");
  await client.query(update(String(updates - 1)));
}

/** Resolves when the right side has what `updateAll` wrote last, looked for in its one row: all the while comparing all rows would slow down everyone. */
export async function lastIsThere({ right }: Sides, rows: number, updates: number, timeoutMs: number): Promise<void> {
  const id = 1 + (((updates - 1) * 7919) % rows);
  for (const until = performance.now() + timeoutMs; performance.now() < until; await sleep(2)) {
    const seen = await right.query({ name: "last", text: "select note from contacts where id = $1", values: [id] });
    if (seen.rows[0]?.note === `note ${updates - 1}`) return;
  }
}

/** Resolves when both tables hold the same, looked at every `everyMs`; `false` when they still don't after `timeoutMs`. */
export async function equal({ left, right }: Sides, timeoutMs: number, everyMs = 20): Promise<boolean> {
  const sum = `select count(*) as n, coalesce(sum(hashtextextended(contacts::text, 0)), 0)::text as hash from contacts`;
  const until = performance.now() + timeoutMs;
  while (performance.now() < until) {
    const [one, two] = await Promise.all([left.query(sum), right.query(sum)]);
    if (one.rows[0].n === two.rows[0].n && one.rows[0].hash === two.rows[0].hash) return true;
    await sleep(everyMs);
  }
  return false;
}

/** How long an edit takes to be visible on the other side, in ms, one value an edit; edits are `pauseMs` apart. */
export async function latencies({ left, right }: Sides, count: number, pauseMs: number): Promise<number[]> {
  const took: number[] = [];
  for (let i = 0; i < count; i++) {
    const value = `city ${performance.now()}`;
    await left.query({ name: "edit", text: "update contacts set city = $1 where id = $2", values: [value, 1 + i] });
    const committed = performance.now();
    const until = committed + 30_000;
    for (;;) {
      const seen = await right.query({
        name: "look",
        text: "select city from contacts where id = $1",
        values: [1 + i],
      });
      if (seen.rows[0]?.city === value) break;
      if (performance.now() > until) throw new Error("An edit was not there after 30 s.");
    }
    took.push(performance.now() - committed);
    await sleep(pauseMs);
  }
  return took;
}

/** The value below which this part (0 to 1) of all lies. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
