/**
 * Exact decimal arithmetic on canonical number strings ("-12.5": no exponent, no "+", no leading or trailing zeros, "-0" is "0").
 * A decimal is `units` / 10^`scale`.
 */
type Decimal = { readonly units: bigint; readonly scale: number };

/** Digits that a number may have, exponent written out: more than any system's number holds, few enough to compute with. */
export const digitsMax = 1000;

/**
 * The canonical form of a number as people and JSON write it: sign, digits with or without a point, exponent. `null` when it is none or
 * has more than 1000 digits. A decimal comma or grouping is not guessed at.
 */
export function parseDecimal(text: string): string | null {
  if (text.length > digitsMax + 10) return null;
  const match = written.exec(text);
  if (match === null) return null;
  const [, sign, whole = "", fraction = "", exponent = "0"] = match;
  const digits = whole + fraction;
  if (digits === "") return null;
  const point = whole.length + Number(exponent);
  if (Math.abs(point) > digitsMax) return null;
  const decimal = join(sign === "-", ...place(digits, point));
  return decimal.replace(signOrPoint, "").length <= digitsMax ? decimal : null;
}

const written = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d{1,5}))?$/i;
const signOrPoint = /[-.]/g;

/** Puts the point after the first `point` digits, with the zeros that needs. */
function place(digits: string, point: number): [whole: string, fraction: string] {
  if (point <= 0) return ["", "0".repeat(-point) + digits];
  if (point >= digits.length) return [digits + "0".repeat(point - digits.length), ""];
  return [digits.slice(0, point), digits.slice(point)];
}

function join(negative: boolean, whole: string, fraction: string): string {
  let from = 0;
  while (from < whole.length && whole[from] === "0") from++;
  let until = fraction.length;
  while (until > 0 && fraction[until - 1] === "0") until--;
  const head = from === whole.length ? "0" : whole.slice(from);
  const text = until === 0 ? head : `${head}.${fraction.slice(0, until)}`;
  return negative && text !== "0" ? `-${text}` : text;
}

/** -1, 0 or 1, exactly. */
export function compareDecimals(a: string, b: string): -1 | 0 | 1 {
  const [x, y] = align(read(a), read(b));
  return x === y ? 0 : x < y ? -1 : 1;
}

export function add(a: string, b: string): string {
  const [left, right] = [read(a), read(b)];
  const [x, y] = align(left, right);
  return write(x + y, Math.max(left.scale, right.scale));
}

export function subtract(a: string, b: string): string {
  const [left, right] = [read(a), read(b)];
  const [x, y] = align(left, right);
  return write(x - y, Math.max(left.scale, right.scale));
}

/** `value` plus what `other` gained over `base`: the counter rule. The same whichever side is `value`. */
export function addDelta(value: string, other: string, base: string): string {
  return add(value, subtract(other, base));
}

/** Rounded to `decimals` digits after the point; a half goes to the even neighbour, so that sums don't drift. */
export function roundHalfEven(value: string, decimals: number): string {
  const { units, scale } = read(value);
  if (scale <= decimals) return value;
  const divisor = 10n ** BigInt(scale - decimals);
  const quotient = units / divisor;
  const twice = abs(units % divisor) * 2n;
  const up = twice > divisor || (twice === divisor && quotient % 2n !== 0n);
  return write(up ? quotient + (units < 0n ? -1n : 1n) : quotient, decimals);
}

function read(text: string): Decimal {
  const point = text.indexOf(".");
  if (point === -1) return { units: BigInt(text), scale: 0 };
  return { units: BigInt(text.slice(0, point) + text.slice(point + 1)), scale: text.length - point - 1 };
}

function align(a: Decimal, b: Decimal): [bigint, bigint] {
  if (a.scale === b.scale) return [a.units, b.units];
  const scale = Math.max(a.scale, b.scale);
  return [a.units * 10n ** BigInt(scale - a.scale), b.units * 10n ** BigInt(scale - b.scale)];
}

function write(units: bigint, scale: number): string {
  const digits = abs(units)
    .toString()
    .padStart(scale + 1, "0");
  const point = digits.length - scale;
  return join(units < 0n, digits.slice(0, point), digits.slice(point));
}

function abs(units: bigint): bigint {
  return units < 0n ? -units : units;
}
