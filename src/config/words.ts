import { distance } from "fastest-levenshtein";

/** "a", "a or b", "a, b or c" */
export function listed(words: readonly string[], conjunction: "or" | "and" = "or"): string {
  const last = words.at(-1);
  if (last === undefined) return "nothing";
  return words.length === 1 ? last : `${words.slice(0, -1).join(", ")} ${conjunction} ${last}`;
}

/** The known word that was probably meant; `null` when none is near. Case, "-" and "_" count for nothing. */
function meant(word: string, known: Iterable<string>): string | null {
  const wanted = bare(word);
  let best: { readonly word: string; readonly far: number } | null = null;
  for (const candidate of known) {
    const far = farness(wanted, bare(candidate));
    if (far <= Math.max(1, Math.floor(wanted.length / 3)) && far < (best?.far ?? Number.POSITIVE_INFINITY)) {
      best = { word: candidate, far };
    }
  }
  return best?.word ?? null;
}

/** A sentence that helps on from an unknown word: what was meant, else what there is. */
export function didYouMean(word: string, known: readonly string[]): string {
  const found = meant(word, known);
  if (found !== null) return `Did you mean "${found}"?`;
  return known.length === 0 ? "There is none." : `There is ${listed(known, "and")}.`;
}

/** Edits between two words; letters in another order are one. */
function farness(a: string, b: string): number {
  const sorted = (word: string) => [...word].sort().join("");
  const edits = distance(a, b);
  return edits > 1 && sorted(a) === sorted(b) ? 1 : edits;
}

function bare(word: string): string {
  return word.toLowerCase().replaceAll(/[-_]/gu, "");
}

/** What a value of plain data is, in words. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a mapping";
  if (typeof value === "function") return "a function";
  return typeof value === "string" ? "text" : `the ${typeof value} ${String(value)}`;
}
