import { startLocalPostgres } from "../../src/local-postgres/start.ts";
import { connect, sleep } from "./workload.ts";

/** A replication of PostgreSQL's own kind, installed between the two databases of one server. `null` where this server can't. */
export type Peer = {
  readonly name: string;
  /** Settings that the server must be started with. */
  readonly settings: readonly string[];
  readonly install: (urls: readonly [string, string]) => Promise<{ readonly bothWays: boolean }>;
};

/** Subscriptions both ways need `origin = none` (PostgreSQL 16), without which they send each other's rows in circles. */
export const native: Peer = {
  name: "native",
  settings: [],
  async install(urls) {
    const [left, right] = [await connect(urls[0]), await connect(urls[1])];
    const version = Number((await left.query("show server_version_num")).rows[0].server_version_num);
    const bothWays = version >= 160_000;
    const options = `copy_data = false, create_slot = false, slot_name = `;
    // A subscription to the same server can't make its slot in the same breath.
    const subscribe = async (to: typeof left, from: typeof left, url: string, name: string) => {
      await from.query(`create publication ${name} for table contacts`);
      await from.query(`select pg_create_logical_replication_slot('${name}', 'pgoutput')`);
      await to.query(
        `create subscription ${name} connection '${conninfo(url)}' publication ${name} with (${options}'${name}'${bothWays ? ", origin = none" : ""})`,
      );
    };
    await subscribe(right, left, urls[0], "left_to_right");
    if (bothWays) await subscribe(left, right, urls[1], "right_to_left");
    await Promise.all([left.end(), right.end()]);
    return { bothWays };
  },
};

export const pglogical: Peer = {
  name: "pglogical",
  settings: [
    "shared_preload_libraries = 'pglogical'",
    "track_commit_timestamp = on",
    "pglogical.conflict_resolution = 'last_update_wins'",
    // A supervisor, a manager for each database of the server, and one worker a subscription: the usual 8 are too few, and it then waits for ever.
    "max_worker_processes = 40",
  ],
  async install(urls) {
    const clients = [await connect(urls[0]), await connect(urls[1])];
    for (const [i, client] of clients.entries()) {
      await client.query("create extension pglogical");
      await client.query("select pglogical.create_node($1, $2)", [`node${i}`, conninfo(urls[i as 0 | 1])]);
      await client.query("select pglogical.replication_set_add_table('default', 'contacts')");
    }
    for (const [i, client] of clients.entries()) {
      const from = conninfo(urls[(1 - i) as 0 | 1]);
      await client.query(
        "select pglogical.create_subscription($1, $2, synchronize_structure := false, synchronize_data := false, forward_origins := '{}')",
        [`sub${i}`, from],
      );
      await replicating(client, `sub${i}`);
    }
    for (const client of clients) await client.end();
    return { bothWays: true };
  },
};

/** pglogical's own wait has no end where its workers can't start. */
async function replicating(client: Awaited<ReturnType<typeof connect>>, subscription: string): Promise<void> {
  let status = "unknown";
  for (let tries = 0; tries < 60; tries++) {
    const { rows } = await client.query("select status from pglogical.show_subscription_status($1)", [subscription]);
    status = rows[0]?.status ?? status;
    if (status === "replicating") return;
    await sleep(500);
  }
  throw new Error(`pglogical's subscription is "${status}" after 30 s: its workers could not start, or not connect.`);
}

function conninfo(url: string): string {
  const { hostname, port, username, password, pathname } = new URL(url);
  return `host=${hostname} port=${port} user=${username} password=${password} dbname=${pathname.slice(1)}`;
}

/** A server with the settings, of which each may need the one before; rejects when it does not start with them, as where an extension is not installed. */
export async function serverWith(settings: readonly string[], dataDir: string) {
  const start = () => startLocalPostgres({ databases: ["left_side", "right_side", "store"], dataDir });
  let server = await start();
  for (const setting of settings) {
    const client = await connect(server.url("left_side"));
    await client.query(`alter system set ${setting}`);
    await client.end();
    await server.stop();
    server = await start();
  }
  return server;
}
