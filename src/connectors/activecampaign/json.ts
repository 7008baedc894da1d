export type Json = Readonly<Record<string, unknown>>;

export function objectOf(value: unknown): Json | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : null;
}

/** The objects of a list; `null` where it is none. */
export function listOf(value: unknown): readonly Json[] | null {
  if (!Array.isArray(value)) return null;
  return value.flatMap((one): readonly Json[] => {
    const object = objectOf(one);
    return object === null ? [] : [object];
  });
}

/** Ids, flags and counts come as texts, and now and then as numbers. A blank, also a date of zeros, is `null`. */
export function textOf(value: unknown): string | null {
  if (value === null || value === undefined || value === "") return null;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.startsWith("0000-00-00") ? null : text;
}
