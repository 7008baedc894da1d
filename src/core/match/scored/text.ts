import anyAscii from "any-ascii";

const asciiOnly = /^[\x20-\x7e]*$/;

/**
 * Text as it is compared: compatibility forms unified (full-width digits), every script written in Latin letters,
 * lower case, single spaces. Punctuation stays; `wordsOf` drops it.
 */
export function comparable(text: string): string {
  const plain = asciiOnly.test(text) ? text : anyAscii(text.normalize("NFKC"));
  return plain.toLowerCase().replace(/\s+/g, " ").trim();
}

/** True for text in Han characters: how they are read (Sato, Zuoteng) is not told by the characters. */
export function isIdeographic(text: string): boolean {
  return han.test(text);
}

const han = /\p{Script=Han}/u;

/** The words of a comparable text: apostrophes join (o'neil), dots of an abbreviation join (a.b.c.), the rest separates. */
export function wordsOf(text: string): string[] {
  return text
    .replace(/['`]/g, "")
    .replace(/\b([a-z])\.(?=[a-z]\b)/g, "$1")
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "");
}

/** One form for the ways an umlaut is written: mueller, muller and müller. */
export function squash(word: string): string {
  return word.replace(/([aou])e/g, "$1");
}

/**
 * How a word sounds, roughly and in any European or transliterated language: consonants in classes, vowels dropped
 * but for a leading one. Two spellings of one name mostly agree; so do some different names. For blocking and weak agreement only.
 */
export function soundOf(word: string): string {
  const classes = word
    .replace(/sch|sh|zh|ch|cz|tch|x/g, "s")
    .replace(/ph/g, "f")
    .replace(/([dtkgbr])h/g, "$1")
    .replace(/wr/g, "r")
    .replace(/kn/g, "n")
    .replace(/c(?=[eiy])/g, "s")
    .replace(/[cqg]/g, "k")
    .replace(/z/g, "s")
    .replace(/w/g, "v")
    .replace(/d/g, "t")
    .replace(/b/g, "p")
    .replace(/m/g, "n");
  const first = /^[aeiouyh]/.test(classes) ? "a" : "";
  return first + classes.replace(/[aeiouyhj]/g, "").replace(/(.)\1+/g, "$1");
}
