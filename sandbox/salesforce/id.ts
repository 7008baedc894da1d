const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const checksums = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";

/** A record's 18-character id from its object's key prefix and a number. Greater numbers sort later. */
export function makeId(prefix: string, number: number): string {
  let rest = number;
  let digits = "";
  while (digits.length < 7) {
    digits = alphabet[rest % 62]! + digits;
    rest = Math.floor(rest / 62);
  }
  return withChecksum(`${prefix}bm000${digits.slice(0, 7)}`);
}

/** The 18-character form of a 15- or 18-character id, `null` for anything else. */
export function fullId(id: string): string | null {
  if (!/^[0-9A-Za-z]{15}(?:[A-Z0-5]{3})?$/u.test(id)) return null;
  const full = withChecksum(id.slice(0, 15));
  return id.length === 15 || id === full ? full : null;
}

/** Three letters that say which of the fifteen are capitals. */
function withChecksum(id: string): string {
  let suffix = "";
  for (let part = 0; part < 15; part += 5) {
    const bits = [...id.slice(part, part + 5)].map((letter) => /[A-Z]/u.test(letter));
    suffix += checksums[bits.reduce((sum, isCapital, n) => sum + (isCapital ? 2 ** n : 0), 0)];
  }
  return id + suffix;
}
