import { remembered } from "./remembered.ts";
import { letterSet, likeness, likenessOf, oneEditApart } from "./similarity.ts";
import { comparable, squash, wordsOf } from "./text.ts";

/** A street address taken apart. */
export type Street = {
  readonly number: string | null;
  readonly name: string;
  readonly words: readonly string[];
  readonly key: string;
  /** Letter sets of the name and of each word. */
  readonly letters: number;
  readonly lettersOfWords: readonly number[];
};

export const streetLevels = [
  "same",
  "alike, same number",
  "same street, number missing",
  "alike, number off",
  "same street, other number",
  "same number alone",
  "different",
] as const;
export const wordLevels = ["same", "slip", "alike", "different"] as const;

/** "14 Mill Rd", "Mill Road 14" and the columns 14 + Mill Road give the same. Null when there are no words. */
export function streetOf(text: string, numberColumn?: string): Street | null {
  const words = wordsOf(comparable(text).replace(/(\d)\s*(?:st|nd|rd|th)\b/g, "$1"));
  let number =
    numberColumn === undefined || numberColumn === "" ? null : (wordsOf(comparable(numberColumn))[0] ?? null);
  const kept: string[] = [];
  for (const word of words) {
    if (number === null && /^\d+[a-z]?$/.test(word) && (kept.length === 0 || !/^\d/.test(word) || words.length > 1))
      number = word;
    else if (!isStreetWord(word)) kept.push(squash(ordinals[word] ?? word));
  }
  if (kept.length === 0) {
    const rest = words.filter((word) => word !== number).map(squash);
    if (rest.length === 0) return null;
    return street(number, rest);
  }
  return street(number, kept);
}

function street(number: string | null, words: readonly string[]): Street {
  const name = words.join(" ");
  const [letters, lettersOfWords] = [letterSet(name), words.map(letterSet)];
  return { number, name, words, key: `${number ?? ""} ${name}`, letters, lettersOfWords };
}

export function compareStreets(a: Street, b: Street): number {
  const name = a.name === b.name ? 3 : likeStreet(a, b);
  const number =
    a.number === null || b.number === null ? -1 : a.number === b.number ? 2 : numberOff(a.number, b.number) ? 1 : 0;
  if (name === 3) return number === 2 ? 0 : number === -1 ? 2 : number === 1 ? 3 : 4;
  if (name > 0) return number === 2 ? 1 : number === -1 ? 3 : number === 1 ? 3 : 4;
  return number === 2 ? 5 : 6;
}

function numberOff(a: string, b: string): boolean {
  return (
    a.length > 1 &&
    b.length > 1 &&
    (a.startsWith(b) || b.startsWith(a) || (a.length === b.length && likeness(a, b) > 0))
  );
}

/** 0 to 2. A street's name without its number may hold a further word, a typing error or a split word. */
function likeStreet(a: Street, b: Street): number {
  const whole = likenessOf(a.name, a.letters, b.name, b.letters);
  if (whole > 0) return whole;
  let shared = 0;
  for (let i = 0; i < a.words.length; i++)
    if ((a.words[i] as string).length >= 3 && hasAlike(b, a.words[i] as string, a.lettersOfWords[i] as number))
      shared++;
  return shared > 0 && shared >= Math.min(a.words.length, b.words.length) ? 1 : 0;
}

function hasAlike({ words, lettersOfWords }: Street, word: string, letters: number): boolean {
  for (let i = 0; i < words.length; i++) {
    const other = words[i] as string;
    if (word === other || likenessOf(word, letters, other, lettersOfWords[i] as number) > 1) return true;
  }
  return false;
}

/** A short text: city, state, occupation. The words of one inside the other count as alike. */
export type Phrase = { readonly text: string; readonly words: readonly string[]; readonly letters: number };

export const phraseOf = remembered((raw): Phrase | null => {
  const words = wordsOf(comparable(raw)).map((word) => squash(placeWords[word] ?? word));
  const text = words.join(" ");
  return words.length === 0 ? null : { text, words, letters: letterSet(text) };
}, 20_000);

