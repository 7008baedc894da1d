import { z } from "zod";
import type { Store } from "../../ports/store.ts";
import { veilFor } from "../mask.ts";
import type { Handlers, Routes } from "../route.ts";
import { instant, recordRef } from "./shapes.ts";

export const deadLetterRoutes = {
  listDeadLetters: {
    tag: "Dead letters",
    summary: "What failed for good and waits, whole",
    access: "read",
    input: z.object({ limit: z.coerce.number<number>().int().min(1).max(1_000).default(200) }),
    answer: z.object({
      items: z.array(
        z.object({
          id: z.string(),
          kind: z.enum(["observation", "write"]),
          ref: recordRef.nullable(),
          goldenId: z.string().nullable(),
          payload: z.unknown().describe("null for those who may not see personal data."),
          reason: z.string(),
          tries: z.number().int(),
          at: instant,
        }),
      ),
    }),
  },
} as const satisfies Routes;

export function deadLetterHandlers(store: Pick<Store, "deadLetters">): Handlers<typeof deadLetterRoutes> {
  return {
    async listDeadLetters({ input, who }) {
      const veil = veilFor(who);
      const letters = await store.deadLetters(input.limit);
      return {
        items: letters.map((letter) => ({
          ...letter,
          payload: veil.isLifted ? letter.payload : null,
          reason: veil.words(letter.reason),
        })),
      };
    },
  };
}
