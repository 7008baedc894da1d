/** Reads little-endian numbers and length-prefixed parts of an event, in order. Throws a RangeError beyond its end. */
export type LogReader = {
  number(bytes: number): number;
  /** 64 bits. */
  big(): bigint;
  /** A number in 1, 3, 4 or 9 bytes, as its first byte says. */
  packed(): number;
  bytes(count: number): Buffer;
  text(count: number): string;
  rest(): Buffer;
  left(): number;
};

export function logReader(buffer: Buffer): LogReader {
  let place = 0;
  const number = (bytes: number) => {
    const value = bytes === 0 ? 0 : buffer.readUIntLE(place, bytes);
    place += bytes;
    return value;
  };
  const big = () => {
    const value = buffer.readBigUInt64LE(place);
    place += 8;
    return value;
  };
  const bytes = (count: number) => {
    if (place + count > buffer.length) throw new RangeError("an event of the log ends early");
    place += count;
    return buffer.subarray(place - count, place);
  };
  return {
    number,
    big,
    packed() {
      const first = number(1);
      if (first < 251) return first;
      return first === 254 ? Number(big()) : number(first === 252 ? 2 : 3);
    },
    bytes,
    text: (count) => bytes(count).toString("utf8"),
    rest: () => bytes(buffer.length - place),
    left: () => buffer.length - place,
  };
}
