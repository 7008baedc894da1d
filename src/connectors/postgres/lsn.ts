/** A place in PostgreSQL's write-ahead log, as a number. */
export type Lsn = bigint;

/** From the text form, two hexadecimal halves: "16/B374D848". */
export function parseLsn(text: string): Lsn {
  const [high = "0", low = "0"] = text.split("/");
  return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`);
}

export function lsnText(lsn: Lsn): string {
  return `${(lsn >> 32n).toString(16).toUpperCase()}/${(lsn & 0xffffffffn).toString(16).toUpperCase()}`;
}

/** Later than every commit before the place `high`, earlier than one that begins just there: places of records are never odd. */
export function justBefore(high: Lsn): Lsn {
  return high - 1n;
}

/**
 * The advisory lock of a table, as a pair of numbers. A writing transaction shares it from the moment when it takes its place in the log until it
 * has committed; who holds it alone knows that no write has a place before his and commits after it.
 */
export const writeLock = (tableOid: number) => [7_233_829, tableOid] as const;
