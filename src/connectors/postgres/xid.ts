/** The low half of a transaction's number, as the log and the rows name it. */
export type Xid = number;

/** What a read sees: transactions before `next` that had ended. `next` follows the last that ended, so others from there on may be under way. */
export type Snapshot = { readonly next: Xid; readonly running: ReadonlySet<Xid> };

/** From the text form "xmin:xmax:xip,xip". */
export function parseSnapshot(text: string): Snapshot {
  const [, next = "0", running = ""] = text.split(":");
  return { next: parseXid(next), running: new Set(running.split(",").filter(Boolean).map(parseXid)) };
}

/** From a full number in decimal. */
export function parseXid(text: string): Xid {
  return Number(BigInt(text) & 0xffffffffn);
}

/** Numbers begin again after 32 bits; of two in use at a time the order is sure. */
export function isBefore(a: Xid, b: Xid): boolean {
  return ((b - a) | 0) > 0;
}

export function isSeen(snapshot: Snapshot, xid: Xid): boolean {
  return isBefore(xid, snapshot.next) && !snapshot.running.has(xid);
}
