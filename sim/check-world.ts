import type { GoldenRecord } from "../src/model/golden.ts";
import type { JournalEntry } from "../src/model/journal.ts";
import { type FieldValue, isBlank, type RawValue, sameValue } from "../src/model/value.ts";
import type { World } from "./world.ts";

/** Checks the promises of GUARANTEES on a world that has come to rest. Knows the systems' own logs; trusts nothing that Truce counts. */
export async function checkWorld(world: World): Promise<string[]> {
  const goldens = await world.store.goldens(null, null, 1_000);
  const journal = await world.store.journal({ limit: 100_000 });
  const holds = await world.store.holds({ limit: 10_000 });
  return [
    ...checkConvergence(world, goldens),
    ...checkLostEdits(world, journal, JSON.stringify(holds)),
    ...checkBlanking(world),
    ...checkEchoes(world),
    ...checkCreates(world, goldens),
    ...checkJournal(goldens, journal),
    ...(await checkConservation(world)),
  ];
}

const text = (value: RawValue | undefined) =>
  typeof value === "string" ? value.trim().toLowerCase() : (value ?? null);

/** I1: every mapped field without an open hold is the same in all linked systems. */
function checkConvergence({ systems, policy }: World, goldens: readonly GoldenRecord[]): string[] {
  const broken: string[] = [];
  for (const golden of goldens) {
    if (golden.deletedAt !== null || golden.holds.some((hold) => hold.kind === "delete")) continue;
    for (const field of Object.keys(policy.entities["contact"]!.fields)) {
      if (golden.holds.some((hold) => hold.fields.includes(field))) continue;
      const value = golden.fields[field]?.value ?? null;
      for (const link of golden.links) {
        const record = systems.find((system) => system.name === link.system)?.records.get(link.id ?? "");
        if (link.status !== "linked" || record === undefined || record.deleted) continue;
        if (text(record.cells[field]) !== text(value as RawValue))
          broken.push(
            `I1: ${golden.id}.${field} is ${JSON.stringify(value)}, ${link.system} ${link.id} holds ${JSON.stringify(record.cells[field])}`,
          );
      }
    }
  }
  return broken;
}

/** I2: an edit is current somewhere, or was replaced by someone in the same system who had it before them, or is kept in a hold or the journal. */
function checkLostEdits({ systems, edits }: World, journal: readonly JournalEntry[], holds: string): string[] {
  const kept = new Set(journal.flatMap((line) => [line.other, line.from]).map((value) => text(value as RawValue)));
  const excused = new Set<string>();
  const replaced = new Set<string>();
  const current = new Set<unknown>();
  for (const system of systems) {
    for (const one of system.log) {
      for (const [cell, value] of Object.entries(one.before))
        if (one.by === "user") replaced.add(`${one.id}/${cell}/${text(value)}`);
      // Without conditional writes and without history, an edit in the race window can't be recovered; the connectors' pages say so.
      if (!system.profile.history)
        for (const cell of one.unseen) excused.add(`${one.id}/${cell}/${text(one.before[cell])}`);
      if (one.kind === "delete")
        for (const [cell, value] of Object.entries(system.records.get(one.id)?.cells ?? {}))
          excused.add(`${one.id}/${cell}/${text(value)}`);
    }
    for (const record of system.records.values())
      for (const value of Object.values(record.cells)) current.add(text(value));
  }
  const broken: string[] = [];
  for (const { system, id, cell, value } of edits) {
    const key = `${id}/${cell}/${text(value)}`;
    if (value === null || current.has(text(value)) || replaced.has(key) || excused.has(key) || kept.has(text(value)))
      continue;
    if (
      holds.includes(JSON.stringify(value).slice(1, -1).toLowerCase()) ||
      holds.toLowerCase().includes(String(text(value)))
    )
      continue;
    broken.push(`I2: ${system} ${id}.${cell} = ${JSON.stringify(value)} is lost`);
  }
  return broken;
}

/** I4: a value goes blank only where a user emptied the field somewhere. */
function checkBlanking({ systems, edits }: World): string[] {
  const emptied = new Set(edits.filter((edit) => edit.value === null).map((edit) => edit.cell));
  const broken: string[] = [];
  for (const system of systems) {
    for (const one of system.log) {
      if (one.by !== "truce" || one.kind !== "update") continue;
      for (const [cell, value] of Object.entries(one.after)) {
        if (value === null && one.before[cell] !== null && !emptied.has(cell))
          broken.push(`I4: ${system.name} ${one.id}.${cell} was blanked`);
      }
    }
  }
  return broken;
}

/** I5: no write of Truce's puts a value where the same value is. */
function checkEchoes({ systems }: World): string[] {
  return systems.flatMap((system) =>
    system.log.flatMap((one) => {
      if (one.by !== "truce" || one.kind !== "update") return [];
      return Object.entries(one.after)
        .filter(([cell, value]) => text(value) === text(one.before[cell]) && !one.unseen.includes(cell))
        .map(([cell]) => `I5: ${system.name} ${one.id}.${cell} was written with what it held`);
    }),
  );
}

/** I6: Truce never makes a second record of one golden record in a system. */
function checkCreates({ systems }: World, goldens: readonly GoldenRecord[]): string[] {
  const broken: string[] = [];
  for (const system of systems) {
    const created = new Map<string, string[]>();
    for (const record of system.records.values()) {
      if (record.key === null || record.deleted) continue;
      created.set(record.key, [...(created.get(record.key) ?? []), record.id]);
    }
    for (const [key, ids] of created)
      if (ids.length > 1) broken.push(`I6: ${system.name} has ${ids.join(", ")} for ${key}`);
    const linked = new Set(
      goldens.flatMap((golden) =>
        golden.links.flatMap((link) =>
          link.system === system.name && link.id !== null ? [link.id, ...link.aliases] : [],
        ),
      ),
    );
    for (const [key, ids] of created)
      for (const id of ids)
        if (!linked.has(id)) broken.push(`I6: ${system.name} ${id}, made for ${key}, is linked to nothing`);
  }
  return broken;
}

/** I12, I7: folding the journal gives the fields, and versions never fall. */
function checkJournal(goldens: readonly GoldenRecord[], journal: readonly JournalEntry[]): string[] {
  const folded = new Map<string, { value: FieldValue; version: number }>();
  const broken: string[] = [];
  for (const line of journal) {
    if (line.kind !== "set" || line.field === null) continue;
    const key = `${line.goldenId}.${line.field}`;
    const before = folded.get(key);
    if (line.version !== (before?.version ?? 0) + 1)
      broken.push(`I7: ${key} goes from version ${before?.version ?? 0} to ${line.version}`);
    folded.set(key, { value: line.to, version: line.version });
  }
  for (const golden of goldens) {
    for (const [field, version] of Object.entries(golden.fields)) {
      const fold = folded.get(`${golden.id}.${field}`);
      if (fold === undefined || fold.version !== version.version || !sameValue(fold.value, version.value))
        broken.push(`I12: ${golden.id}.${field} is not what its journal says`);
      if (isBlank(version.value) && version.version === 1) broken.push(`I4: ${golden.id}.${field} began blank`);
    }
  }
  return broken;
}

/** I9: nothing is left between in and out. */
async function checkConservation({ store, clock }: World): Promise<string[]> {
  const counts = await store.counts(clock.now());
  return counts.inbox === 0 ? [] : [`I9: ${counts.inbox} observations are neither done nor dead`];
}
