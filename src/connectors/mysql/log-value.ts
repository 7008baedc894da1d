import type { Column } from "./catalog.ts";
import type { LogColumn } from "./log-events.ts";

/** A value of the log that is not read here: its row is read from the table instead. */
export const unread = Symbol("unread");

/** A value as the text that a query gives of it (see `selected`). */
export function logText(column: Column, { code, meta }: LogColumn, bytes: Buffer): string | typeof unread {
  switch (code) {
    case 1:
    case 2:
    case 3:
    case 8:
    case 9:
      return integerText(bytes, column.unsigned);
    case 4:
      return String(bytes.readFloatLE(0));
    case 5:
      return String(bytes.readDoubleLE(0));
    case 246:
      return decimalText(bytes, meta >> 8, meta & 255);
    case 13:
      return String(bytes[0] === 0 ? "0000" : 1900 + (bytes[0] ?? 0));
    case 16:
      return unsigned(bytes).toString();
    case 10:
      return dateText(bytes.readUIntLE(0, 3));
    case 17:
      return timestampText(bytes, meta);
    case 18:
      return datetimeText(bytes, meta);
    case 19:
      return timeText(bytes, meta);
    case 247: {
      const place = bytes.readUIntLE(0, bytes.length);
      return place === 0 ? "" : (column.options?.[place - 1] ?? unread);
    }
    case 248:
      return setText(column, bytes);
    case 15:
    case 249:
    case 250:
    case 251:
    case 252:
    case 254:
      return characterText(column, bytes);
    default:
      // Documents, shapes, compressed columns, times of servers before MySQL 5.6.
      return unread;
  }
}

const families: readonly (readonly [codes: readonly number[], bases: readonly string[]])[] = [
  [[1], ["tinyint"]],
  [[2], ["smallint"]],
  [[9], ["mediumint"]],
  [[3], ["int"]],
  [[8], ["bigint"]],
  [[4], ["float"]],
  [[5], ["double"]],
  [[246], ["decimal"]],
  [[13], ["year"]],
  [[16], ["bit"]],
  [[10, 14], ["date"]],
  [[7, 17], ["timestamp"]],
  [[12, 18], ["datetime"]],
  [[11, 19], ["time"]],
  [[247], ["enum"]],
  [[248], ["set"]],
];
const ownFamily = new Set(families.flatMap(([, bases]) => bases));

/** Whether a column of the catalog may look so in the log; if not, the table was altered in between. */
export function mayBe({ base }: Column, { code }: LogColumn): boolean {
  const family = families.find(([own]) => own.includes(code));
  return family === undefined ? !ownFamily.has(base) : family[1].includes(base);
}

function integerText(bytes: Buffer, isUnsigned: boolean): string {
  if (bytes.length === 8) return String(isUnsigned ? bytes.readBigUInt64LE(0) : bytes.readBigInt64LE(0));
  return String(isUnsigned ? bytes.readUIntLE(0, bytes.length) : bytes.readIntLE(0, bytes.length));
}

