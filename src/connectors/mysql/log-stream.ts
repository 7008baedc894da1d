import { randomInt } from "node:crypto";
import mysql, { type Connection } from "mysql2";
import { encodeSet } from "./gtid.ts";
import { eventReader, type LogMessage } from "./log-events.ts";
import { isBefore, type LogEnd, type LogPlace } from "./log-place.ts";
import { type Piece, pieceMaker, type Within } from "./pieces.ts";
import { type Address, rowsOf, type Server, textLiteral } from "./session.ts";

export type LogStream = {
  /** Everything up to here has arrived. */
  received(): LogEnd;
  /** Takes pieces with up to `max` row changes in all, and at least one piece if there is any. Up to and with the first that has statements. */
  take(max: number): Piece[];
  /** Resolves when there is something to take, `received` reaches `place`, or `ms` have passed. */
  wait(ms: number, place: LogPlace | null, signal: AbortSignal): Promise<void>;
  /** Set once the stream has broken. */
  failure(): Error | null;
  close(): void;
};

/** Row changes in memory beyond which the socket is not read: the server then waits. */
const bufferedMax = 20_000;
/** The server says something at least so often; a line that says nothing for longer is dead. */
const heartbeatSeconds = 10;
const silentMsMax = 45_000;

/**
 * Reads a server's binary log as a replica does. The library at hand for this takes what was not logged for null, and stops at a table that is gone
 * (see docs/decisions/0005-own-binlog-reader.md).
 */
export async function openLogStream(options: {
  readonly address: Address;
  readonly server: Server;
  readonly from: LogEnd;
  /** The place is one of another server of the same history: it is found by its GTIDs. */
  readonly byGtid: boolean;
  readonly skip: Within | null;
  readonly isWanted: (schema: string, table: string) => boolean;
}): Promise<LogStream> {
  const { address, server, from, byGtid, skip, isWanted } = options;
  const connection = mysql.createConnection({ ...address, connectTimeout: 10_000, multipleStatements: true });
  const queue: Piece[] = [];
  const waiters = new Set<() => void>();
  let buffered = 0;
  let heardAt = Date.now();
  let failure: Error | null = null;

  const wake = () => {
    for (const waiter of waiters) waiter();
  };
  const fail = (error: Error) => {
    failure ??= error;
    wake();
  };
  connection.on("error", fail);
  connection.on("end", () => fail(new Error("The replication connection was closed.")));

  /** A connection that is destroyed waits for the server's goodbye, and a server that dumps its log says none. */
  const hangUp = () => {
    connection.destroy();
    (connection as unknown as Line).stream.destroy();
  };

  const pieces = pieceMaker({
    from,
    skip,
    onPiece(piece) {
      buffered += piece.changes.length;
      queue.push(piece);
      if (buffered > bufferedMax) connection.pause();
    },
  });
  let read = eventReader(isWanted, false);
  const hear = (event: Buffer) => {
    heardAt = Date.now();
    try {
      pieces.take(readSafely(read, event));
      wake();
    } catch (error) {
      fail(error instanceof Error ? error : new Error(String(error)));
      hangUp();
    }
  };
  try {
    const [[row] = []] = await rowsOf(connection, ...prelude(server, byGtid ? from.gtid : null));
    read = eventReader(isWanted, row?.["checksum"] !== "NONE");
  } catch (error) {
    hangUp();
    throw error;
  }
  const isSet = byGtid && !server.isMariaDb;
  const command = isSet ? dumpBySet(from.gtid) : dumpFrom(byGtid ? { file: "", position: 4 } : from);
  (connection as unknown as CommandTaker).addCommand(dumpCommand(command, hear, fail));
  const watch = setInterval(() => {
    if (Date.now() - heardAt <= silentMsMax || buffered > bufferedMax) return;
    fail(new Error(`The server said nothing for ${silentMsMax / 1000} s.`));
    hangUp();
  }, 5_000);
  watch.unref();

  const hasReached = (place: LogPlace | null) => place !== null && !isBefore(pieces.received(), place);
  return {
    received: pieces.received,
    take(max) {
      let count = 0;
      let size = 0;
      while (count < queue.length && (size === 0 || size + (queue[count]?.changes.length ?? 0) <= max)) {
        size += queue[count]?.changes.length ?? 0;
        if ((queue[count++]?.statements.length ?? 0) > 0) break;
      }
      const wasFull = buffered > bufferedMax;
      buffered -= size;
      if (wasFull && buffered <= bufferedMax) connection.resume();
      return queue.splice(0, count);
    },
    async wait(ms, place, signal) {
      const isDone = () => queue.length > 0 || failure !== null || hasReached(place);
      if (isDone() || signal.aborted) return;
      await new Promise<void>((resolve) => {
        const done = () => {
          clearTimeout(timeout);
          waiters.delete(look);
          signal.removeEventListener("abort", done);
          resolve();
        };
        const look = () => {
          if (isDone()) done();
        };
        const timeout = setTimeout(done, ms);
        waiters.add(look);
        signal.addEventListener("abort", done, { once: true });
      });
    },
    failure: () => failure,
    close() {
      clearInterval(watch);
      fail(new Error("closed"));
      hangUp();
    },
  };
}

