import type { GoldenRecord } from "../../src/model/golden.ts";
import type { Truth } from "./truth.ts";

/** Two records of one system share a golden record only where the config lets them, a person said so, or the second is one that came back. */
export function checkTwins({ world }: Truth): string[] {
  if (world.scenario.duplicates !== "hold") return [];
  return [...world.ledger.goldens.values()].flatMap((golden) =>
    world.scenario.systems.flatMap(({ name }) => {
      const links = golden.links.filter((link) => link.system === name && link.status === "linked");
      const isPlain = links.every((link) => link.generation === 0 && link.aliases.length === 0);
      return links.length > 1 && isPlain && !isExplained(world.ledger.journal, golden)
        ? [
            `identity: ${golden.id} has ${links.map((link) => link.id).join(" and ")} of ${name}, though duplicates are to be held`,
          ]
        : [];
    }),
  );
}

function isExplained(journal: Truth["world"]["ledger"]["journal"], { id }: GoldenRecord): boolean {
  return journal.some(
    ({ kind, why, goldenId }) =>
      goldenId === id && (kind === "merged" || (kind === "linked" && !why.startsWith("same "))),
  );
}
