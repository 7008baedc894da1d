import pg from "pg";
import { type Lsn, lsnText } from "./lsn.ts";
import { type Message, messageReader, type Relation } from "./pgoutput.ts";
import { markPrefix, sessionOptions } from "./session.ts";

/** One committed transaction with what it did to rows of the publication. */
export type Transaction = {
  readonly xid: number;
  /** Where its commit stands in the log. */
  readonly lsn: Lsn;
  /** From here the log goes on; acknowledged as this. */
  readonly end: Lsn;
  readonly committedAt: number;
  readonly changes: readonly RowChange[];
  /** Contents of Truce's own messages in it: it is, at least in part, a write of Truce's. */
  readonly marks: readonly string[];
};

export type RowChange =
  | {
      readonly relation: Relation;
      readonly kind: "upsert";
      readonly row: Readonly<Record<string, string | null>>;
      readonly old: Readonly<Record<string, string | null>> | null;
    }
  | { readonly relation: Relation; readonly kind: "delete"; readonly old: Readonly<Record<string, string | null>> }
  | { readonly relation: Relation; readonly kind: "truncate" };

export type Stream = {
  /** Everything up to here has arrived, or is known not to be. */
  received(): Lsn;
  /** Takes up to `max` row changes' worth of whole transactions. */
  take(max: number): Transaction[];
  /** Resolves when there is something to take, `received` reaches `lsn`, or `ms` have passed. */
  wait(ms: number, lsn: Lsn, signal: AbortSignal): Promise<void>;
  /** Tells the server that everything up to here is kept. */
  acknowledge(lsn: Lsn): void;
  /** Set once the stream has broken. */
  failure(): Error | null;
  close(): Promise<void>;
};

/** Row changes in memory beyond which the socket is not read: the server then waits. */
const bufferedMax = 20_000;
/** The server drops a connection that is silent for a minute; it is told twice in that time. */
const statusEveryMs = 10_000;

/**
 * Streams committed transactions from a slot. The library at hand for this protocol acknowledges what it has merely received, by timer; here
 * nothing is acknowledged but what `acknowledge` was told (see docs/decisions/0002-own-replication-client.md).
 */