/** An event that is not as it should be may have been about any row. */
function readSafely(read: (event: Buffer) => LogMessage, event: Buffer): LogMessage {
  try {
    return read(event);
  } catch {
    return { tag: "unreadable", end: event.readUInt32LE(13) };
  }
}

/** What is said before the log is asked for: checksums as the server makes them, a sign of life now and then, and MariaDB's GTIDs as they are. */
function prelude(server: Server, gtid: string | null): string[] {
  const nanoseconds = heartbeatSeconds * 1e9;
  const common = [
    "select @@global.binlog_checksum as checksum",
    "set @master_binlog_checksum = @@global.binlog_checksum, @source_binlog_checksum = @@global.binlog_checksum",
    `set @master_heartbeat_period = ${nanoseconds}, @source_heartbeat_period = ${nanoseconds}`,
    "set net_write_timeout = 600",
  ];
  if (!server.isMariaDb) return common;
  const place = gtid === null ? [] : [`set @slave_connect_state = ${textLiteral(gtid)}`];
  return [...common, "set @mariadb_slave_capability = 4", ...place];
}

/** A replica's number, which must be nobody else's: a server ends the older of two with the same. */
function replicaNumber(): number {
  return randomInt(2 ** 31, 2 ** 32 - 1);
}

const dumpCode = 0x12;
const dumpGtidCode = 0x1e;

function dumpFrom({ file, position }: LogPlace): Buffer {
  const fixed = Buffer.alloc(11);
  fixed.writeUInt8(dumpCode, 0);
  fixed.writeUInt32LE(position, 1);
  fixed.writeUInt32LE(replicaNumber(), 7);
  return Buffer.concat([fixed, Buffer.from(`${file}\0`)]);
}

function dumpBySet(gtid: string): Buffer {
  const set = encodeSet(gtid);
  const fixed = Buffer.alloc(23);
  fixed.writeUInt8(dumpGtidCode, 0);
  fixed.writeUInt32LE(replicaNumber(), 3);
  fixed.writeBigUInt64LE(4n, 11);
  fixed.writeUInt32LE(set.length, 19);
  return Buffer.concat([fixed, set]);
}

/** The parts of mysql2's connection and packets that a command of one's own needs; not in its published types. */
type Line = { readonly stream: { destroy(): void } };
type CommandTaker = { addCommand(command: object): void };
type Wire = { writePacket(packet: object): void; _resetSequenceId(): void; readonly clientEncoding: string };
type Packet = {
  isError(): boolean;
  isEOF(): boolean;
  asError(encoding: string): Error;
  readonly buffer: Buffer;
  readonly start: number;
  readonly end: number;
};

/** A command for mysql2: sends `body`, then gets packets as they come, each with one event of the log after its first byte. */
function dumpCommand(body: Buffer, onEvent: (event: Buffer) => void, onEnd: (error: Error) => void): object {
  let isSent = false;
  const end = (error: Error) => {
    onEnd(error);
    return true;
  };
  return {
    on: () => undefined,
    once: () => undefined,
    emit: () => false,
    onResult: onEnd,
    stateName: () => "binlog dump",
    execute(packet: Packet | null, wire: Wire & Connection): boolean {
      if (!isSent) {
        isSent = true;
        wire._resetSequenceId();
        wire.writePacket(packetOf(body));
        return false;
      }
      if (packet === null) return false;
      if (packet.isError()) return end(packet.asError(wire.clientEncoding));
      if (packet.isEOF()) return end(new Error("The server ended its log."));
      // The packet's memory is used again: four bytes of frame, one of status.
      onEvent(Buffer.from(packet.buffer.subarray(packet.start + 5, packet.end)));
      return false;
    },
  };
}

function packetOf(body: Buffer): object {
  const buffer = Buffer.concat([Buffer.alloc(4), body]);
  return {
    buffer,
    offset: 4,
    length: () => buffer.length,
    writeHeader(sequence: number) {
      buffer.writeUIntLE(body.length, 0, 3);
      buffer.writeUInt8(sequence, 3);
    },
  };
}
