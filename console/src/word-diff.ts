export type Piece = { readonly text: string; readonly isNew: boolean };

/** Longer texts are shown without marks: the comparison costs the product of their lengths. */
const wordsMax = 400;
/** With less in common than this, marks would hide more than they show. */
const commonMin = 0.3;

/** A text in pieces, those marked that `before` does not have, word by word. */
export function wordDiff(before: string, text: string): readonly Piece[] {
  const [a, b] = [wordsOf(before), wordsOf(text)];
  if (a.length === 0 || a.length > wordsMax || b.length > wordsMax) return [{ text, isNew: false }];
  const common = longestCommon(a, b);
  const isWord = (word: string | undefined) => word !== undefined && /[\p{L}\p{N}]/u.test(word);
  const kept = [...common].filter((j) => isWord(b[Number(j)])).length;
  if (kept < commonMin * b.filter(isWord).length) return [{ text, isNew: false }];
  const pieces: Piece[] = [];
  for (let i = 0, j = 0; j < b.length; j++) {
    const isKept = i < a.length && common.has(`${j}`);
    if (isKept) i++;
    const last = pieces.at(-1);
    const piece = { text: b[j] ?? "", isNew: !isKept };
    if (last !== undefined && last.isNew === piece.isNew)
      pieces[pieces.length - 1] = { ...last, text: last.text + piece.text };
    else pieces.push(piece);
  }
  return pieces;
}

function wordsOf(text: string): string[] {
  return text.match(/\s+|[\p{L}\p{N}]+|[^\s\p{L}\p{N}]/gu) ?? [];
}

/** Indexes of `b` that belong to a longest common subsequence. */
function longestCommon(a: readonly string[], b: readonly string[]): ReadonlySet<string> {
  const table = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const [row, below] = [table[i] as Uint16Array, table[i + 1] as Uint16Array];
      row[j] = a[i] === b[j] ? (below[j + 1] ?? 0) + 1 : Math.max(below[j] ?? 0, row[j + 1] ?? 0);
    }
  }
  const kept = new Set<string>();
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i] === b[j]) {
      kept.add(`${j}`);
      i++;
      j++;
    } else if ((table[i + 1]?.[j] ?? 0) >= (table[i]?.[j + 1] ?? 0)) i++;
    else j++;
  }
  return kept;
}
