/** True when one insertion, deletion, substitution or transposition turns one text into the other. */
export function oneEditApart(a: string, b: string): boolean {
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  if (long.length - short.length > 1) return false;
  let start = 0;
  while (start < short.length && short.charCodeAt(start) === long.charCodeAt(start)) start++;
  let end = 0;
  while (
    end < short.length - start &&
    short.charCodeAt(short.length - 1 - end) === long.charCodeAt(long.length - 1 - end)
  )
    end++;
  const left = long.length - start - end;
  if (left <= 1) return true;
  return (
    left === 2 &&
    short.length === long.length &&
    short.charCodeAt(start) === long.charCodeAt(start + 1) &&
    short.charCodeAt(start + 1) === long.charCodeAt(start)
  );
}

const matchedB = new Uint8Array(256);
const lettersA = new Uint16Array(256);

/**
 * Jaro-Winkler similarity, 0 to 1, of texts of at most 255 letters (the rest is not looked at). Source: Winkler 1990, prefix weight 0.1 up to
 * four letters, applied above 0.7.
 */
export function jaroWinkler(a: string, b: string): number {
  if (a === b) return 1;
  const lengthA = Math.min(a.length, 255);
  const lengthB = Math.min(b.length, 255);
  if (lengthA === 0 || lengthB === 0) return 0;
  const reach = Math.max(0, (Math.max(lengthA, lengthB) >> 1) - 1);
  matchedB.fill(0, 0, lengthB);
  let matches = 0;
  for (let i = 0; i < lengthA; i++) {
    const code = a.charCodeAt(i);
    const to = Math.min(lengthB - 1, i + reach);
    for (let j = Math.max(0, i - reach); j <= to; j++) {
      if (matchedB[j] === 0 && b.charCodeAt(j) === code) {
        matchedB[j] = 1;
        lettersA[matches++] = code;
        break;
      }
    }
  }
  if (matches === 0) return 0;
  let turned = 0;
  for (let j = 0, k = 0; j < lengthB; j++) {
    if (matchedB[j] === 1 && b.charCodeAt(j) !== lettersA[k++]) turned++;
  }
  const jaro = (matches / lengthA + matches / lengthB + (matches - turned / 2) / matches) / 3;
  if (jaro < 0.7) return jaro;
  let prefix = 0;
  while (prefix < 4 && prefix < lengthA && prefix < lengthB && a.charCodeAt(prefix) === b.charCodeAt(prefix)) prefix++;
  return jaro + prefix * 0.1 * (1 - jaro);
}

/** How alike two words are: 2 a slip of the pen, 1 alike, 0 not. Short words need more. */
export function likeness(a: string, b: string): 0 | 1 | 2 {
  return likenessOf(a, letterSet(a), b, letterSet(b));
}

/** The same for words whose letter sets are known already. */
export function likenessOf(a: string, lettersOfA: number, b: string, lettersOfB: number): 0 | 1 | 2 {
  const longest = Math.max(a.length, b.length);
  if (Math.abs(a.length - b.length) > 4 || !mayBeAlike(a.length, lettersOfA, b.length, lettersOfB)) return 0;
  if (longest >= 4 && oneEditApart(a, b)) return 2;
  const similarity = jaroWinkler(a, b);
  if (longest >= 6 && similarity >= 0.94) return 2;
  return similarity >= 0.87 || (longest <= 3 && longest >= 2 && oneEditApart(a, b)) ? 1 : 0;
}

/**
 * False where so many letters of each word are missing in the other that their Jaro-Winkler similarity is below 0.87, whatever their order (a similarity of
 * 0.87 with the largest prefix bonus needs a Jaro of 0.783). Spares nine comparisons in ten.
 */
function mayBeAlike(lengthA: number, lettersOfA: number, lengthB: number, lettersOfB: number): boolean {
  if (lengthA < 4 || lengthB < 4) return true;
  const matches = Math.min(lengthA - bitCount(lettersOfA & ~lettersOfB), lengthB - bitCount(lettersOfB & ~lettersOfA));
  return (matches / lengthA + matches / lengthB + 1) / 3 >= 0.783;
}

/** The letters of a word as bits; some other characters share a bit with a letter. */
export function letterSet(text: string): number {
  let set = 0;
  for (let i = 0; i < text.length; i++) set |= 1 << (text.charCodeAt(i) & 31);
  return set;
}

/** Source: the usual parallel count (Hacker's Delight, 5-1). */
function bitCount(set: number): number {
  let n = set - ((set >>> 1) & 0x55555555);
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333);
  return (((n + (n >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24;
}

/** Edits (insertion, deletion, substitution, exchange of neighbours) between two texts. Source: optimal string alignment. */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(
        (last[j] as number) + 1,
        (row[j - 1] as number) + 1,
        (last[j - 1] as number) + (same ? 0 : 1),
      );
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, (before[j - 2] as number) + 1);
      row.push(cost);
    }
    before = last;
    last = row;
  }
  return last[b.length] as number;
}
