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

/** The transactions under way in a snapshot's text form "xmin:xmax:xip,xip", by the low half of their ids, as the log names them. */
export function runningIn(snapshot: string): Set<number> {
  const [, , running = ""] = snapshot.split(":");
  const ids = running.split(",").filter(Boolean);
  return new Set(ids.map((id) => Number(BigInt(id) & 0xffffffffn)));
}
