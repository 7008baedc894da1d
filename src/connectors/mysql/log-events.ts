import { inflateSync } from "node:zlib";
import { type LogReader, logReader } from "./log-reader.ts";

/** A column as the log describes it: the type's code and what belongs to it (length, digits ...). */
export type LogColumn = { readonly code: number; readonly meta: number };

/** A table as the log describes it, anew in each transaction. */
export type LogTable = {
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly LogColumn[];
  /** With `binlog_row_metadata = FULL` only. */
  readonly names: readonly string[] | null;
};

/** A row's columns in the table's order: `null` is null, `undefined` was not logged. */
export type LogRow = readonly (Buffer | null | undefined)[];

export type LogMessage =
  | { readonly tag: "rotate"; readonly file: string; readonly position: number }
  /** A group begins: a transaction, or a statement alone. `end` is where this message ends. */
  | {
      readonly tag: "begin";
      readonly gtid: string | null;
      readonly end: number;
      readonly at: number;
      readonly isTransaction: boolean;
    }
  /** The group is a transaction. */
  | { readonly tag: "open"; readonly end: number }
  | {
      readonly tag: "rows";
      readonly table: LogTable;
      readonly kind: "insert" | "update" | "delete";
      readonly rows: readonly { readonly before: LogRow | null; readonly after: LogRow | null }[];
    }
  /** A statement as text: of a change of tables, or of rows where a session does not log them. */
  | { readonly tag: "statement"; readonly schema: string; readonly sql: string; readonly end: number }
  | { readonly tag: "commit"; readonly end: number }
  /** The first half of a commit in two phases (XA): whether it will be done is not known. */
  | { readonly tag: "prepared"; readonly end: number }
  /** Changes of rows in a form that is not read here. */
  | { readonly tag: "unreadable"; readonly end: number }
  | { readonly tag: "other"; readonly end: number };

/** Layouts by https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_replication_binlog_event.html and https://mariadb.com/kb/en/2-binlog-event-header/ */
const codes = {
  statement: 2,
  rotate: 4,
  format: 15,
  commit: 16,
  table: 19,
  rows: new Map<number, "insert" | "update" | "delete">([
    ...[23, 30, 166, 169].map((code) => [code, "insert"] as const),
    ...[24, 31, 167, 170].map((code) => [code, "update"] as const),
    ...[25, 32, 168, 171].map((code) => [code, "delete"] as const),
  ]),
  withExtraData: new Set([30, 31, 32, 169, 170, 171]),
  compressedRows: new Set([166, 167, 168, 169, 170, 171]),
  compressedStatement: 165,
  gtid: 33,
  anonymous: 34,
  prepared: 38,
  /** Parts of JSON documents, and whole transactions in one compressed piece. */
  unreadable: new Set([39, 40]),
  taggedGtid: 42,
  mariaDbGtid: 162,
};

const headerBytes = 19;
const checksumBytes = 4;
/** MariaDB's flag of a group that is one statement. */
const standalone = 1;

/**
 * Reads events in order: those of rows need the description of their table, which comes before. Rows of tables that are not `isWanted` are passed
 * over. Each event ends with a checksum or none has one, as the first of each file says; `isChecked` goes for what comes before that.
 */
