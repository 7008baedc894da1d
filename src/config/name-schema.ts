import { z } from "zod";

const pattern = /^[A-Za-z][A-Za-z0-9_-]*$/u;

/** A name that the config gives: of a system, an entity type, a field, a group. */
export const nameSchema = z.string().refine((name) => pattern.test(name) && !(name in {}), {
  error: ({ input }) => `"${String(input)}" can't be a name`,
  params: { remedy: 'A name begins with a letter and has only letters, digits, "_" and "-".' },
});
