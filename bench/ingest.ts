import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { parseArgs } from "node:util";
import { judgeWebhook } from "../src/connectors/hubspot/webhook.ts";
import type { Connector } from "../src/ports/connector.ts";
import { openTestServer } from "../src/server/testing.ts";
import { openPostgresStore } from "../src/store/postgres/postgres-store.ts";
import { openSqliteStore } from "../src/store/sqlite/sqlite-store.ts";

/**
 * Webhooks accepted: signed requests of HubSpot's kind from many senders at once (a process of its own), each verified, its events stored durably, and
 * only then answered. Events a second and how long the answers took; the baseline of the same run is SQLite alone, one synced transaction a request
 * with as many rows. One JSON line a number of events in a request.
 *
 *   npm run bench -- ingest [--seconds 5] [--senders 64] [--store sqlite|postgres]     TRUCE_DATABASE_URL names an empty database for the last
 */
const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "5" },
    senders: { type: "string", default: "64" },
    store: { type: "string", default: "sqlite" },
  },
});
const secret = "a client secret";
const folder = mkdtempSync(join(tmpdir(), "truce-bench-ingest-"));
const store =
  values.store === "postgres"
    ? await openPostgresStore(process.env["TRUCE_DATABASE_URL"] ?? "")
    : await openSqliteStore(join(folder, "store.db"));
await store.migrate();
const server = await openTestServer({}, store);
const webhook: Connector["webhook"] = (request) =>
  judgeWebhook({ system: "crm", secrets: [secret], objectOf: () => "contacts" }, request);
Object.assign(server.deps.connectors.get("crm") ?? {}, { webhook });

for (const eventsPerRequest of [1, 20]) {
  const before = process.cpuUsage();
  const { requests, refused, p50Ms, p99Ms, tookMs } = await load(server.url, eventsPerRequest);
  const { user, system } = process.cpuUsage(before);
  const events = requests * eventsPerRequest;
  const { inbox } = await store.counts(Date.now());
  console.log(
    JSON.stringify({
      ...{ name: "ingest", store: values.store, senders: Number(values.senders), eventsPerRequest },
      eventsPerS: Math.round((events * 1_000) / tookMs),
      ...{ p50Ms, p99Ms, refused, cpuUsPerEvent: Math.round((user + system) / events), inInbox: inbox },
      baseline: { eventsPerS: baseline(eventsPerRequest) },
    }),
  );
}
await server.close();
await store.close();
rmSync(folder, { recursive: true });

type Told = {
  readonly requests: number;
  readonly refused: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly tookMs: number;
};

async function load(url: string, eventsPerRequest: number): Promise<Told> {
  const script = join(import.meta.dirname, "ingest", "senders.ts");
  const asked = JSON.stringify({ url, secret, eventsPerRequest, seconds: values.seconds, senders: values.senders });
  const senders = spawn(process.execPath, [script, asked], { stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of createInterface({ input: senders.stdout })) return JSON.parse(line) as Told;
  throw new Error("The senders ended without a word.");
}

function baseline(rows: number): number {
  const db = new DatabaseSync(join(folder, `baseline-${rows}.db`));
  db.exec("pragma journal_mode = wal; pragma synchronous = full; create table line (n integer primary key, doc text)");
  const insert = db.prepare("insert into line (doc) values (?)");
  const from = performance.now();
  let done = 0;
  for (; performance.now() < from + 2_000; done += rows) {
    db.exec("begin");
    for (let i = 0; i < rows; i++) insert.run(`{"objectId":${done + i},"subscriptionType":"contact.propertyChange"}`);
    db.exec("commit");
  }
  db.close();
  return Math.round((done * 1_000) / (performance.now() - from));
}
