import { likeness } from "./similarity.ts";
import { comparable, wordsOf } from "./text.ts";

/** How rare words are: documents seen, and how many of them held the word. */
export type WordCounts = { readonly documents: number; readonly counts: ReadonlyMap<string, number> };

/** The title of a thing (product, publication) or a description, as words with weights, and the model codes in it. */
export type Title = {
  readonly text: string;
  readonly words: readonly string[];
  /** The words as numbers, ascending; `weights` stand in the same order. */
  readonly ids: readonly number[];
  readonly codes: readonly string[];
  weighedBy: WordCounts | null;
  weights: readonly number[];
  total: number;
};

export const titleLevels = [
  "same words",
  "nearly the same",
  "much alike",
  "alike",
  "half alike",
  "little alike",
  "different",
] as const;
export const codeLevels = ["same", "part of the other", "none in one", "different"] as const;

export function titleOf(text: string): Title | null {
  const plain = comparable(text);
  const words = [...new Set(wordsOf(plain))].filter((word) => !stopWords.has(word));
  if (words.length === 0) return null;
  const ids = words.map(wordId).sort((a, b) => a - b);
  return { text: words.join(" "), words, ids, codes: codesIn(plain), weighedBy: null, weights: [], total: 0 };
}

/** Model numbers: letters and digits mixed, or five digits and more, measures left out. HES-V1000 and HESV1000 are one. */
export function codesIn(text: string): string[] {
  const codes = new Set<string>();
  for (const raw of text.match(/[a-z0-9]+(?:[-./][a-z0-9]+)*/g) ?? []) {
    for (const code of raw.includes("/") ? [...raw.split("/"), raw] : [raw]) {
      const joined = code.replace(/[^a-z0-9]/g, "");
      const mixed = /\d/.test(joined) && /[a-z]/.test(joined) && joined.length >= 4;
      if ((mixed || /^\d{5,}$/.test(joined)) && !measure.test(joined) && joined.length <= 20) codes.add(joined);
    }
  }
  return [...codes];
}

const measure =
  /^\d+(?:st|nd|rd|th|gb|mb|tb|kb|mp|mm|cm|ft|in|inch|hz|khz|mhz|ghz|w|watt|watts|v|volt|p|i|x|k|g|kg|oz|lb|lbs|cu|ml|l|h|hr|hrs|hour|hours|min|sec|pc|pcs|pack|way|ch|channel|bit|dpi|btu|qt|rpm|mah|disc|port|piece|speed|cup|year|years|yr)$|^\d+x\d+(?:x\d+)?$|^(?:mp[34]|h264|usb[23]|80211[a-z]*|cat[56]e?|3d)$/;

/** Weighted Dice of the words, 0 to 1, rare words weighing more; words one typing error apart count as shared. */
export function titleSimilarity(a: Title, b: Title, counts: WordCounts): number {
  if (a.text === b.text) return 1;
  weigh(a, counts);
  weigh(b, counts);
  const total = a.total + b.total;
  if (total === 0) return 0;
  const shared = sharedWeight(a, b);
  // Typing errors are looked for where enough agrees to make it worth while.
  const mended = shared <= 0.1 * total ? 0 : a.text < b.text ? slipWeight(a, b) : slipWeight(b, a);
  return Math.min(1, (2 * (shared + mended)) / total);
}

/** How much of the lighter title is in the other, 0 to 1. */
export function titleContainment(a: Title, b: Title, counts: WordCounts): number {
  weigh(a, counts);
  weigh(b, counts);
  const lighter = Math.min(a.total, b.total);
  return lighter === 0 ? 0 : sharedWeight(a, b) / lighter;
}

/** Weight of the words in both; their ids are in order. */
function sharedWeight(a: Title, b: Title): number {
  let shared = 0;
  for (let i = 0, j = 0; i < a.ids.length && j < b.ids.length; ) {
    const x = a.ids[i] as number;
    const y = b.ids[j] as number;
    if (x === y) {
      shared += a.weights[i] as number;
      i++;
      j++;
    } else if (x < y) i++;
    else j++;
  }
  return shared;
}

