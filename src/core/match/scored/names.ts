import { areCounterparts } from "./counterparts.ts";
import { generationOf, isHonorific, isParticle } from "./honorifics.ts";
import type { Outcome } from "./judge.ts";
import { splitLegalForm } from "./legal-forms.ts";
import { editDistance } from "./similarity.ts";
import { comparable, wordsOf } from "./text.ts";
import { type Token, tokenOf } from "./token.ts";

/** What two bare names are to each other, and why. */
export type NameJudgement = { readonly outcome: Outcome; readonly because: string };

/**
 * Whether two names, with nothing else known, can be one person's or one company's: every word of the shorter has its partner in the
 * other, allowing for typing errors, spelling, initials, short forms, transliteration and order. A word on each side without a partner
 * is a contradiction. For screening: it says that the names agree, not that few people bear them.
 */
export function judgeNames(a: string, b: string, about: "person" | "company"): NameJudgement {
  const x = about === "person" ? personWords(a) : companyWords(a);
  const y = about === "person" ? personWords(b) : companyWords(b);
  if (x.length === 0 || y.length === 0) return { outcome: "review", because: "one name is empty" };
  const joined = [joinedOf(x), joinedOf(y)] as const;
  if (joined[0] === joined[1]) return { outcome: "same", because: "the same words" };
  const initials = [...x, ...y].some((word) => word.text.length === 1);
  const isTold = about === "person" && x.some((one) => y.some((other) => areCounterparts(one.text, other.text)));
  if (!initials && !isTold && joinedSlip(joined[0], joined[1])) return { outcome: "same", because: "one typing error" };
  return about === "person" ? judgePersons(x, y) : judgeCompanies(x, y);
}

function judgePersons(x: readonly Token[], y: readonly Token[]): NameJudgement {
  const pairing = pair(x, y);
  if (pairing.leftX.length > 0 && pairing.leftY.length > 0) {
    return isSpelledInitials(pairing.leftX, pairing.leftY)
      ? { outcome: "same", because: "initials of the other's names" }
      : { outcome: "different", because: "each has a name that the other lacks" };
  }
  if (pairing.full === 0) return { outcome: "different", because: "nothing but initials agrees" };
  const shorter = Math.min(x.length, y.length);
  if (shorter === 1 && Math.max(x.length, y.length) > 1) return { outcome: "review", because: "one of several names" };
  if (pairing.edits > budget(x)) return { outcome: "different", because: "too many differences" };
  return {
    outcome: "same",
    because: pairing.edits > 0 ? "spelling apart, the same names" : "all names of the shorter",
  };
}

function judgeCompanies(x: readonly Token[], y: readonly Token[]): NameJudgement {
  if (isAcronym(x, y) || isAcronym(y, x)) return { outcome: "same", because: "initials of the other's words" };
  const pairing = pair(x, y);
  if (pairing.leftX.length > 0 && pairing.leftY.length > 0)
    return { outcome: "different", because: "each has a word that the other lacks" };
  if (numbersOf(x) !== numbersOf(y)) return { outcome: "review", because: "another number" };
  if (pairing.edits > budget(x)) return { outcome: "different", because: "too many differences" };
  const more = [...pairing.leftX, ...pairing.leftY].filter((word) => !weakWords.has(word.plain));
  if (more.length > 0) return { outcome: "different", because: `"${more[0]!.plain}" stands in one name only` };
  return { outcome: "same", because: "the same words" };
}

type Pairing = {
  readonly leftX: readonly Token[];
  readonly leftY: readonly Token[];
  readonly edits: number;
  /** Pairs that are more than an initial. */
  readonly full: number;
};

