import { z } from "zod";
import { type Deps, mappedObjects } from "../../engine/deps.ts";
import type { Running } from "../../engine/run.ts";
import { Problem } from "../problem.ts";
import type { Handlers, Routes } from "../route.ts";
import { instant } from "./shapes.ts";

const tag = "Sweeps";

const sweep = z.object({
  id: z.string(),
  system: z.string(),
  object: z.string(),
  by: z.string(),
  startedAt: instant,
  endedAt: instant.nullable(),
  scanned: z.number().int(),
  drifted: z.number().int().describe("Records that differed from what was known of them."),
  missing: z
    .number()
    .int()
    .describe("Linked records that were not listed; each is read directly before it counts as deleted."),
  doubted: z.boolean().describe("So many were missing that none was believed to be."),
  error: z.string().nullable(),
});
type Sweep = z.output<typeof sweep>;

export const sweepRoutes = {
  listSweeps: {
    tag,
    summary: "The latest sweeps that people asked for, newest first",
    access: "read",
    input: z.object({}),
    answer: z.object({ items: z.array(sweep) }),
  },
  startSweep: {
    tag,
    summary: "Compare a system in full and heal what differs; answers at once, see the list for how it goes",
    access: "operate",
    input: z.object({ system: z.string(), object: z.string().optional() }),
    answer: z.object({ items: z.array(sweep) }),
  },
} as const satisfies Routes;

const keptMax = 100;
const keptMs = 90 * 24 * 3_600_000;

export function sweepHandlers(deps: Deps, running: Pick<Running, "sweep">): Handlers<typeof sweepRoutes> {
  const { store, clock, random, policy } = deps;

  function keep(one: Sweep): Promise<boolean> {
    const now = clock.now();
    return store.putDocuments([{ kind: "sweep", key: one.id, value: one, expiresAt: now + keptMs }], now);
  }

  async function carryOut(sweeps: readonly Sweep[]): Promise<void> {
    for (const one of sweeps) {
      try {
        const report = await running.sweep(one.system, one.object);
        await keep({ ...one, ...report, endedAt: clock.now() });
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        await keep({ ...one, endedAt: clock.now(), error: message });
      }
    }
  }

  return {
    async listSweeps() {
      const found = await store.documents({ kind: "sweep", newestFirst: true, limit: keptMax }, clock.now());
      return { items: found.map(({ value }) => value as Sweep) };
    },
    async startSweep({ input, who }) {
      const objects = mappedObjects(policy, input.system).filter(
        ({ object }) => input.object === undefined || object === input.object,
      );
      if (!deps.connectors.has(input.system) || objects.length === 0)
        throw new Problem(
          404,
          `Nothing is mapped in ${input.system}${input.object === undefined ? "" : ` ${input.object}`}.`,
        );
      const items = objects.map(
        ({ object }): Sweep => ({
          id: random.id(),
          system: input.system,
          object,
          by: who.name ?? "",
          startedAt: clock.now(),
          endedAt: null,
          scanned: 0,
          drifted: 0,
          missing: 0,
          doubted: false,
          error: null,
        }),
      );
      for (const one of items) await keep(one);
      // What goes wrong is told in the list; only the store itself can fail here, and then so does the next request.
      carryOut(items).catch(() => undefined);
      return { items };
    },
  };
}