export function eventReader(
  isWanted: (schema: string, table: string) => boolean,
  isChecked: boolean,
): (event: Buffer) => LogMessage {
  const tables = new Map<number, LogTable | null>();
  let trailing = isChecked ? checksumBytes : 0;
  return (event) => {
    const at = event.readUInt32LE(0) * 1000;
    const code = event.readUInt8(4);
    const server = event.readUInt32LE(5);
    const end = event.readUInt32LE(13);
    if (code === codes.format) {
      trailing = event.at(-1 - checksumBytes) === 1 ? checksumBytes : 0;
      return { tag: "other", end };
    }
    const reader = logReader(event.subarray(headerBytes, event.length - trailing));
    const kind = codes.rows.get(code);
    if (kind !== undefined) return readRowEvent(reader, code, kind, tables, end);
    if (codes.unreadable.has(code)) return { tag: "unreadable", end };
    switch (code) {
      case codes.rotate:
        return { tag: "rotate", position: Number(reader.big()), file: reader.rest().toString("utf8") };
      case codes.statement:
      case codes.compressedStatement: {
        const { schema, sql } = readStatement(reader, code === codes.compressedStatement);
        if (/^\s*(?:begin|xa\s+start)\b/iu.test(sql)) return { tag: "open", end };
        return /^\s*commit\b/iu.test(sql) ? { tag: "commit", end } : { tag: "statement", schema, sql, end };
      }
      case codes.commit:
        return { tag: "commit", end };
      case codes.prepared:
        return reader.number(1) === 1 ? { tag: "commit", end } : { tag: "prepared", end };
      case codes.gtid:
        tables.clear();
        return { tag: "begin", gtid: mysqlGtid(reader), end, at, isTransaction: false };
      case codes.anonymous:
      case codes.taggedGtid:
        tables.clear();
        return { tag: "begin", gtid: null, end, at, isTransaction: false };
      case codes.mariaDbGtid: {
        tables.clear();
        const number = reader.big();
        const gtid = `${reader.number(4)}-${server}-${number}`;
        return { tag: "begin", gtid, end, at, isTransaction: (reader.number(1) & standalone) === 0 };
      }
      case codes.table: {
        const id = reader.number(6);
        reader.number(2);
        tables.set(id, readTable(reader, isWanted));
        return { tag: "other", end };
      }
      default:
        return { tag: "other", end };
    }
  };
}

function mysqlGtid(reader: LogReader): string {
  reader.number(1);
  const hex = reader.bytes(16).toString("hex");
  const uuid = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/u, "$1-$2-$3-$4-$5");
  return `${uuid}:${reader.big()}`;
}

function readStatement(reader: LogReader, isCompressed: boolean): { readonly schema: string; readonly sql: string } {
  reader.number(4);
  reader.number(4);
  const schemaBytes = reader.number(1);
  reader.number(2);
  const variableBytes = reader.number(2);
  reader.bytes(variableBytes);
  const schema = reader.text(schemaBytes);
  reader.number(1);
  const text = reader.rest();
  return { schema, sql: (isCompressed ? inflated(text) : text).toString("utf8") };
}

/** MariaDB's `log_bin_compress`: a byte that says how long the length is, the length, and a zlib stream. */
function inflated(bytes: Buffer): Buffer {
  return inflateSync(bytes.subarray(1 + ((bytes[0] ?? 0) & 7)));
}

function readTable(reader: LogReader, isWanted: (schema: string, table: string) => boolean): LogTable | null {
  const schema = reader.text(reader.number(1));
  reader.number(1);
  const name = reader.text(reader.number(1));
  reader.number(1);
  if (!isWanted(schema, name)) return null;
  const types = [...reader.bytes(reader.packed())];
  const metas = logReader(reader.bytes(reader.packed()));
  const columns = types.map((code) => readColumn(code, metas));
  reader.bytes(Math.ceil(types.length / 8));
  return { schema, name, columns, names: readNames(reader, types.length) };
}

const type = { bit: 16, enum: 247, set: 248, varString: 253, string: 254 } as const;
/** Codes with one byte that says how long a length is, or how many digits follow the point. */
const oneByte = new Set([4, 5, 17, 18, 19, 140, 242, 245, 249, 250, 251, 252, 255]);
const twoBytes = new Set([15, 141]);

function readColumn(code: number, metas: LogReader): LogColumn {
  if (oneByte.has(code)) return { code, meta: metas.number(1) };
  if (twoBytes.has(code)) return { code, meta: metas.number(2) };
  const [first, second] = [16, 246, type.varString, type.string, type.enum, type.set].includes(code)
    ? [metas.number(1), metas.number(1)]
    : [0, 0];
  if (code === type.bit) return { code, meta: second * 8 + first };
  if (code === 246) return { code, meta: first * 256 + second };
  if (first === type.enum || first === type.set) return { code: first, meta: second };
  // Two bits of a long length hide in the type's byte.
  if (code === type.string) return { code, meta: second | (((first & 0x30) ^ 0x30) << 4) };
  return { code, meta: first * 256 + second };
}

