import { areCounterparts } from "./counterparts.ts";
import { generationOf, isHonorific, isParticle } from "./honorifics.ts";
import { remembered } from "./remembered.ts";
import { jaroWinkler, likenessOf } from "./similarity.ts";
import { comparable, isIdeographic, wordsOf } from "./text.ts";
import { type Token, tokenOf } from "./token.ts";

/** A person's name taken apart, titles dropped. */
export type PersonName = {
  readonly given: Token | null;
  /** The word a family is called by: the last of its parts. */
  readonly family: Token | null;
  /** Everything else: middle names, initials; of a full name also further surnames. Particles dropped. */
  readonly others: readonly Token[];
  /** The parts of the surname where a column tells them. */
  readonly surnames: readonly Token[];
  /** The whole surname in one word: reyesperson of "Reyes Person"; null of a full name, which does not tell. */
  readonly surname: string | null;
  readonly generation: string | null;
  readonly joined: string;
  /** What the person's mailbox calls them, where that differs. */
  readonly mailGiven: Token | null;
  readonly mailFamily: Token | null;
  readonly ideographic: boolean;
};

export type NameParts = {
  readonly given?: string | undefined;
  readonly middle?: string | undefined;
  readonly family?: string | undefined;
  readonly full?: string | undefined;
  readonly suffix?: string | undefined;
};

/** Takes a name apart; null when there is none. "Dr. Anna Maria Keller", "Keller, Anna M." and three columns give the same. */
export function personNameOf(parts: NameParts): PersonName | null {
  const name = namePartsOf(parts);
  const ideographic = [parts.given, parts.family, parts.full].some((part) => part !== undefined && isIdeographic(part));
  return name !== null && ideographic ? { ...name, ideographic } : name;
}

function namePartsOf(parts: NameParts): PersonName | null {
  const generation = generationIn(parts);
  const given = nameWords(parts.given);
  const family = nameWords(parts.family);
  if (given.length === 0 && family.length === 0) return fromFull(parts, generation);
  const middle = nameWords(parts.middle);
  const extra = given.length > 0 && family.length > 0 ? furtherWords(parts.full, [...given, ...middle, ...family]) : [];
  const name = assemble(
    given[0],
    family.at(-1),
    [...given.slice(1), ...middle, ...extra],
    family.length > 0 ? family.join("") : null,
    generation,
    [...given, ...middle, ...family].join(""),
  );
  return name === null ? null : { ...name, surnames: family.map(tokenOf) };
}

/**
 * A name with what its owner's mailbox adds: a first name where the record has only an initial or none ("E. Newton", estelle.newton@),
 * another form of it where they differ ("Naldo Donohue", ronald.donohue@), an earlier surname ("Nora Gursky", nora.le@).
 */
export function completedBy(name: PersonName | null, words: readonly string[]): PersonName | null {
  const [first, last] = words;
  if (name === null)
    return words.length === 2 && first!.length > 1 && last!.length > 1
      ? personNameOf({ given: first, family: last })
      : null;
  const isFamily = (word: string) => word === name.family?.text || word === name.surname;
  const given = name.given;
  if (words.some(isFamily)) {
    const other = words.find((word) => word.length >= 3 && !isFamily(word));
    if (other === undefined) return name;
    const token = tokenOf(other);
    if (given === null || (given.text.length === 1 && other.startsWith(given.text))) return { ...name, given: token };
    return token === given || isAnotherName(given, token) ? name : { ...name, mailGiven: token };
  }
  const agrees =
    given !== null && given.text.length > 1 && first !== undefined && compareGiven(given, tokenOf(first)) <= 2;
  return agrees && words.length === 2 && last!.length > 1 ? { ...name, mailFamily: tokenOf(last as string) } : name;
}

/** Two names that are both common were both meant: Lara is no slip for Lana. So were a common one and its other gender's form. */
function isAnotherName(a: Token, b: Token): boolean {
  if ((!a.commonGiven && !b.commonGiven) || a.text === b.text || shareFullName(a, b)) return false;
  return (a.commonGiven && b.commonGiven) || isOtherGender(a.text, b.text);
}

/** Karl and Karla, Mario and Maria: one letter, and two people. */
function isOtherGender(a: string, b: string): boolean {
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  if (long.length > short.length) return short.length >= 4 && long.length === short.length + 1 && long === `${short}a`;
  const stem = a.slice(0, -1);
  return stem.length >= 4 && (a === `${stem}o` || a === `${stem}a`) && (b === `${stem}o` || b === `${stem}a`);
}

