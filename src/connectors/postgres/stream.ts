import pg from "pg";
import { type Lsn, lsnText } from "./lsn.ts";
import { messageReader } from "./pgoutput.ts";
import { type Piece, pieceMaker, type RowChange, type Within } from "./pieces.ts";
import { sessionOptions } from "./session.ts";
import type { Xid } from "./xid.ts";

export type Stream = {
  /** Everything up to here has arrived, or is known not to be. */
  received(): Lsn;
  /**
   * Takes pieces with up to `max` row changes in all, and at least one piece if there is any. A piece that leaves its transaction unfinished is the
   * last.
   */
  take(max: number): Piece[];
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
  readonly skip: Within | null;
  readonly onChange: (change: RowChange, lsn: Lsn, xid: Xid) => void;
}): Promise<Stream> {
  const { url, slot, publication, from, skip, onChange } = options;
  const client = new pg.Client({
    connectionString: url,
    application_name: "truce feed",
    replication: "database",
    keepAlive: true,
    connectionTimeoutMillis: 10_000,
    options: sessionOptions,
  } as pg.ClientConfig);
  const read = messageReader();
  const queue: Piece[] = [];
  const waiters = new Set<() => void>();
  let buffered = 0;
  let received = from;
  let acknowledged = from;
  let failure: Error | null = null;

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
  const pieces = pieceMaker({
    skip,
    onChange,
    onPiece(piece) {
      received = piece.end ?? received;
      buffered += piece.changes.length;
      queue.push(piece);
      if (buffered > bufferedMax) connection.stream.pause();
      wake();
    },
  });
  connection.on("copyData", ({ chunk }) => {
    try {
      if (chunk[0] === 0x77) pieces.take(read(chunk.subarray(25)));
      else if (chunk[0] === 0x6b) {
        const end = chunk.readBigUInt64BE(1);
        if (!pieces.isOpen() && end > received) received = end;
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
      for (let piece = queue[0]; piece !== undefined; piece = queue[count]) {
        if (size > 0 && size + piece.changes.length > max) break;
        size += piece.changes.length;
        count++;
        if (piece.end === null) break;
      }
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