const columnNamesField = 4;

/** Names of columns are one of the optional parts at the end. */
function readNames(reader: LogReader, count: number): readonly string[] | null {
  while (reader.left() > 2) {
    const field = reader.number(1);
    const part = logReader(reader.bytes(reader.packed()));
    if (field !== columnNamesField) continue;
    const names: string[] = [];
    while (part.left() > 0) names.push(part.text(part.packed()));
    return names.length === count ? names : null;
  }
  return null;
}

function readRowEvent(
  reader: LogReader,
  code: number,
  kind: "insert" | "update" | "delete",
  tables: ReadonlyMap<number, LogTable | null>,
  end: number,
): LogMessage {
  const table = tables.get(reader.number(6));
  if (table === null) return { tag: "other", end };
  // Rows of a table that was not described can't be told from those of ours.
  if (table === undefined) return { tag: "unreadable", end };
  reader.number(2);
  if (codes.withExtraData.has(code)) reader.bytes(reader.number(2) - 2);
  const count = reader.packed();
  const present = bits(reader.bytes(Math.ceil(count / 8)), count);
  const presentAfter = kind === "update" ? bits(reader.bytes(Math.ceil(count / 8)), count) : present;
  const rest = reader.rest();
  const body = logReader(codes.compressedRows.has(code) ? inflated(rest) : rest);
  const rows: { before: LogRow | null; after: LogRow | null }[] = [];
  while (body.left() > 0) {
    const before = kind === "insert" ? null : readRow(body, table.columns, present);
    const after = kind === "delete" ? null : readRow(body, table.columns, presentAfter);
    rows.push({ before, after });
  }
  return { tag: "rows", table, kind, rows };
}

function bits(bytes: Buffer, count: number): boolean[] {
  return Array.from({ length: count }, (_, i) => (((bytes[i >> 3] ?? 0) >> (i & 7)) & 1) === 1);
}

function readRow(reader: LogReader, columns: readonly LogColumn[], present: readonly boolean[]): LogRow {
  const count = present.filter(Boolean).length;
  const nulls = bits(reader.bytes(Math.ceil(count / 8)), count);
  let place = 0;
  return columns.map((column, i) => {
    if (present[i] !== true) return undefined;
    return nulls[place++] === true ? null : reader.bytes(valueBytes(reader, column));
  });
}

const fixedBytes = new Map([
  [1, 1],
  [2, 2],
  [3, 4],
  [4, 4],
  [5, 8],
  [7, 4],
  [8, 8],
  [9, 3],
  [10, 3],
  [11, 3],
  [12, 8],
  [13, 1],
]);
const fractionBytes = (digits: number) => Math.ceil(digits / 2);

/** How long the next value is; of one with a length before it, that length is read. */
function valueBytes(reader: LogReader, { code, meta }: LogColumn): number {
  const fixed = fixedBytes.get(code);
  if (fixed !== undefined) return fixed;
  switch (code) {
    case type.bit:
      return Math.ceil(meta / 8);
    case 17:
      return 4 + fractionBytes(meta);
    case 18:
      return 5 + fractionBytes(meta);
    case 19:
      return 3 + fractionBytes(meta);
    case 246:
      return decimalBytes(meta >> 8, meta & 255);
    case type.enum:
    case type.set:
      return meta;
    case 15:
    case 141:
    case type.varString:
    case type.string:
      return reader.number(meta > 255 ? 2 : 1);
    case 140:
    case 242:
    case 245:
    case 249:
    case 250:
    case 251:
    case 252:
    case 255:
      return reader.number(meta);
    default:
      throw new RangeError(`the log holds a column of the unknown type ${code}`);
  }
}

/** Nine digits take four bytes, the rest of either side as many as it needs. */
function decimalBytes(precision: number, scale: number): number {
  const side = (digits: number) => 4 * Math.floor(digits / 9) + Math.ceil((digits % 9) / 2);
  return side(precision - scale) + side(scale);
}
