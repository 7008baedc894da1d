/** A person's name in parts, as Western systems keep it. `null`: the name doesn't have that part. */
export type PersonName = {
  readonly prefix: string | null;
  readonly given: string;
  readonly family: string;
  readonly suffix: string | null;
};

/**
 * Splits a canonical full name, "Dr. Anna Maria van der Berg MD" or "Berg, Anna". Conservative: `null` where the family name's beginning can't be
 * known: one word, four or more without a particle to mark it, two people, a company, a script written without spaces.
 */
export function splitPersonName(full: string): PersonName | null {
  if (noPerson.test(full)) return null;
  const { prefix, rest } = takePrefix(full.split(" "));
  const { suffix, words } = takeSuffix(rest);
  const comma = words.findIndex((word) => word.endsWith(","));
  if (comma === -1) {
    const parts = splitWords(words);
    return parts === null ? null : { prefix, ...parts, suffix };
  }
  return suffix === null ? familyFirst(prefix, words.join(" ")) : null;
}

/** The full name again, in Western order. */
export function joinPersonName({ prefix, given, family, suffix }: PersonName): string {
  return [prefix, given, family, suffix].filter((part) => part !== null && part !== "").join(" ");
}

/** Digits, "and", symbols, brackets, a nickname in quotes, legal forms. */
const noPerson =
  /[\d&/@()"“”;:]|''|(?:^|\s)['‘’]|['‘’](?:\s|$)|\s(?:and|und|et|y|e|or|c\/o|aka)\s|\b(?:inc|llc|ltd|gmbh|ag|kg|corp|co|company|committee|foundation|university|bank)\b\.?$/i;

type Parts = { readonly given: string; readonly family: string };

/** "Smith Jr, Donald L": the suffix stands by the family name. */
function familyFirst(prefix: string | null, name: string): PersonName | null {
  const [before, given, more] = name.split(/,\s*/);
  if (!before || !given || more !== undefined) return null;
  const { suffix, words } = takeSuffix(before.split(" "));
  const long = words.length > 1 && !isParticle(words[0]!);
  if (words.some((word) => initial.test(word)) || words.length > 3 || (long && initial.test(given))) return null;
  return { prefix, given, family: words.join(" "), suffix };
}

function splitWords(words: readonly string[]): Parts | null {
  if (words.length < 2) return null;
  const particle = words.findIndex((word, i) => i > 0 && i < words.length - 1 && isParticle(word));
  const start = particle === -1 ? words.length - 1 : particle;
  const bare = words.slice(0, start).filter((word) => !initial.test(word));
  // One or two given names; with more words some of them are the family's.
  if (bare.length > 2 || (particle === -1 && initial.test(words[start]!))) return null;
  return { given: words.slice(0, start).join(" "), family: words.slice(start).join(" ") };
}

function isParticle(word: string): boolean {
  return particles.has(bare(word));
}

const initial = /^\p{L}\.?$/u;

function takePrefix(words: readonly string[]): { readonly prefix: string | null; readonly rest: readonly string[] } {
  let count = 0;
  while (count < words.length - 1 && prefixes.has(bare(words[count]!))) count++;
  return { prefix: count === 0 ? null : words.slice(0, count).join(" "), rest: words.slice(count) };
}

/** Suffixes at the end, and the comma before them. */
function takeSuffix(all: readonly string[]): { readonly suffix: string | null; readonly words: readonly string[] } {
  let count = 0;
  while (count < all.length - 1 && suffixes.has(bare(all[all.length - 1 - count]!))) count++;
  if (count === 0) return { suffix: null, words: all };
  const words = all.slice(0, all.length - count);
  words[words.length - 1] = words[words.length - 1]!.replace(/,$/, "");
  return { suffix: all.slice(all.length - count).join(" "), words };
}

/** "Ph.D.," is "phd". */
function bare(word: string): string {
  return word.toLowerCase().replace(/[.,]/g, "");
}

const prefixes =
  listed(`mr mrs ms miss mx mister sir dame lord lady dr prof professor rev reverend fr father hon herr frau hr fräulein dipl ing
  mag dipl-ing monsieur madame mme mlle sr sra srta don doña señor señora sig signor signora dott dottssa dhr mevr mw senator representative congressman
  congresswoman governor judge president capt captain
  col gen lt maj sgt`);
const suffixes = listed(
  `jr sr ii iii iv vi esq md phd dds dmd dvm aia csi bsn rn cpa mba msc bsc jd llm llb obe mbe cbe qc kc junior senior jun sen`,
);
const particles =
  listed(`van von vom zu zum zur der den de del della dello di da das do dos du la le les el al bin ibn ben bint abu ter ten te
  af av st san santa mac mc dela`);

function listed(words: string): ReadonlySet<string> {
  return new Set(words.split(/\s+/));
}