function slipWeight(a: Title, b: Title): number {
  let weight = 0;
  for (let i = 0; i < a.ids.length; i++) {
    if (b.ids.includes(a.ids[i] as number)) continue;
    const word = wordOf[a.ids[i] as number] as string;
    if (word.length < 5 || /\d/.test(word)) continue;
    const near = b.words.some(
      (other) => other.length >= 5 && Math.abs(other.length - word.length) <= 2 && likeness(word, other) === 2,
    );
    if (near) weight += 0.8 * (a.weights[i] as number);
  }
  return weight;
}

function weigh(title: Title, counts: WordCounts): void {
  if (title.weighedBy === counts) return;
  title.weights = title.ids.map((id) =>
    Math.log(1 + counts.documents / (1 + (counts.counts.get(wordOf[id] as string) ?? 0))),
  );
  title.total = title.weights.reduce((sum, weight) => sum + weight, 0);
  title.weighedBy = counts;
}

const idOf = new Map<string, number>();
const wordOf: string[] = [];

/** A number per word, the same for as long as the process lives. */
function wordId(word: string): number {
  const known = idOf.get(word);
  if (known !== undefined) return known;
  idOf.set(word, wordOf.length);
  return wordOf.push(word) - 1;
}

const steps = [0.97, 0.85, 0.7, 0.55, 0.4, 0.25];

export function similarityLevel(similarity: number): number {
  for (let level = 0; level < steps.length; level++) if (similarity >= (steps[level] as number)) return level;
  return steps.length;
}

/** The codes of a thing: in its title, and those that only its description holds. */
export type Coded = { readonly title: Title; readonly description: Title | null };

/**
 * Codes against codes: 0 a title's code in both titles, 1 one within the other or in the other's description, 2 none in one title, 3 all different, -1 none at
 * all. Codes that many records share (standards, sizes) say nothing.
 */
export function compareCodes(a: Coded, b: Coded, isCommon: (code: string) => boolean): number {
  if (a.title.codes.length === 0 && b.title.codes.length === 0) return -1;
  const codesA = a.title.codes.filter((code) => !isCommon(code));
  const codesB = b.title.codes.filter((code) => !isCommon(code));
  for (const code of codesA) if (codesB.includes(code)) return 0;
  for (const code of codesA) if (b.description?.codes.includes(code) === true) return 1;
  for (const code of codesB) if (a.description?.codes.includes(code) === true) return 1;
  if (codesA.length === 0 || codesB.length === 0) return codesA.length === codesB.length ? -1 : 2;
  for (const x of codesA) for (const y of codesB) if (partOfOther(x, y)) return 1;
  return 3;
}

function partOfOther(x: string, y: string): boolean {
  const [short, long] = x.length <= y.length ? [x, y] : [y, x];
  return short.length >= 4 && (long.startsWith(short) || long.endsWith(short));
}

/** The surnames of a list of authors. */
export function authorsOf(text: string): readonly string[] {
  const names = comparable(text).split(/[,;|]| and | & /);
  const surnames = names.map(
    (name) =>
      wordsOf(name)
        .filter((word) => !/^(?:jr|sr|ii|iii|0+\d+|et|al)$/.test(word))
        .at(-1) ?? "",
  );
  return [...new Set(surnames.filter((word) => word.length > 1))];
}

/** 0 all of the shorter list, 1 most, 2 some, 3 none. */
export function compareAuthors(a: readonly string[], b: readonly string[]): number {
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  let shared = 0;
  for (const name of short) if (long.some((other) => name === other || likeness(name, other) === 2)) shared++;
  if (shared === short.length) return long.length - short.length <= 1 ? 0 : 1;
  return shared * 2 >= short.length ? 1 : shared > 0 ? 2 : 3;
}

const stopWords = new Set("a an the of for in on and to with by from at is w".split(" "));
