import { CliError } from "./exit.ts";
import { counted, safeText } from "./output.ts";

const shortLengthMin = 8;

/** The shortest ends of these ids that tell them apart. */
export function shortIds(ids: readonly string[]): (id: string) => string {
  for (let length = shortLengthMin; ; length += 4) {
    const ends = new Set(ids.map((id) => id.slice(-length)));
    if (ends.size === new Set(ids).size) return (id) => id.slice(-length);
  }
}

const pageSize = 500;

/** The one of a list, read page by page, whose id ends so; `null` when none does. Throws when several do. */
export async function findByEnd<T extends { readonly id: string }>(
  text: string,
  noun: string,
  pageAfter: (after: string | undefined, limit: number) => Promise<readonly T[]>,
): Promise<T | null> {
  const found = new Map<string, T>();
  for (let after: string | undefined; ; ) {
    const page = await pageAfter(after, pageSize);
    for (const one of page) if (one.id.endsWith(text)) found.set(one.id, one);
    after = page.at(-1)?.id;
    if (after === undefined || page.length < pageSize) break;
  }
  if (found.size > 1)
    throw new CliError(`${counted(found.size, noun)} end in "${safeText(text)}"; write more of the id.`);
  return found.values().next().value ?? null;
}

/** Ids are made of record ids, which may hold anything: as a shell takes it. */
export function quoted(text: string): string {
  return /^[\w./:-]+$/u.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
