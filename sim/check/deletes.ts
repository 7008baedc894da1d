import { archived } from "../../src/core/draft.ts";
import type { Truth } from "./truth.ts";

/** I17: a link is given up as deleted only if its record was deleted or merged away; nothing is deleted unless the config or a person says so. */
export function checkDeletes(truth: Truth): string[] {
  const { world } = truth;
  const broken: string[] = [];
  for (const golden of world.ledger.goldens.values()) {
    for (const link of golden.links) {
      if (link.status !== "deleted" || link.id === null || link.dead === archived) continue;
      const system = world.systems.find((one) => one.name === link.system)!;
      const ever = [link.id, ...link.aliases].some((id) =>
        system.records.get(id)?.history.some((one) => one.kind === "delete" || one.kind === "merged-away"),
      );
      if (!ever) broken.push(`I17: ${golden.id} takes ${link.id} for deleted, which it never was`);
      else if (system.live(link.id) !== undefined)
        broken.push(`I17: ${golden.id} takes ${link.id} for deleted, but it is there`);
    }
  }
  const decided = new Set(
    world.ledger.journal
      .filter((line) => line.kind === "deleted" && line.source.kind === "person")
      .map((line) => line.goldenId),
  );
  for (const system of world.systems) {
    for (const one of system.log) {
      if (one.by !== "truce" || one.kind !== "delete") continue;
      const goldenId = world.ledger.attempts.get(one.attempt ?? "")?.goldenId ?? "";
      if (world.scenario.deletes !== "propagate" && !decided.has(goldenId))
        broken.push(`I17: ${one.id} of ${system.name} was deleted, and nobody had said so`);
    }
  }
  return broken;
}
