import { z } from "zod";
import { verify } from "../../control/verify.ts";
import type { Deps } from "../../engine/deps.ts";
import { trainMatching } from "../../engine/train.ts";
import type { Handlers, Routes } from "../route.ts";

const count = z.number().int();

export const careRoutes = {
  verifyJournal: {
    tag: "Journal",
    summary:
      "Whether the journal is whole and leads to the present state; looks at all of it, some minutes for a million records",
    access: "operate",
    input: z.object({}),
    answer: z.object({
      isSound: z.boolean(),
      goldens: count,
      erased: count.describe("Golden records whose lines are erased."),
      unexplained: z.array(z.object({ goldenId: z.string(), field: z.string(), reason: z.string() })),
      chain: z.object({
        seals: count,
        sealedLines: count,
        broken: z
          .array(z.object({ from: count, to: count, reason: z.string() }))
          .describe("Lines that are not as they were sealed."),
      }),
    }),
  },
  trainMatching: {
    tag: "Holds",
    summary: "Have scored matching learn from people's decisions on duplicates: of one entity, or of each",
    access: "operate",
    input: z.object({ entity: z.string().optional() }),
    answer: z.object({
      items: z
        .array(z.object({ entity: z.string(), version: count, same: count, different: count }))
        .describe("Entities without decisions to learn from are left out."),
    }),
  },
} as const satisfies Routes;

export function careHandlers(deps: Deps): Handlers<typeof careRoutes> {
  return {
    verifyJournal: () => verify(deps),
    async trainMatching({ input }) {
      const items = [];
      for (const name of input.entity === undefined ? Object.keys(deps.policy.entities) : [input.entity]) {
        const trained = await trainMatching(deps, name);
        if (trained === null) continue;
        const { entity, version, lesson } = trained;
        items.push({ entity, version, same: lesson.same, different: lesson.different });
      }
      return { items };
    },
  };
}
