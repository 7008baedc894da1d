/** An id, whether it came as text or number; `undefined` for anything else. */
export function idOf(value: unknown): string | undefined {
  if (typeof value === "string" && value !== "") return value;
  return typeof value === "number" && Number.isSafeInteger(value) ? String(value) : undefined;
}

/** Parsed JSON in which whole numbers too large for a JavaScript number stay text. Throws what `JSON.parse` throws. */
export function parseKeepingIds(text: string): unknown {
  const reviver = (_key: string, value: unknown, context?: { readonly source?: string }) =>
    typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value)
      ? (context?.source ?? String(value))
      : value;
  return JSON.parse(text, reviver as (key: string, value: unknown) => unknown);
}
