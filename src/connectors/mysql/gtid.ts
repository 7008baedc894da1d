/**
 * Which transactions a place is after, as each dialect says it. MariaDB: the last one of each domain, "0-1-1234,1-3-45". MySQL: all of them,
 * "uuid:1-5:7,uuid:1-9". Tags of MySQL 8.3 and later are not known here: with them a place is found by file and position only.
 */
export type GtidSet = string;

/** The set with one more transaction, that comes after all of the set. A transaction without a GTID leaves it as it is. */
export function withGtid(set: GtidSet, gtid: string | null): GtidSet {
  if (gtid === null) return set;
  return gtid.includes(":") ? withNumber(set, gtid) : withDomain(set, gtid);
}

function withDomain(set: GtidSet, gtid: string): GtidSet {
  const domain = gtid.split("-")[0];
  const others = set.split(",").filter((one) => one !== "" && one.split("-")[0] !== domain);
  return [...others, gtid].sort((a, b) => Number(a.split("-")[0]) - Number(b.split("-")[0])).join(",");
}

/** MariaDB: whether a log that ends at `end` has gone as far as `set` in each of its domains. A server that was restored has not. */
export function isReached(set: GtidSet, end: GtidSet): boolean {
  const numbers = new Map(end.split(",").map((one) => [one.split("-")[0], BigInt(one.split("-")[2] ?? -1)]));
  return set.split(",").every((one) => {
    const [domain, , number = "0"] = one.split("-");
    return (numbers.get(domain) ?? -1n) >= BigInt(number);
  });
}

type Range = { readonly from: bigint; readonly to: bigint };

function withNumber(set: GtidSet, gtid: string): GtidSet {
  const [uuid = "", number = "0"] = gtid.split(":");
  const sets = parseSet(set);
  const at = BigInt(number);
  sets.set(uuid, merged([...(sets.get(uuid) ?? []), { from: at, to: at }]));
  return [...sets].map(([id, ranges]) => [id, ...ranges.map(rangeText)].join(":")).join(",");
}

function rangeText({ from, to }: Range): string {
  return from === to ? `${from}` : `${from}-${to}`;
}

function parseSet(set: GtidSet): Map<string, readonly Range[]> {
  const parts = set.split(",").filter((part) => part !== "");
  return new Map(
    parts.map((part): [string, Range[]] => {
      const [uuid = "", ...ranges] = part.split(":");
      return [uuid, ranges.map(parseRange)];
    }),
  );
}

function parseRange(text: string): Range {
  const [from = "0", to = from] = text.split("-");
  return { from: BigInt(from), to: BigInt(to) };
}

function merged(ranges: readonly Range[]): Range[] {
  const sorted = [...ranges].sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0));
  const result: Range[] = [];
  for (const range of sorted) {
    const last = result.at(-1);
    if (last === undefined || range.from > last.to + 1n) result.push(range);
    else if (range.to > last.to) result[result.length - 1] = { from: last.from, to: range.to };
  }
  return result;
}

/**
 * A MySQL set in the form of the command that asks for all others (COM_BINLOG_DUMP_GTID): per server its 16 bytes and its ranges, whose ends are
 * exclusive; all numbers of 64 bits, low byte first.
 */
export function encodeSet(set: GtidSet): Buffer {
  const sets = parseSet(set);
  const number = (value: bigint) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(value);
    return bytes;
  };
  const servers = [...sets].flatMap(([uuid, ranges]) => [
    Buffer.from(uuid.replaceAll("-", ""), "hex"),
    number(BigInt(ranges.length)),
    ...ranges.flatMap(({ from, to }) => [number(from), number(to + 1n)]),
  ]);
  return Buffer.concat([number(BigInt(sets.size)), ...servers]);
}