export async function openStream(options: {
  readonly url: string;
  readonly slot: string;
  readonly publication: string;
  readonly from: Lsn;
  readonly onTransaction: (transaction: Transaction) => void;
}): Promise<Stream> {
  const { url, slot, publication, from, onTransaction } = options;
  const client = new pg.Client({
    connectionString: url,
    application_name: "truce feed",
    replication: "database",
    keepAlive: true,
    connectionTimeoutMillis: 10_000,
    options: sessionOptions,
  } as pg.ClientConfig);
  const read = messageReader();
  const queue: Transaction[] = [];
  const waiters = new Set<() => void>();
  const relations = new Map<number, Relation>();
  let buffered = 0;
  let received = from;
  let acknowledged = from;
  let failure: Error | null = null;
  let open: { xid: number; lsn: Lsn; at: number; changes: RowChange[]; marks: string[] } | null = null;

  const wake = () => {
    for (const waiter of waiters) waiter();
  };
  const fail = (error: Error) => {
    failure ??= error;
    wake();
  };
  client.on("error", fail);
  client.on("end", () => fail(new Error("The replication connection was closed.")));
  await client.connect();
  const { connection } = client as unknown as { connection: Connection };

  const sendStatus = (reply: boolean) => {
    const status = Buffer.alloc(34);
    status.write("r", 0);
    for (const place of [1, 9, 17]) status.writeBigUInt64BE(acknowledged, place);
    status.writeBigUInt64BE((BigInt(Date.now()) - 946_684_800_000n) * 1000n, 25);
    status.writeUInt8(reply ? 1 : 0, 33);
    if (failure === null) connection.sendCopyFromChunk(status);
  };
  const relationOf = (oid: number): Relation => {
    const relation = relations.get(oid);
    if (relation === undefined) throw new Error(`The stream names relation ${oid} before describing it.`);
    return relation;
  };
  const handle = (message: Message) => {
    switch (message.tag) {
      case "begin":
        open = { xid: message.xid, lsn: message.lsn, at: message.at, changes: [], marks: [] };
        return;
      case "relation":
        relations.set(message.relation.oid, message.relation);
        return;
      case "insert":
        open?.changes.push({ relation: relationOf(message.oid), kind: "upsert", row: message.row, old: null });
        return;
      case "update":
        open?.changes.push({ relation: relationOf(message.oid), kind: "upsert", row: message.row, old: message.old });
        return;
      case "delete":
        open?.changes.push({ relation: relationOf(message.oid), kind: "delete", old: message.old });
        return;
      case "truncate":
        for (const oid of message.oids) open?.changes.push({ relation: relationOf(oid), kind: "truncate" });
        return;
      case "message":
        if (message.prefix === markPrefix) open?.marks.push(message.content);
        return;
      case "commit": {
        if (open === null) return;
        const transaction: Transaction = {
          xid: open.xid,
          lsn: message.lsn,
          end: message.end,
          committedAt: message.at,
          changes: open.changes,
          marks: open.marks,
        };
        open = null;
        received = message.end;
        buffered += transaction.changes.length;
        queue.push(transaction);
        onTransaction(transaction);
        if (buffered > bufferedMax) connection.stream.pause();
        wake();
        return;
      }
      case "other":
        return;
    }
  };
  connection.on("copyData", ({ chunk }) => {
    try {
      if (chunk[0] === 0x77) handle(read(chunk.subarray(25)));
      else if (chunk[0] === 0x6b) {
        const end = chunk.readBigUInt64BE(1);
        if (open === null && end > received) received = end;
        if (chunk[17] === 1) sendStatus(false);
        wake();
      }
    } catch (error) {
      fail(error instanceof Error ? error : new Error(String(error)));
    }
  });
  const started = new Promise<void>((resolve, reject) => {
    connection.once("replicationStart", () => resolve());
    const names = `publication_names '${publication}'`;
    const sql = `START_REPLICATION SLOT "${slot}" LOGICAL ${lsnText(from)} (proto_version '1', ${names}, messages 'true')`;
    client.query(sql).then(
      () => undefined,
      (error: Error) => {
        fail(error);
        reject(error);
      },
    );
  });
  try {
    await started;
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
  const timer = setInterval(() => sendStatus(false), statusEveryMs);
  timer.unref();

  return {
    received: () => received,
    take(max) {
      let count = 0;
      let size = 0;
      while (count < queue.length && (size === 0 || size + (queue[count]?.changes.length ?? 0) <= max))
        size += queue[count++]?.changes.length ?? 0;
      buffered -= size;
      if (buffered <= bufferedMax / 2) connection.stream.resume();
      return queue.splice(0, count);
    },
    async wait(ms, lsn, signal) {
      if (queue.length > 0 || failure !== null || received >= lsn || signal.aborted) return;
      // The server says how far it is when asked.
      sendStatus(true);
      await new Promise<void>((resolve) => {
        const done = () => {
          clearTimeout(timeout);
          clearInterval(ask);
          waiters.delete(look);
          signal.removeEventListener("abort", done);
          resolve();
        };
        const look = () => {
          if (queue.length > 0 || failure !== null || received >= lsn) done();
        };
        const timeout = setTimeout(done, ms);
        const ask = setInterval(() => sendStatus(true), 100);
        waiters.add(look);
        signal.addEventListener("abort", done, { once: true });
      });
    },
    acknowledge(lsn) {
      if (lsn <= acknowledged) return;
      acknowledged = lsn;
      sendStatus(false);
    },
    failure: () => failure,
    async close() {
      clearInterval(timer);
      fail(new Error("closed"));
      await client.end().catch(() => undefined);
    },
  };
}

/** The part of pg's connection that a replication client needs; not in its published types. */
type Connection = {
  on(event: "copyData", listener: (message: { readonly chunk: Buffer }) => void): void;
  once(event: "replicationStart", listener: () => void): void;
  sendCopyFromChunk(chunk: Buffer): void;
  readonly stream: { pause(): void; resume(): void };
};