export function comparePhrases(a: Phrase, b: Phrase): number {
  if (a === b || a.text === b.text) return 0;
  const like = likenessOf(a.text, a.letters, b.text, b.letters);
  if (like === 2) return 1;
  if (like === 1) return 2;
  if (a.words.length === 1 && b.words.length === 1) return 3;
  let shared = 0;
  for (const word of a.words) if (word.length > 2 && b.words.includes(word)) shared++;
  return shared > 0 && shared * 2 >= Math.min(a.words.length, b.words.length) ? 2 : 3;
}

/** 0 same, 1 one edit apart, 2 same area (first half), 3 different. */
export function comparePostcodes(a: string, b: string): number {
  if (a === b) return 0;
  if (a.length >= 4 && b.length >= 4 && oneEditApart(a, b)) return 1;
  const area = Math.max(2, Math.min(a.length, b.length) >> 1);
  return a.length > 3 && b.length > 3 && beginAlike(a, b, area) ? 2 : 3;
}

function beginAlike(a: string, b: string, length: number): boolean {
  for (let i = 0; i < length; i++) if (a.charCodeAt(i) !== b.charCodeAt(i)) return false;
  return true;
}

export function postcodeOf(text: string): string | null {
  const code = comparable(text)
    .replace(/[^a-z0-9]+/g, "")
    .replace(/\.0$/, "");
  return code === "" ? null : /^\d{9}$/.test(code) ? code.slice(0, 5) : code;
}

const placeWords: Readonly<Record<string, string>> = { saint: "st", sainte: "ste", mount: "mt", fort: "ft" };
const ordinals: Readonly<Record<string, string>> = {
  first: "1",
  second: "2",
  third: "3",
  fourth: "4",
  fifth: "5",
  sixth: "6",
  seventh: "7",
  eighth: "8",
  ninth: "9",
  tenth: "10",
};

const streetWords = new Set(
  `street st str strasse straat strada road rd avenue ave av avenida lane ln drive dr drv court ct crt place pl plaza square sq boulevard blvd
  boul bd circle cir crescent cres cr close cl terrace tce ter terr way wy parade pde highway hwy parkway pkwy grove gr gardens gdns rise
  trail trl loop row mews walk alley aly esplanade esp circuit cct rue chemin impasse allee quai calle via viale piazza corso ulica ul
  weg platz gasse allee ring damm ufer laan plein gracht kade
  north south east west n s e w ne nw se sw nord sud est ouest apt apartment unit suite ste floor fl room rm no nr near between at the off
  of la le de del des du der den am an zum zur`.split(/\s+/),
);
const isStreetWord = (word: string) => streetWords.has(word);

const countries: Readonly<Record<string, string>> = Object.fromEntries(
  `us:usa,united states,united states of america,u s a,america,estados unidos,etats unis,vereinigte staaten
  gb:uk,united kingdom,great britain,england,scotland,wales,northern ireland,royaume uni,vereinigtes konigreich,grossbritannien
  de:germany,deutschland,allemagne,alemania,germania
  fr:france,frankreich,francia
  es:spain,espana,spanien,espagne
  it:italy,italia,italien,italie
  nl:netherlands,the netherlands,nederland,holland,niederlande,pays bas
  be:belgium,belgie,belgique,belgien
  ch:switzerland,schweiz,suisse,svizzera
  at:austria,osterreich,oesterreich,autriche
  ie:ireland,eire,irland
  pt:portugal
  br:brazil,brasil
  mx:mexico
  ca:canada,kanada
  au:australia
  nz:new zealand
  jp:japan
  cn:china
  in:india
  pl:poland,polska,polen
  cz:czech republic,czechia,cesko
  se:sweden,sverige,schweden
  no:norway,norge,norwegen
  dk:denmark,danmark,danemark
  fi:finland,suomi,finnland
  ru:russia,russian federation
  ua:ukraine
  tr:turkey,turkiye
  ae:united arab emirates,uae
  sa:saudi arabia
  il:israel
  za:south africa
  sg:singapore
  kr:south korea,korea
  hu:hungary,magyarorszag
  ro:romania
  gr:greece
  ar:argentina
  cl:chile
  co:colombia`
    .split("\n")
    .flatMap((line) => {
      const [code, names] = line.trim().split(":") as [string, string];
      return names.split(",").map((name) => [name, code]);
    }),
);

/** ISO 3166 code (lower case) of a country name or code, or the words as they are. */
export function countryOf(text: string): string | null {
  const words = wordsOf(comparable(text)).join(" ");
  return words === "" ? null : (countries[words] ?? words);
}
