import { splitLegalForm } from "./legal-forms.ts";
import { remembered } from "./remembered.ts";
import { letterSet, likenessOf } from "./similarity.ts";
import { comparable, isIdeographic, squash, wordsOf } from "./text.ts";

/** A company's or a place's name, with its legal form apart. */
export type Organisation = {
  readonly core: string;
  readonly words: readonly string[];
  readonly forms: string;
  readonly numbers: string;
  readonly initials: string;
  readonly ideographic: boolean;
  /** Letter sets of the core and of each word. */
  readonly letters: number;
  readonly lettersOfWords: readonly number[];
};

export const organisationLevels = [
  "same",
  "same but for a slip",
  "one within the other",
  "initials",
  "alike",
  "a shared word",
  "different",
] as const;

export const organisationOf = remembered(readOrganisation, 20_000);

function readOrganisation(text: string): Organisation | null {
  const said = comparable(text).replace(/&|\+/g, " and ").replace(/@/g, " at ");
  const all = wordsOf(said);
  if (all.length === 0) return null;
  const { core, forms } = splitLegalForm(all);
  const words = core.map(squash);
  const joined = words.join("");
  return {
    core: joined,
    words,
    letters: letterSet(joined),
    lettersOfWords: words.map(letterSet),
    forms: [...new Set(forms)].sort().join(" "),
    ideographic: isIdeographic(text),
    numbers: words.filter((word) => /\d/.test(word)).join(" "),
    initials: all
      .filter((word) => !["and", "of", "the"].includes(word) && core.includes(word))
      .map((word) => word[0])
      .join(""),
  };
}

export function compareOrganisations(a: Organisation, b: Organisation): number {
  if (a === b || a.core === b.core) return 0;
  if (a.ideographic !== b.ideographic) return -1;
  if (a.numbers === b.numbers || a.numbers === "" || b.numbers === "") {
    const like = likenessOf(a.core, a.letters, b.core, b.letters);
    if (like === 2 && a.core.length >= 5) return 1;
    if (contained(a, b)) return 2;
    if (acronym(a, b) || acronym(b, a)) return 3;
    const shared = sharedWords(a, b);
    if (shared >= Math.max(a.words.length, b.words.length)) return 1;
    if (like > 0) return 4;
    if (shared >= 2 || (shared === 1 && Math.min(a.words.length, b.words.length) === 1)) return 4;
    return shared > 0 ? 5 : 6;
  }
  return sharedWords(a, b) > 0 ? 5 : 6;
}

function contained(a: Organisation, b: Organisation): boolean {
  const [short, long] = a.words.length <= b.words.length ? [a, b] : [b, a];
  return (
    short.words.length < long.words.length &&
    short.core.length >= 4 &&
    short.words.every((word) => long.words.includes(word))
  );
}

function acronym(short: Organisation, long: Organisation): boolean {
  return (
    short.words.length === 1 && long.words.length >= 2 && short.core.length >= 2 && long.initials.startsWith(short.core)
  );
}

function sharedWords(a: Organisation, b: Organisation): number {
  let shared = 0;
  for (let i = 0; i < a.words.length; i++)
    if (hasWord(b, a.words[i] as string, a.lettersOfWords[i] as number)) shared++;
  return shared;
}

function hasWord({ words, lettersOfWords }: Organisation, word: string, letters: number): boolean {
  for (let i = 0; i < words.length; i++) {
    const other = words[i] as string;
    if (word === other) return true;
    if (word.length > 3 && likenessOf(word, letters, other, lettersOfWords[i] as number) === 2) return true;
  }
  return false;
}
