import type { Lsn } from "./lsn.ts";

/** One column of a row as it came: text, `null`, or absent from the row when its unchanged large value was not sent. */
export type Tuple = Readonly<Record<string, string | null>>;

export type Relation = {
  readonly oid: number;
  readonly schema: string;
  readonly table: string;
  readonly columns: readonly { readonly name: string; readonly key: boolean; readonly type: number }[];
};

/**
 * Messages of PostgreSQL's logical output plugin pgoutput, protocol 1. Values stay text: the connector knows its columns' types.
 * Source: PostgreSQL documentation, "Logical Replication Message Formats".
 */
export type Message =
  | { readonly tag: "begin"; readonly lsn: Lsn; readonly xid: number; readonly at: number }
  | { readonly tag: "commit"; readonly lsn: Lsn; readonly end: Lsn; readonly at: number }
  | { readonly tag: "relation"; readonly relation: Relation }
  | { readonly tag: "insert"; readonly oid: number; readonly row: Tuple }
  /** `old`: the row's key, or the whole old row, where it was sent. */
  | { readonly tag: "update"; readonly oid: number; readonly old: Tuple | null; readonly row: Tuple }
  | { readonly tag: "delete"; readonly oid: number; readonly old: Tuple }
  | { readonly tag: "truncate"; readonly oids: readonly number[] }
  | { readonly tag: "message"; readonly prefix: string; readonly content: string }
  | { readonly tag: "other" };

/** Microseconds between 1970-01-01 and PostgreSQL's epoch 2000-01-01. */
const epochMicros = 946_684_800_000_000n;

/** Reads messages of one connection; it remembers the relations that the connection has described. */
export function messageReader(): (data: Buffer) => Message {
  const relations = new Map<number, Relation>();
  return (data) => {
    const message = readMessage(new Cursor(data), relations);
    if (message.tag === "relation") relations.set(message.relation.oid, message.relation);
    return message;
  };
}

class Cursor {
  private place = 0;
  private readonly data: Buffer;

  constructor(data: Buffer) {
    this.data = data;
  }

  byte(): number {
    return this.data.readUInt8(this.place++);
  }

  int16(): number {
    this.place += 2;
    return this.data.readInt16BE(this.place - 2);
  }

  uint32(): number {
    this.place += 4;
    return this.data.readUInt32BE(this.place - 4);
  }

  uint64(): bigint {
    this.place += 8;
    return this.data.readBigUInt64BE(this.place - 8);
  }

  /** Up to the next zero byte. */
  text(): string {
    const end = this.data.indexOf(0, this.place);
    const text = this.data.toString("utf8", this.place, end);
    this.place = end + 1;
    return text;
  }

  bytes(length: number): string {
    this.place += length;
    return this.data.toString("utf8", this.place - length, this.place);
  }

  letter(): string {
    return String.fromCharCode(this.byte());
  }
}

function millis(micros: bigint): number {
  return Number((micros + epochMicros) / 1000n);
}

function readMessage(cursor: Cursor, relations: ReadonlyMap<number, Relation>): Message {
  const letter = cursor.letter();
  switch (letter) {
    case "B": {
      const lsn = cursor.uint64();
      const at = millis(cursor.uint64());
      return { tag: "begin", lsn, at, xid: cursor.uint32() };
    }
    case "C": {
      cursor.byte();
      const lsn = cursor.uint64();
      const end = cursor.uint64();
      return { tag: "commit", lsn, end, at: millis(cursor.uint64()) };
    }
    case "R":
      return { tag: "relation", relation: readRelation(cursor) };
    case "I": {
      const oid = cursor.uint32();
      cursor.letter();
      return { tag: "insert", oid, row: readTuple(cursor, columnsOf(relations, oid)) };
    }
    case "U": {
      const oid = cursor.uint32();
      const columns = columnsOf(relations, oid);
      const kind = cursor.letter();
      if (kind === "N") return { tag: "update", oid, old: null, row: readTuple(cursor, columns) };
      const old = kind === "K" ? keysOnly(readTuple(cursor, columns), columns) : readTuple(cursor, columns);
      cursor.letter();
      const row = readTuple(cursor, columns);
      // With the whole old row at hand, an unchanged large value is the old one.
      return { tag: "update", oid, old, row: kind === "O" ? { ...old, ...row } : row };
    }
    case "D": {
      const oid = cursor.uint32();
      const columns = columnsOf(relations, oid);
      const kind = cursor.letter();
      const old = readTuple(cursor, columns);
      return { tag: "delete", oid, old: kind === "K" ? keysOnly(old, columns) : old };
    }
    case "T": {
      const count = cursor.uint32();
      cursor.byte();
      return { tag: "truncate", oids: Array.from({ length: count }, () => cursor.uint32()) };
    }
    case "M": {
      cursor.byte();
      cursor.uint64();
      const prefix = cursor.text();
      return { tag: "message", prefix, content: cursor.bytes(cursor.uint32()) };
    }
    default:
      return { tag: "other" };
  }
}

function readRelation(cursor: Cursor): Relation {
  const oid = cursor.uint32();
  const schema = cursor.text();
  const table = cursor.text();
  cursor.byte();
  const columns = Array.from({ length: cursor.int16() }, () => {
    const key = (cursor.byte() & 1) === 1;
    const name = cursor.text();
    const type = cursor.uint32();
    cursor.uint32();
    return { name, key, type };
  });
  return { oid, schema: schema === "" ? "pg_catalog" : schema, table, columns };
}

function columnsOf(relations: ReadonlyMap<number, Relation>, oid: number): Relation["columns"] {
  const relation = relations.get(oid);
  if (relation === undefined) throw new Error(`The stream names relation ${oid} before describing it.`);
  return relation.columns;
}

function readTuple(cursor: Cursor, columns: Relation["columns"]): Tuple {
  const tuple: Record<string, string | null> = {};
  const count = cursor.int16();
  for (let i = 0; i < count; i++) {
    const kind = cursor.letter();
    const name = columns[i]?.name ?? "";
    if (kind === "n") tuple[name] = null;
    else if (kind !== "u") tuple[name] = cursor.bytes(cursor.uint32());
  }
  return tuple;
}

/** A key tuple has nulls in all other columns, which say nothing. */
function keysOnly(tuple: Tuple, columns: Relation["columns"]): Tuple {
  return Object.fromEntries(columns.filter((column) => column.key).map(({ name }) => [name, tuple[name] ?? null]));
}