function fromFull(parts: NameParts, generation: string | null): PersonName | null {
  if (parts.full === undefined) return null;
  const text = comparable(parts.full);
  const comma = text.indexOf(",");
  const before = nameWords(comma < 0 ? text : text.slice(0, comma));
  const after = comma < 0 ? [] : nameWords(text.slice(comma + 1));
  if (comma >= 0 && after.length > 0 && before.length > 0) {
    return assemble(
      after[0],
      before.at(-1),
      [...after.slice(1), ...before.slice(0, -1)],
      before.join(""),
      generation,
      [...after, ...before].join(""),
    );
  }
  const words = [...before, ...after];
  if (words.length === 0) return null;
  if (words.length === 1) return assemble(undefined, words[0], [], null, generation, words[0] as string);
  return assemble(words[0], words.at(-1), words.slice(1, -1), null, generation, words.join(""));
}

function assemble(
  given: string | undefined,
  family: string | undefined,
  others: readonly string[],
  surname: string | null,
  generation: string | null,
  joined: string,
): PersonName | null {
  if (given === undefined && family === undefined) return null;
  return {
    given: given === undefined ? null : tokenOf(given),
    family: family === undefined ? null : tokenOf(family),
    others: others.filter((word) => !isParticle(word)).map(tokenOf),
    surnames: [],
    surname: surname === null ? null : tokenOf(surname).text,
    generation,
    joined,
    mailGiven: null,
    mailFamily: null,
    ideographic: false,
  };
}

/** Words of a name without titles and generations; particles stay only where nothing else would. */
function nameWords(text: string | undefined): readonly string[] {
  return text === undefined || text === "" ? [] : readWords(text);
}

const readWords = remembered((text): readonly string[] => {
  const words = wordsOf(comparable(text).replace(/\([^)]*\)/g, " "));
  const named = words.filter((word) => !isHonorific(word) && generationOf(word) === null);
  const solid = named.filter((word) => !isParticle(word));
  return solid.length > 0 ? solid : named;
}, 50_000);

function furtherWords(full: string | undefined, known: readonly string[]): string[] {
  return full === undefined ? [] : nameWords(full).filter((word) => !known.includes(word));
}

function generationIn({ suffix, full, family, given }: NameParts): string | null {
  if (suffix !== undefined) {
    const generation = firstGeneration(wordsOf(comparable(suffix)));
    if (generation !== null) return generation;
  }
  for (const part of [full, family, given]) {
    if (part === undefined || !part.includes(" ")) continue;
    const generation = firstGeneration(wordsOf(comparable(part)).slice(1));
    if (generation !== null) return generation;
  }
  return null;
}

function firstGeneration(words: readonly string[]): string | null {
  for (const word of words) {
    const generation = generationOf(word);
    if (generation !== null) return generation;
  }
  return null;
}

/** How two given names agree, best first. */
export const givenLevels = [
  "same",
  "short form",
  "slip",
  "initial",
  "as in the mailbox",
  "alike",
  "different",
  "another common name",
] as const;
/** How two surnames agree, best first. */
export const familyLevels = ["same", "part", "slip", "initial", "alike", "different"] as const;

const initial = 3;
const asInMailbox = 4;
const alike = 5;
const different = 6;
const another = 7;

function compareGiven(a: Token, b: Token): number {
  if (a === b || a.text === b.text) return a.text.length === 1 ? initial : 0;
  if (a.text.length === 1 || b.text.length === 1)
    return a.text.charCodeAt(0) === b.text.charCodeAt(0) ? initial : different;
  if (areCounterparts(a.text, b.text)) return another;
  if (shareFullName(a, b)) return 1;
  if (isAnotherName(a, b)) return another;
  if (isShortFormOf(a.text, b.text)) return 1;
  const like = likenessOf(a.text, a.letters, b.text, b.letters);
  if (like === 2) return 2;
  if (like === 1) return alike;
  return a.sound === b.sound && a.sound.length >= 3 ? alike : different;
}

function shareFullName(a: Token, b: Token): boolean {
  for (const name of a.fullNames) if (b.fullNames.includes(name)) return true;
  return false;
}

/** Ed of Edwina, Naldo of Reynaldo, Jenny of Jennifer. */
function isShortFormOf(a: string, b: string): boolean {
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  if (short.length < 3 || long.length - short.length < 2) return false;
  if (long.startsWith(short) || (short.length >= 4 && long.endsWith(short))) return true;
  const stem = short.length >= 5 && long.startsWith(short.slice(0, 3)) ? short.replace(/[yi]e?$/, "") : short;
  return stem !== short && long.startsWith(stem);
}