/** Pairs words off, the best pairs first. */
function pair(x: readonly Token[], y: readonly Token[]): Pairing {
  const costs: { i: number; j: number; cost: number }[] = [];
  x.forEach((a, i) => {
    y.forEach((b, j) => {
      const cost = costOf(a, b);
      if (cost !== null) costs.push({ i, j, cost: cost + (i === j ? 0 : 0.01) });
    });
  });
  costs.sort((p, q) => p.cost - q.cost);
  const usedX = new Set<number>();
  const usedY = new Set<number>();
  let edits = 0;
  let full = 0;
  for (const { i, j, cost } of costs) {
    if (usedX.has(i) || usedY.has(j)) continue;
    usedX.add(i);
    usedY.add(j);
    edits += Math.floor(cost);
    if (x[i]!.text.length > 1 && y[j]!.text.length > 1) full++;
  }
  return { leftX: x.filter((_, i) => !usedX.has(i)), leftY: y.filter((_, j) => !usedY.has(j)), edits, full };
}

/** Edits between two words that may be one, null for two words. */
function costOf(a: Token, b: Token): number | null {
  if (a.text === b.text) return 0;
  if (a.text.length === 1 || b.text.length === 1) return a.text[0] === b.text[0] ? 0.4 : null;
  if (/\d/.test(a.text) || /\d/.test(b.text) || areCounterparts(a.text, b.text)) return null;
  if (a.fullNames.some((name) => b.fullNames.includes(name))) return 0.3;
  const longest = Math.max(a.text.length, b.text.length);
  const allowed = longest >= 6 ? 2 : longest >= 3 ? 1 : 0;
  const distance = editDistance(a.text, b.text);
  if (distance <= allowed) return distance;
  return a.sound === b.sound && a.sound.length >= 3 ? 1.5 : null;
}

const budget = (words: readonly Token[]) => Math.max(2, Math.ceil(joinedOf(words).length / 8));
const joinedOf = (words: readonly Token[]) => words.map((word) => word.text).join("");

function joinedSlip(a: string, b: string): boolean {
  return Math.min(a.length, b.length) >= 6 && !/\d/.test(a + b) && editDistance(a, b) <= 1;
}

/** JC of Jean Claude. */
function isSpelledInitials(x: readonly Token[], y: readonly Token[]): boolean {
  const [short, long] = x.length <= y.length ? [x, y] : [y, x];
  return short.length === 1 && long.length >= 2 && short[0]!.text === long.map((word) => word.text[0]).join("");
}

function isAcronym(short: readonly Token[], long: readonly Token[]): boolean {
  const initials = long.map((word) => word.text[0]).join("");
  return short[0]!.plain.length >= 3 && long.length >= 3 && short[0]!.plain === initials;
}

function numbersOf(words: readonly Token[]): string {
  return words
    .map((word) => word.plain)
    .filter((word) => /\d/.test(word) || /^[ivx]+$/.test(word))
    .join(" ");
}

function personWords(name: string): Token[] {
  const words = wordsOf(letters(comparable(name)).replace(/-/g, " "));
  const named = words.filter((word) => !isHonorific(word) && generationOf(word) === null);
  const solid = named.filter((word) => !isParticle(word));
  return (solid.length > 0 ? solid : words).map(tokenOf);
}

function companyWords(name: string): Token[] {
  const said = comparable(name)
    .replace(/&/g, " and ")
    .replace(/int'l|intl\b/g, "international")
    .replace(/\(|\)|"/g, " ");
  const words = wordsOf(letters(said)).map((word) => numerals[word] ?? word);
  return splitLegalForm(words).core.map(tokenOf);
}

/** I9or and Sech1n: digits that stand for letters inside a word. */
function letters(text: string): string {
  return text.replace(/[a-z]*\d[a-z0-9]*/g, (word) =>
    word.replace(/\D/g, "").length <= 2 && /[a-z]{2}/.test(word)
      ? word.replace(/[0139]/g, (digit) => lookAlike[digit] as string)
      : word,
  );
}

const lookAlike: Readonly<Record<string, string>> = { 0: "o", 1: "i", 3: "e", 9: "g" };
const numerals: Readonly<Record<string, string>> = {
  one: "1",
  two: "2",
  three: "3",
  four: "4",
  five: "5",
  six: "6",
  seven: "7",
  eight: "8",
  nine: "9",
  ten: "10",
};
const weakWords = new Set(
  "international intl global worldwide europe group holding holdings services the of and i company co enterprises".split(
    " ",
  ),
);
