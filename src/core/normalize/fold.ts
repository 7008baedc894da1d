import anyAscii from "any-ascii";
import { isAscii } from "./text.ts";

/**
 * Text as a key to compare by: lower case, ASCII, words of letters and digits between single spaces. "O’Brien-Ängström" is "obrien angstrom".
 * Empty when nothing of that is left.
 */
export function fold(text: string): string {
  const ascii = isAscii(text) ? text : anyAscii(text.normalize("NFKC"));
  return ascii.toLowerCase().replace(apostrophe, "").replace(notWord, " ").trim();
}

const apostrophe = /['`]/g;
const notWord = /[^a-z0-9]+/g;
