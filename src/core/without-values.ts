/**
 * What a system or database said, without what are likely to be field values: quoted text, what stands after `=` in brackets, addresses, and
 * numbers as long as a phone's. Records and fields are named beside it.
 */
export function withoutValues(text: string): string {
  return text
    .replace(/"[^"]*"|(?<![\p{L}\d])'[^']*'(?![\p{L}\d])|`[^`]*`|„[^“]*“|“[^”]*”|«[^»]*»/gu, "…")
    .replace(/=\s*\([^()]*\)/gu, "=(…)")
    .replace(/[^\s<>(),;:"']+@[^\s<>(),;:"']+/gu, "…")
    .replace(/\+?\d(?:[\s()/.-]?\d){6,}/gu, "…");
}
