import { isCommonGiven } from "./common-names.ts";
import { fullNamesOf } from "./nicknames.ts";
import { letterSet } from "./similarity.ts";
import { soundOf, squash } from "./text.ts";

/** A word of a name with all that comparing needs, made once per word: equal words are one object while the cache holds. */
export type Token = {
  /** In the form compared: Latin, lower case, umlauts unified. */
  readonly text: string;
  readonly plain: string;
  readonly sound: string;
  readonly letters: number;
  readonly fullNames: readonly number[];
  readonly commonGiven: boolean;
};

const cache = new Map<string, Token>();
const cacheMax = 500_000;

export function tokenOf(word: string): Token {
  const known = cache.get(word);
  if (known !== undefined) return known;
  if (cache.size >= cacheMax) cache.clear();
  const text = squash(word);
  const token = {
    text,
    plain: word,
    sound: soundOf(text),
    letters: letterSet(text),
    fullNames: fullNamesOf(word),
    commonGiven: isCommonGiven(word),
  };
  cache.set(word, token);
  return token;
}
