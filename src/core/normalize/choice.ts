import { accepted, type Normalized, type Scalar } from "./normalized.ts";
import { optionOf } from "./options.ts";
import { scalarText } from "./scalar-text.ts";
import { cleanText } from "./text.ts";

/** One of the field's options, in the option's own spelling; any text where the type lists none. */
export function normalizeChoice(raw: Scalar, options?: readonly string[]): Normalized {
  const text = scalarText(raw);
  if (typeof text !== "string") return text;
  const option = optionOf(cleanText(text), options);
  return typeof option === "string" ? accepted(option) : option;
}