function compareFamily(a: PersonName, b: PersonName): number {
  const x = a.family as Token;
  const y = b.family as Token;
  if (x === y || x.text === y.text) {
    if (x.text.length === 1) return 3;
    return a.surname === null || b.surname === null || a.surname === b.surname ? 0 : 1;
  }
  if (a.surname !== null && a.surname === b.surname) return 0;
  if (a.surname === y.text || b.surname === x.text) return 0;
  if (x.text.length === 1 || y.text.length === 1) return x.text.charCodeAt(0) === y.text.charCodeAt(0) ? 3 : 5;
  const like = likenessOf(x.text, x.letters, y.text, y.letters);
  if (like === 2) return 2;
  if (hasWord(a.others, y) || hasWord(b.others, x) || hasWord(a.surnames, y) || hasWord(b.surnames, x)) return 1;
  if (like === 1) return 4;
  return x.sound === y.sound && x.sound.length >= 2 ? 4 : 5;
}

function hasWord(words: readonly Token[], word: Token): boolean {
  for (const other of words) if (other.text === word.text) return true;
  return false;
}

/** Result of comparing two names: levels, -1 where one side lacks the part. Reused between calls to spare the allocation. */
export type NameComparison = { given: number; family: number; turned: number; middle: number };

const agreeing = (level: number) => level >= 0 && level <= 2;

/** Compares the names straight and, where that fails, by the mailboxes' names and turned round (given name in the surname's place). */
export function compareNames(a: PersonName, b: PersonName, out: NameComparison): void {
  out.given = a.given !== null && b.given !== null ? compareGiven(a.given, b.given) : -1;
  out.family = a.family !== null && b.family !== null ? compareFamily(a, b) : -1;
  out.turned = 0;
  out.middle = -1;
  if (out.given > initial && out.given !== another && sameMailGiven(a, b)) out.given = asInMailbox;
  if (out.family > initial && sameMailFamily(a, b)) out.family = 1;
  const fine = (out.given <= asInMailbox && out.family <= initial) || agreeing(out.family);
  if (!fine && a.joined === b.joined) {
    out.given = 0;
    out.family = 0;
    return;
  }
  if (!fine && !agreeing(out.given)) compareTurned(a, b, out);
  // Sato is one reading of the characters, and the one we have may be another.
  if (!fine && out.turned === 0 && a.ideographic !== b.ideographic) {
    out.given = -1;
    out.family = -1;
    return;
  }
  if (out.turned === 0 && out.given <= asInMailbox) out.middle = compareMiddle(a, b);
}

function sameMailGiven(a: PersonName, b: PersonName): boolean {
  return (
    (a.mailGiven !== null && agreeing(compareGiven(a.mailGiven, b.given as Token))) ||
    (b.mailGiven !== null && agreeing(compareGiven(b.mailGiven, a.given as Token)))
  );
}

function sameMailFamily(a: PersonName, b: PersonName): boolean {
  return (
    (a.mailFamily !== null && a.mailFamily.text === b.family?.text) ||
    (b.mailFamily !== null && b.mailFamily.text === a.family?.text)
  );
}

/** Given name against surname both ways; both must agree, or one where nothing stands against it. */
function compareTurned(a: PersonName, b: PersonName, out: NameComparison): void {
  const crossA = a.given !== null && b.family !== null ? compareGiven(a.given, b.family) : -1;
  const crossB = a.family !== null && b.given !== null ? compareGiven(b.given, a.family) : -1;
  const fits = (agreeing(crossA) && crossB <= initial) || (agreeing(crossB) && crossA <= initial);
  if (!fits) return;
  // Which of the two words is the surname is not known: the level that tells more is taken for the surname's.
  out.given = crossA >= 0 && crossB >= 0 ? Math.max(crossA, crossB) : -1;
  out.family = crossA >= 0 && crossB >= 0 ? Math.min(crossA, crossB) : Math.max(crossA, crossB);
  out.turned = 1;
}

/** 0 a middle name agrees, 1 an initial agrees, 2 they conflict, -1 nothing to compare. */
function compareMiddle(a: PersonName, b: PersonName): number {
  if (a.others.length === 0 || b.others.length === 0) return -1;
  let best = 2;
  for (const x of a.others) {
    for (const y of b.others) {
      if (x.text === y.text && x.text.length > 1) return 0;
      if ((x.text.length === 1 || y.text.length === 1) && x.text.charCodeAt(0) === y.text.charCodeAt(0)) best = 1;
      else if (x.text.length > 3 && jaroWinkler(x.text, y.text) >= 0.9) best = Math.min(best, 1);
    }
  }
  return best;
}
