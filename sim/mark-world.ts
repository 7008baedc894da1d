import type { GoldenRecord, Link } from "../src/model/golden.ts";
import { isBlank, sameValue } from "../src/model/value.ts";
import type { CommitUnit } from "../src/ports/store.ts";
import type { Marks } from "./marks.ts";
import type { World } from "./world.ts";

/** What a commit shows to have happened. */
export function markCommit(marks: Marks, unit: CommitUnit, before: GoldenRecord | undefined): void {
  for (const { outcome } of unit.done) marks.add(`outcome/${outcome}`);
  for (const { kind, why, source } of unit.journal) {
    marks.add(`journal/${kind}`);
    if (source.kind === "person") marks.add("source/person");
    if (kind === "set" || kind === "kept" || kind === "put-back" || kind === "held") marks.add(`why/${why}`);
    if (kind === "linked") marks.add(`linked/${why.replace(/^likely the same .*/u, "likely the same")}`);
  }
  for (const hold of unit.holds) {
    marks.add(`hold/${hold.kind}/${hold.status}`);
    if (hold.scores !== undefined && hold.scores.length > 0) marks.add("taxonomy/likely-the-same");
  }
  for (const { kind, result } of unit.attempts) marks.add(`receipt/${kind}/${result}`);
  for (const letter of unit.deadLetters) marks.add(`dead/${letter.kind}`);
  if (unit.postponed.length > 0) marks.add("inbox/postponed");
  if (unit.pins.length > 0) marks.add("inbox/pinned");
  if (unit.golden !== null) markGolden(marks, unit, unit.golden, before);
}

function markGolden(marks: Marks, unit: CommitUnit, golden: GoldenRecord, before: GoldenRecord | undefined): void {
  if (golden.deletedAt !== null) marks.add("golden/deleted");
  if (golden.links.some((link) => link.waitsFor !== null)) marks.add("link/waits");
  if (golden.links.some((link) => link.aliases.length > 0)) marks.add("link/alias");
  if (golden.links.some((link) => link.generation > 0)) marks.add("taxonomy/delete-recreate");
  if (golden.links.some((link) => Object.keys(link.parked).length > 0)) marks.add("taxonomy/missing-parent");
  if (golden.links.some((link) => Object.keys(link.waiting).length > 0)) marks.add("taxonomy/parent-not-there-yet");
  if (golden.fields["boss"]?.value === golden.id) marks.add("taxonomy/cycle");
  if (golden.links.some((link) => Object.keys(link.unsure).length > 0)) marks.add("link/unsure");
  if (golden.links.some((link) => link.dead !== null)) marks.add("link/dead");
  if (unit.sharedKeys.length > 0) marks.add("taxonomy/shared-key");
  if (before !== undefined && (before.deletedAt === null) !== (golden.deletedAt === null))
    marks.add(before.deletedAt === null ? "state/live>deleted" : "state/deleted>live");
  const told = new Set(unit.journal.map((line) => line.field));
  golden.links.forEach((link, i) => {
    const was = before?.links[i];
    if (was !== undefined && was.system === link.system) markTransitions(marks, was, link);
    if (was === undefined || was.id !== link.id || was.inFlight !== null) return;
    for (const [field, value] of Object.entries(link.shadow)) {
      if (told.has(field) || sameValue(was.shadow[field], value)) continue;
      const version = golden.fields[field];
      if (link.seen[field] === version?.version && version !== undefined) marks.add("verdict/echo");
      else if (isBlank(value)) marks.add("verdict/unfilled");
    }
  });
}

/** What became of a link. */
function markTransitions(marks: Marks, was: Link, now: Link): void {
  const move = (from: string, to: string) => {
    if (from !== to) marks.add(`state/${from}>${to}`);
  };
  move(was.status, now.status);
  move(was.dead === null ? "able" : "dead", now.dead === null ? "able" : "dead");
  move(was.waitsFor === null ? "free" : "waiting", now.waitsFor === null ? "free" : "waiting");
  move(was.inFlight === null ? "idle" : "writing", now.inFlight === null ? "idle" : "writing");
  move(was.createUnknown ? "unknown" : "known", now.createUnknown ? "unknown" : "known");
  move(was.behindSince === null ? "even" : "behind", now.behindSince === null ? "even" : "behind");
  move(
    Object.keys(was.refused).length === 0 ? "taken" : "refused",
    Object.keys(now.refused).length === 0 ? "taken" : "refused",
  );
}

/** What the whole run shows to have happened. */
export function markWorld({ marks, ledger, rules, scenario }: World): void {
  const skewed = new Set(scenario.systems.filter((system) => system.skewMs !== 0).map((system) => system.name));
  const aliases = new Set(
    [...ledger.goldens.values()].flatMap(({ links }) =>
      links.flatMap((link) => link.aliases.map((id) => `${link.system}/${id}`)),
    ),
  );
  if (ledger.repeated.size > 0) marks.add("taxonomy/redelivery");
  for (const { item } of ledger.items.values()) {
    const { observation } = item;
    if (aliases.has(`${observation.ref.system}/${observation.ref.id}`)) marks.add("taxonomy/word-of-a-merged-record");
    marks.add(`observation/${observation.kind}`);
    if (observation.kind === "upsert" && !observation.complete) marks.add("taxonomy/partial-payload");
  }
  const sets = ledger.journal.filter((line) => line.kind === "set");
  for (const [i, line] of sets.entries()) {
    const next = sets[i + 1];
    if (line.source.kind !== "record" || next?.source.kind !== "record" || line.goldenId !== next.goldenId) continue;
    if (line.field !== next.field && line.source.ref.system !== next.source.ref.system)
      marks.add("taxonomy/different-fields");
  }
  const newest = new Set(
    scenario.fields.filter((field) => field.rule === "newest" && !rules.has(field.name)).map((one) => one.name),
  );
  for (const { field, why, source } of ledger.journal) {
    if (field === null || !newest.has(field)) continue;
    if (why === "prefer" || why === "keep") marks.add("taxonomy/concurrent");
    if (why === "newest" && source.kind === "record" && skewed.has(source.ref.system)) marks.add("taxonomy/clock-skew");
  }
  for (const { reason } of ledger.holds) {
    if (reason.includes("but another")) marks.add("taxonomy/weak-key");
    if (reason.includes("point to different")) marks.add("taxonomy/several-matches");
  }
  if (ledger.holds.some((hold) => hold.id.includes(".merged."))) marks.add("taxonomy/merge-merge");
  if (ledger.holds.some((hold) => hold.id.includes(".taken."))) marks.add("taxonomy/unique-key-collision");
  if (ledger.holds.some((hold) => hold.kind === "delete")) marks.add("taxonomy/update-delete");
  if (ledger.holds.some((hold) => hold.fields.length > 1)) marks.add("taxonomy/group");
  if (ledger.journal.some((line) => line.kind === "refused" && String(line.other).startsWith("junk")))
    marks.add("taxonomy/type-mismatch");
  if (rules.size > 0) marks.add("operator/reconfigured");
}
