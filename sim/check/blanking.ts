import { isByPeople, type Truth } from "./truth.ts";

/** I4: a value goes blank only where someone emptied the field in a record of the same golden record, or decided so. */
export function checkBlanking(truth: Truth): string[] {
  const { systems, ledger } = truth.world;
  const emptied = emptiedFields(truth);
  // Fields of a group are decided as a unit: a side that lacks one of them wins without it.
  const isAllowed = (golden: string, field: string) => truth.isGrouped(field) || emptied.has(`${golden}.${field}`);
  const broken: string[] = [];
  for (const system of systems) {
    for (const one of system.log) {
      if (one.by !== "truce" || one.kind !== "update") continue;
      const goldens = [...truth.goldensOf(system.name, one.id)];
      for (const [cell, value] of Object.entries(one.after)) {
        if (value !== null || one.before[cell] === null || goldens.some((golden) => isAllowed(golden, cell))) continue;
        broken.push(`I4: ${one.id}.${cell} was blanked at ${one.at}, and nobody had emptied it anywhere`);
      }
    }
  }
  for (const line of ledger.journal) {
    if (line.kind !== "set" || line.field === null || line.to !== null || isAllowed(line.goldenId, line.field))
      continue;
    broken.push(`I4: ${line.goldenId}.${line.field} became blank from ${line.from}, and nobody had emptied it`);
  }
  return broken;
}

/** `golden.field` that people emptied in a system, or decided to empty. */
function emptiedFields(truth: Truth): ReadonlySet<string> {
  const { systems, ledger } = truth.world;
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
    if (line.kind === "set" && line.to === null && line.source.kind !== "record") {
      emptied.add(`${line.goldenId}.${line.field}`);
    }
  }
  return emptied;
}
