/** Parsed JSON in which numbers that a JavaScript number would not hold exactly stay text. Throws what `JSON.parse` throws. */
export function parseExactly(text: string): unknown {
  const reviver = (_key: string, value: unknown, context?: { readonly source?: string }) => {
    const source = context?.source;
    if (typeof value !== "number" || source === undefined || source.length <= exactDigits) return value;
    return digitsOf(String(value)) === digitsOf(source) ? value : source;
  };
  return JSON.parse(text, reviver as (key: string, value: unknown) => unknown);
}

/** Any decimal of as many digits comes back from a number as it was. */
const exactDigits = 15;

/** 23.0, 2.3E1 and 23 are one number. */
function digitsOf(text: string): string {
  const [mantissa = "", exponent = "0"] = text.toLowerCase().split("e");
  const [whole = "", fraction = ""] = mantissa.split(".");
  const digits = `${whole}${fraction}`.replace(/^(-?)0+/u, "$1");
  const shift = Number(exponent) - fraction.length;
  const trimmed = digits.replace(/0+$/u, "");
  return `${trimmed}e${trimmed === "" || trimmed === "-" ? 0 : shift + digits.length - trimmed.length}`;
}