function unsigned(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString("hex") || "0"}`);
}

/** The first bit is set in positive numbers, and all bits of negative ones are turned around; digits come in groups of nine. */
function decimalText(stored: Buffer, precision: number, scale: number): string {
  const bytes = Buffer.from(stored);
  const isNegative = ((bytes[0] ?? 0) & 0x80) === 0;
  bytes[0] = (bytes[0] ?? 0) ^ 0x80;
  if (isNegative) for (let i = 0; i < bytes.length; i++) bytes[i] = ~(bytes[i] ?? 0) & 255;
  let place = 0;
  const group = (digits: number) => {
    const count = digits === 9 ? 4 : Math.ceil(digits / 2);
    place += count;
    return digits === 0
      ? ""
      : bytes
          .readUIntBE(place - count, count)
          .toString()
          .padStart(digits, "0");
  };
  const whole = precision - scale;
  let text = group(whole % 9);
  for (let i = 0; i < Math.floor(whole / 9); i++) text += group(9);
  let fraction = "";
  for (let i = 0; i < Math.floor(scale / 9); i++) fraction += group(9);
  fraction += group(scale % 9);
  const digits = text.replace(/^0+(?=\d)/u, "") || "0";
  return `${isNegative ? "-" : ""}${digits}${fraction === "" ? "" : `.${fraction}`}`;
}

const two = (number: number) => String(number).padStart(2, "0");

function dateText(value: number): string {
  return `${String(value >> 9).padStart(4, "0")}-${two((value >> 5) & 15)}-${two(value & 31)}`;
}

/** Digits of a second, two a byte. */
function fractionText(bytes: Buffer, digits: number): string {
  if (digits === 0) return "";
  const text = bytes
    .readUIntBE(0, bytes.length)
    .toString()
    .padStart(2 * bytes.length, "0");
  return `.${text.slice(0, digits)}`;
}

function timestampText(bytes: Buffer, digits: number): string {
  const seconds = bytes.readUInt32BE(0);
  const fraction = fractionText(bytes.subarray(4), digits);
  if (seconds === 0) return `0000-00-00 00:00:00${fraction}`;
  return `${new Date(seconds * 1000).toISOString().slice(0, 19).replace("T", " ")}${fraction}`;
}

function datetimeText(bytes: Buffer, digits: number): string {
  const packed = bytes.readUIntBE(0, 5) - 0x8000000000;
  const days = Math.floor(packed / 2 ** 17);
  const time = packed % 2 ** 17;
  const months = days >> 5;
  const date = `${String(Math.floor(months / 13)).padStart(4, "0")}-${two(months % 13)}-${two(days & 31)}`;
  return `${date} ${two(time >> 12)}:${two((time >> 6) & 63)}:${two(time & 63)}${fractionText(bytes.subarray(5), digits)}`;
}

function timeText(bytes: Buffer, digits: number): string {
  const fractionBits = 8 * (bytes.length - 3);
  const packed = bytes.readUIntBE(0, bytes.length) - 0x800000 * 2 ** fractionBits;
  const size = Math.abs(packed);
  const time = Math.floor(size / 2 ** fractionBits);
  const fraction = Buffer.alloc(bytes.length - 3);
  if (fraction.length > 0) fraction.writeUIntBE(size % 2 ** fractionBits, 0, fraction.length);
  const clock = `${two((time >> 12) & 0x3ff)}:${two((time >> 6) & 63)}:${two(time & 63)}`;
  return `${packed < 0 ? "-" : ""}${clock}${fractionText(fraction, digits)}`;
}

function setText({ options }: Column, bytes: Buffer): string | typeof unread {
  const chosen = BigInt(`0x${Buffer.from(bytes).reverse().toString("hex")}`);
  if (options === null) return unread;
  return options.filter((_, i) => ((chosen >> BigInt(i)) & 1n) === 1n).join(",");
}

/** Texts come in their column's own character set. */
function characterText(column: Column, bytes: Buffer): string | typeof unread {
  if (column.base === "binary") return bytes.toString("hex").padEnd(2 * (column.length ?? 0), "0");
  if (/(?:binary|blob)$/u.test(column.base)) return bytes.toString("hex");
  const label = encodings[column.charset ?? ""];
  return label === undefined ? unread : decoderOf(label).decode(bytes);
}

/** MySQL's names, and those of the standard that has all the letters of each. */
const encodings: Readonly<Record<string, string>> = {
  ascii: "utf-8",
  utf8: "utf-8",
  utf8mb3: "utf-8",
  utf8mb4: "utf-8",
  latin1: "windows-1252",
  latin2: "iso-8859-2",
  latin5: "windows-1254",
  latin7: "iso-8859-13",
  cp1250: "windows-1250",
  cp1251: "windows-1251",
  cp1256: "windows-1256",
  cp1257: "windows-1257",
  koi8r: "koi8-r",
  koi8u: "koi8-u",
  greek: "iso-8859-7",
  hebrew: "iso-8859-8",
  cp932: "shift_jis",
  eucjpms: "euc-jp",
  euckr: "euc-kr",
  gbk: "gbk",
  gb18030: "gb18030",
  ucs2: "utf-16be",
  utf16: "utf-16be",
  utf16le: "utf-16le",
};

const decoders = new Map<string, InstanceType<typeof TextDecoder>>();

function decoderOf(label: string): InstanceType<typeof TextDecoder> {
  const known = decoders.get(label) ?? new TextDecoder(label, { ignoreBOM: true });
  decoders.set(label, known);
  return known;
}
