import { linkIndexOf } from "../../src/core/decide.ts";
import type { GoldenRecord } from "../../src/model/golden.ts";
import type { JournalEntry } from "../../src/model/journal.ts";
import type { RawUpsert } from "../../src/model/observation.ts";
import type { RawValue } from "../../src/model/value.ts";
import type { CommitUnit } from "../../src/ports/store.ts";
import { canonical, isJunk } from "../canonical.ts";
import type { FieldSetup } from "../scenario.ts";
import type { World } from "../world.ts";

/** What must hold of each commit by itself, `before` being the golden record as it was. */
export function checkCommit(world: World, unit: CommitUnit, before: GoldenRecord | undefined): string[] {
  return [...checkSuperseded(world, unit, before), ...checkMatch(world, unit), ...checkMergedAway(world, unit, before)];
}

/** I12: what is set aside as older, and says something else than is known, is journaled. */
function checkSuperseded({ scenario, ledger }: World, unit: CommitUnit, before: GoldenRecord | undefined): string[] {
  return unit.done.flatMap(({ inboxId, outcome }) => {
    const seen = ledger.items.get(inboxId)?.item.observation;
    if (outcome !== "superseded" || seen?.kind !== "upsert") return [];
    const [then, now] = [before, unit.golden].map((golden) => golden?.links[linkIndexOf(golden, seen.ref)]);
    // Nothing that is said of a deleted record from before its deletion is news.
    if (then?.status !== "linked" || now?.status !== "linked") return [];
    // What else the same commit says of the field may be the very value that this one was compared with.
    const isTold = (field: string) =>
      unit.journal.some((line) => line.field === field && (line.cause === inboxId || line.kind !== "superseded"));
    const untold = scenario.fields.filter(({ name, type }) => {
      // What is known of a reference is a golden record, not the id that was said.
      if (type.kind === "reference" || mayBePaused(scenario, name)) return false;
      if (!Object.hasOwn(seen.cells, name) || isReadNowhere(scenario.fields, name, seen.ref.system)) return false;
      const said = canonical(type, seen.cells[name]);
      const isNews = [then, now].every((link) => canonical(type, link.shadow[name] as RawValue) !== said);
      return isNews && !isJunk(type, said) && !isTold(name);
    });
    return untold.map(
      ({ name }) => `I12: ${inboxId} was set aside, and nothing tells that it said ${seen.cells[name]}`,
    );
  });
}

/** A process that was stopped may not know yet that the cell is there again; the comparison that follows then finds what it says. */
function mayBePaused({ schemaEveryMs, actions }: World["scenario"], name: string): boolean {
  return schemaEveryMs !== null && actions.some((action) => action.kind === "drop-cell" && action.cell === name);
}

function isReadNowhere(fields: readonly FieldSetup[], name: string, system: string): boolean {
  const directions = fields.find((field) => field.name === name)?.directions ?? {};
  return system in directions && (directions[system] === null || directions[system] === "write");
}

/** A record whose identity fields point to different golden records is nobody's without a person. */
function checkMatch(world: World, unit: CommitUnit): string[] {
  return unit.journal.flatMap((line) => {
    const seen = world.ledger.items.get(line.cause)?.item.observation;
    if (line.kind !== "linked" || !line.why.startsWith("same ") || seen?.kind !== "upsert") return [];
    const others = world.scenario.identity.flatMap((field) => ownersOf(world, field, seen, line));
    return others.length === 0
      ? []
      : [
          `identity: ${seen.ref.id} was taken for ${line.goldenId}, though it has an identity of ${others.join()} as well`,
        ];
  });
}

/** The other golden record that alone has been known under the record's value for a while: a commit a moment ago may not have been seen. */
function ownersOf({ scenario, ledger, clock }: World, field: string, seen: RawUpsert, line: JournalEntry): string[] {
  const type = scenario.fields.find((one) => one.name === field)!.type;
  const value = canonical(type, seen.cells[field]);
  if (value === null) return [];
  const known = [...ledger.goldens.values()].filter(
    (golden) => golden.deletedAt === null && canonical(type, golden.fields[field]?.value as RawValue) === value,
  );
  const isFresh = (id: string) =>
    ledger.journal.findLast((one) => one.goldenId === id && one.field === field && one.kind === "set")!.at >
    clock.now() - 5_000;
  return known.length === 1 && known.every(({ id }) => id !== line.goldenId && !isFresh(id)) ? [known[0]!.id] : [];
}

/** A record that is known to have been merged away is nobody's record any more, whatever is still said of it. */
function checkMergedAway({ ledger }: World, { golden }: CommitUnit, before: GoldenRecord | undefined): string[] {
  if (golden === null) return [];
  const had = new Set(before?.links.map((link) => `${link.system}/${link.id}`));
  const taken = golden.links.filter(({ system, id }) => id !== null && !had.has(`${system}/${id}`));
  return taken
    .filter(({ system, id }) => ledger.mergedAway.has(`${system}/${id}`))
    .map(({ system, id }) => `identity: ${golden.id} takes ${id} of ${system}, which is known to be merged away`);
}
