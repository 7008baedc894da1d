import type { Hold } from "../../src/model/hold.ts";
import type { Truth } from "./truth.ts";

/** I14: of several decisions on one revision one wins; a hold's revision only grows; an open one freezes its fields. */
export function checkHolds({ world }: Truth): string[] {
  const broken: string[] = [];
  const won = new Set<string>();
  for (const { holdId, revision, answer, by } of world.decisions) {
    if (answer !== "done") continue;
    const key = `${holdId}#${revision}`;
    if (won.has(key)) broken.push(`I14: ${key} was decided twice, the second time by ${by}`);
    won.add(key);
  }
  const last = new Map<string, Hold>();
  for (const hold of world.ledger.holds) {
    const before = last.get(hold.id);
    last.set(hold.id, hold);
    if (before === undefined || before === hold) continue;
    if (hold.revision <= before.revision)
      broken.push(`I14: ${hold.id} went from revision ${before.revision} to ${hold.revision}`);
  }
  for (const golden of world.ledger.goldens.values()) {
    for (const hold of golden.holds) {
      if (last.get(hold.id)?.status !== "open") broken.push(`I14: ${golden.id} has ${hold.id}, which is closed`);
    }
  }
  for (const hold of last.values()) {
    if (hold.status !== "open" || hold.goldenId === null) continue;
    const golden = world.ledger.goldens.get(hold.goldenId);
    if (!golden?.holds.some((one) => one.id === hold.id && one.revision === hold.revision))
      broken.push(`I14: ${hold.id} is open, but ${hold.goldenId} does not have it`);
  }
  return broken;
}
