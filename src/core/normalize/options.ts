import { quote, type Refused, refused } from "./normalized.ts";
import { cleanText } from "./text.ts";

type OptionIndex = {
  readonly exact: ReadonlyMap<string, string>;
  /** By lower case; `null` where two options differ only in case. */
  readonly folded: ReadonlyMap<string, string | null>;
};

/**
 * The option meant by a clean text: the same, else the only one that differs just in case, in the option's own spelling. Without options
 * anything goes.
 */
export function optionOf(text: string, options: readonly string[] | undefined): string | Refused {
  if (options === undefined) return text;
  const { exact, folded } = indexOf(options);
  const option = exact.get(text) ?? folded.get(text.toLowerCase());
  return option ?? refused(`${quote(text)} is not one of the field's options: ${listed(options)}`);
}

const indexes = new WeakMap<readonly string[], OptionIndex>();

function indexOf(options: readonly string[]): OptionIndex {
  let index = indexes.get(options);
  if (index === undefined) {
    index = buildIndex(options);
    indexes.set(options, index);
  }
  return index;
}

function buildIndex(options: readonly string[]): OptionIndex {
  const exact = new Map<string, string>();
  const folded = new Map<string, string | null>();
  for (const option of options) {
    const clean = cleanText(option);
    exact.set(clean, option);
    const lower = clean.toLowerCase();
    folded.set(lower, folded.has(lower) ? null : option);
  }
  return { exact, folded };
}

const listedMax = 8;

function listed(options: readonly string[]): string {
  const shown = options.slice(0, listedMax).map(quote).join(", ");
  return options.length > listedMax ? `${shown} and ${options.length - listedMax} more` : shown;
}
