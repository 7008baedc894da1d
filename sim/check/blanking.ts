import type { Truth } from "./truth.ts";
import { isByPeople } from "./truth.ts";

/** I4: a value goes blank only where someone emptied the field in a record of the same golden record, or decided so. */
export function checkBlanking(truth: Truth): string[] {
  const { systems, ledger, scenario } = truth.world;
  // Fields of a group are decided as a unit: a side that lacks one of them wins without it.
  const isGrouped = (name: string | null) =>
    scenario.fields.some((field) => field.name === name && field.group !== null);
  const emptied = new Set<string>();
  for (const system of systems) {
    for (const one of system.log.filter(isByPeople)) {
      for (const [cell, value] of Object.entries(one.after)) {
        if (value !== null || one.before[cell] === null) continue;
        for (const golden of truth.goldensOf(system.name, one.id)) emptied.add(`${golden}.${cell}`);
      }
    }
  }
  for (const line of ledger.journal) {
    if (line.kind === "set" && line.to === null && line.source.kind !== "record")
      emptied.add(`${line.goldenId}.${line.field}`);
    if (line.kind === "set" && line.version === 1 && line.to === null) emptied.delete(`${line.goldenId}.${line.field}`);
  }
  const broken: string[] = [];
  for (const system of systems) {
    for (const one of system.log) {
      if (one.by !== "truce" || one.kind !== "update") continue;
      const goldens = [...truth.goldensOf(system.name, one.id)];
      for (const [cell, value] of Object.entries(one.after)) {
        if (value !== null || one.before[cell] === null || goldens.some((golden) => emptied.has(`${golden}.${cell}`)))
          continue;
        broken.push(`I4: ${one.id}.${cell} was blanked at ${one.at}, and nobody had emptied it anywhere`);
      }
    }
  }
  for (const line of ledger.journal) {
    if (
      line.kind === "set" &&
      line.to === null &&
      !isGrouped(line.field) &&
      !emptied.has(`${line.goldenId}.${line.field}`)
    )
      broken.push(`I4: ${line.goldenId}.${line.field} became blank from ${line.from}, and nobody had emptied it`);
  }
  return broken;
}
