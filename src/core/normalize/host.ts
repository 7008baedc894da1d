import { isAscii } from "./text.ts";

/**
 * The one form of a host name: lower case, international names in punycode (UTS #46). `null` when it is none: bad characters, an
 * empty or too long label, a number as top-level domain (so no IP address passes). No dot is needed: "localhost" is a host.
 */
export function canonicalHost(text: string): string | null {
  const lower = text.toLowerCase();
  const host = isAscii(lower) && !lower.includes("xn--") ? lower : punycode(text);
  return host !== null && isHostName(host) ? host : null;
}

function punycode(text: string): string | null {
  // A URL's own syntax inside would be parsed away instead of refused.
  if (urlSyntax.test(text)) return null;
  return URL.parse(`https://${text}`)?.hostname ?? null;
}

const urlSyntax = /[\s/\\?#@:%[\]]/;

function isHostName(host: string): boolean {
  if (host.length === 0 || host.length > 253) return false;
  const labels = host.split(".");
  return labels.every(isLabel) && !allDigits.test(labels[labels.length - 1]!);
}

function isLabel(label: string): boolean {
  return label.length <= 63 && ldh.test(label) && !label.startsWith("-") && !label.endsWith("-");
}

const ldh = /^[a-z0-9-]+$/;
const allDigits = /^[0-9]+$/;
