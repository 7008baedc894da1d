import { z } from "zod";
import type { Source } from "../../model/golden.ts";
import type { FieldValue } from "../../model/value.ts";

export const instant = z.number().describe("Milliseconds since the Unix epoch, UTC.");
export const interval = z.object({ from: instant, until: instant }).describe("Not before `from`, not after `until`.");

export const fieldValue: z.ZodType<FieldValue, FieldValue> = z
  .union([
    z.null(),
    z.string(),
    z.boolean(),
    z.array(z.string()),
    z.object({ amount: z.string(), currency: z.string() }),
  ])
  .describe("A field's value in canonical form: null is a known blank, numbers and dates are texts, sets are arrays.");
export const fieldValues = z.record(z.string(), fieldValue);

export const recordRef = z.object({ system: z.string(), object: z.string(), id: z.string() });

export const source: z.ZodType<Source, Source> = z
  .discriminatedUnion("kind", [
    z.object({ kind: z.literal("record"), ref: recordRef, author: z.string().nullable() }),
    z.object({ kind: z.literal("person"), name: z.string() }),
    z.object({ kind: z.literal("rule"), rule: z.string() }),
  ])
  .describe("Where a value came from: a record in a system, a person who decided, or a rule.");

/** What lists take. */
export const paging = {
  after: z.string().optional().describe("The `next` of the page before."),
  limit: z.coerce.number<number>().int().min(1).max(200).default(50),
};

/** One page. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({
    items: z.array(item),
    next: z.string().nullable().describe("Where the next page begins; null: this is the last."),
  });
}

/** A page of what was asked for with a limit one higher than wanted. */
export function pageFrom<T>(found: readonly T[], limit: number, placeOf: (item: T) => string) {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return { items, next: found.length > limit && last !== undefined ? placeOf(last) : null };
}
