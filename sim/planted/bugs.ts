/**
 * A bug to plant: in the source text of `file` (under `src/`), `find`, which must be there exactly once, is replaced by `put` before it is
 * loaded. Product code knows nothing of it.
 */
export type Bug = { readonly id: string; readonly file: string; readonly find: string; readonly put: string };

const upsert = "core/apply-upsert.ts";
const settle = "core/settle.ts";
const work = "engine/work.ts";
const dispatch = "engine/dispatch.ts";

export const bugs: readonly Bug[] = [
  // Comparing.
  bug(
    "drop the base check",
    "core/compare.ts",
    `if (shadow !== undefined && sameValue(value, shadow)) return "same";`,
    "",
  ),
  bug(
    "take every edit for one that had seen all",
    "core/compare.ts",
    `return seen === golden.version ? "fast-forward" : "conflict";`,
    `return "fast-forward";`,
  ),
  bug(
    "take no edit for one that had seen all",
    "core/compare.ts",
    `return seen === golden.version ? "fast-forward" : "conflict";`,
    `return "conflict";`,
  ),
  bug("an echo is a conflict", "core/compare.ts", `if (sameValue(value, golden.value)) return "echo";`, ""),
  bug("a blank at the first meeting is an edit", "core/compare.ts", `if (isBlank(value)) return "unfilled";\n`, ""),
  // What an observation means.
  bug(
    "null on absent",
    "core/observe.ts",
    `    let isMentioned = false;`,
    `    let isMentioned = false;
    raw = { ...raw, cells: { ...Object.fromEntries(names.map((cell) => [cell, null])), ...raw.cells } };`,
  ),
  bug(
    "a value that can't be normalized is a blank",
    "core/observe.ts",
    `else if (read !== null) refused[field] =`,
    `else if (read !== null) fields[field] = null;
    if (false) refused[field] =`,
  ),
  bug(
    "an observation while a write is in flight is decided",
    upsert,
    `if (link.inFlight !== null) return "waiting";`,
    "",
  ),
  bug(
    "an older observation counts like a newer one",
    upsert,
    `if (age !== "newer") {`,
    `if (false as boolean && age !== "newer") {`,
  ),
  bug(
    "an older observation is dropped without a trace",
    upsert,
    `  for (const field of differing) {\n    write(`,
    `  for (const field of [] as string[]) {\n    write(`,
  ),
  bug(
    "a covered edit is ignored",
    upsert,
    `  for (const field of Object.keys(step.seen.covered)) applyCovered(step, field, link.shadow[field]);`,
    "",
  ),
  bug(
    "a covered edit in an answer is ignored",
    settle,
    `  applyCoveredEdits(draft, index, seen, deps.mapping, context);`,
    "",
  ),
  bug(
    "a held field is decided all the same",
    upsert,
    `  const hold = unit.map((field) => freezes(draft.holds, field)).find((found) => found !== undefined);`,
    `  const hold = ([] as Hold[])[0];`,
  ),
  bug(
    "what is put back counts as seen",
    upsert,
    `    source: recordSource(seen.ref, authorOf(step, field)),\n  });\n  noteShadow(step, field, 0);`,
    `    source: recordSource(seen.ref, authorOf(step, field)),\n  });\n  agree(step, field);`,
  ),
  bug("the loser is not journaled", upsert, `      { base, other: golden.value },`, `      { base },`),
  bug(
    "clears travel whatever the config says",
    upsert,
    `  if (isBlank(value) && policy.clears === "hold") {`,
    `  if (false as boolean) {`,
  ),
  bug(
    "a clear is put back never",
    upsert,
    `  if (isBlank(value) && policy.clears === "restore") {`,
    `  if (false as boolean) {`,
  ),
  bug(
    "a blank beats a value",
    upsert,
    `  if (said.length > 0 && said.every((field) => isMereBlank(step, field))) {`,
    `  if (false as boolean) {`,
  ),
  bug(
    "the owner is not asked",
    upsert,
    `if (policy.rule.kind === "owner" && ownerSpeaks(step, field, policy.rule.system)) {`,
    `if (false as boolean) {`,
  ),
  bug(
    "stages go back",
    upsert,
    `if (policy.rule.kind === "forward-only" && goesBack(policy.rule.stages, golden?.value, value)) {`,
    `if (false as boolean) {`,
  ),
  bug(
    "later candidates replace the earlier ones",
    upsert,
    `  wait(step, changed);\n  return [...standing, mine];`,
    `  wait(step, changed);\n  return [...standing.slice(0, 1), mine];`,
  ),
  bug(
    "the shadow keeps the old cells",
    upsert,
    `    cells: { ...after.cells, ...seen.cells },`,
    `    cells: { ...seen.cells, ...after.cells },`,
  ),
  bug("a late landing of ours is an edit", upsert, `  noteLanded(step);\n`, ""),
  bug(
    "who says the same as the first is forgotten",
    upsert,
    `      affirm(step, unit, field);\n      agree(step, field);`,
    `      agree(step, field);`,
  ),
  bug(
    "a counter raised twice to one value counts once",
    upsert,
    `    if (isOwnDelta(step, field)) settle`,
    `    if (false as boolean) settle`,
  ),
  // Rules.
  bug(
    "wrong tie-break: the older wins",
    "core/resolve/resolve.ts",
    `return order === 0 ? resolve(rule.tie, conflict) : pick(-order, "newest");`,
    `return order === 0 ? resolve(rule.tie, conflict) : pick(order, "newest");`,
  ),
  bug(
    "overlapping times are a guess",
    "model/time.ts",
    `  if (a.until < b.from) return -1;`,
    `  if (a.from < b.from) return -1;`,
  ),
  bug(
    "the last preferred wins",
    "core/resolve/resolve.ts",
    `const order = rank(rule.systems, systemOf(golden)) - rank(rule.systems, other.system);`,
    `const order = rank(rule.systems, other.system) - rank(rule.systems, systemOf(golden));`,
  ),
  bug(
    "a counter takes the other value",
    "core/resolve/resolve.ts",
    `value: addDelta(g, o, b), by: "counter"`,
    `value: o, by: "counter"`,
  ),
  bug("union forgets what one side added", "core/resolve/union.ts", `new Set([...l, ...r])`, `new Set([...l])`),
  // Writing.
  bug(
    "held fields are written",
    "core/behind.ts",
    `freezes(golden.holds, field) !== undefined || field in link.parked`,
    `field in link.parked`,
  ),
  bug(
    "refused values are sent again and again",
    "core/behind.ts",
    `    if (link.refused[field]?.version === version.version) continue;\n`,
    "",
  ),
  bug("blind writes: no base is sent", "core/compose.ts", `    if (raw !== undefined) base[cell] = raw;`, ""),
  bug(
    "every field is written, not only what is behind",
    "core/behind.ts",
    `    if ((link.seen[field] ?? 0) >= version.version && !isWaiting(link, field, golden)) continue;\n`,
    "",
  ),
  bug(
    "what is there already is written again",
    "core/compose.ts",
    `const differing = kind === "update" ? raws.filter(([cell, raw]) => !sameRaw(link.cells[cell], raw)) : raws;`,
    `const differing = raws;`,
  ),
  bug(
    "retry with the old value",
    "core/compose.ts",
    `([cell, value]) => [cell, encode(field, cell, value)] as const,`,
    `([cell, value]) => [cell, link.unsure[cell]?.wrote[0] ?? encode(field, cell, value)] as const,`,
  ),
  bug(
    "a cell that was never read is written",
    "core/compose.ts",
    `  if (known.some((field)`,
    `  if (kind === "delete" && known.some((field)`,
  ),
  bug(
    "a record is deleted of which a cell was never read",
    "core/compose.ts",
    `kind === "delete" ? readFields(mapping) : [];`,
    `[];`,
  ),
  bug("a create of unknown outcome does not look first", dispatch, `lookFirst: link.createUnknown`, `lookFirst: false`),
  bug(
    "a create of unknown outcome changes its identity",
    "core/compose.ts",
    `  const content = repeated(link, entity, mapping) ?? { versions, values, patch };`,
    `  const content = { versions, values, patch };`,
  ),
  // Receipts.
  bug(
    "what was written counts as kept",
    settle,
    `const kept = { [field]: wrote, ...readBack.fields, ...known }[field] ?? null;`,
    `const kept = wrote;`,
  ),
  bug("the intent stays after its receipt", settle, `  setLink(draft, index, { inFlight: null });\n`, ""),
  bug(
    "an unknown outcome is forgotten",
    settle,
    `  if (error.code === "UNKNOWN_OUTCOME") setLink(draft, index, { unsure: unsureOf(step) });`,
    "",
  ),
  bug(
    "what a dead process sent is forgotten",
    settle,
    `  setLink(draft, index, { unsure: unsureOf(step, lateMs), retryAt: deps.now + rereadMs });`,
    `  setLink(draft, index, { retryAt: deps.now + rereadMs });`,
  ),
  bug(
    "something else was there, and it is overwritten next",
    settle,
    `  const outcome = applyUpsert(draft, index, observed(step, observation), deps.mapping, context);`,
    `  const outcome = "applied" as string; setLink(draft, index, { cells: { ...linkAt(draft, index).cells, ...observation.cells } });`,
  ),
  bug("a missing record counts as written", settle, `      return settleMissing(step);`, `      return {};`),
  bug(
    "a refusal is not noted",
    settle,
    `for (const field of refused) refuse(`,
    `for (const field of [] as string[]) refuse(`,
  ),
  // Identity.
  bug(
    "who is likely the same is linked, however sure that is",
    "core/match/match.ts",
    `    scoring.linkFrom === null || best.logOdds < scoring.linkFrom`,
    `    scoring.linkFrom === null`,
  ),
  bug(
    "nobody without a common key is compared",
    "core/match/match.ts",
    `weighCandidates(record, living, matching, scoring.model)`,
    `weighCandidates(record, [], matching, scoring.model)`,
  ),
  bug("one match of several is taken", "core/match/match.ts", `  if (matches.length > 1)`, `  if (false as boolean)`),
  bug(
    "nobody is recognized",
    "core/match/match.ts",
    `  if (strongest === undefined) return matchScored(`,
    `  if (strongest === undefined || mapping.create) return matchScored(`,
  ),
  bug(
    "duplicates are joined against the config",
    "core/match/match.ts",
    ` || duplicates === "link" ? undefined : twin;`,
    ` || (true as boolean) ? undefined : twin;`,
  ),
  bug("lost alias", "core/apply-merge.ts", `aliases: [...new Set([...aliases, ...losers])]`, `aliases`),
  bug(
    "the create key is not looked at",
    "core/decide.ts",
    `if (own !== undefined && liveLinkIn(own, mapping) === undefined)`,
    `if (false as boolean && own !== undefined)`,
  ),
  bug(
    "identity keys are not kept",
    "core/finish.ts",
    `  return { golden, keys: keysOf(golden, entity), due };`,
    `  return { golden, keys: [], due };`,
  ),
  bug(
    "nothing is made where it is missing",
    "core/finish.ts",
    `      if (mapping.create && !has) links.push(newLink(mapping, null, 0));`,
    "",
  ),
  // Deleting.
  bug(
    "a deletion deletes everywhere",
    "core/apply-delete.ts",
    `  if (policy === "hold" ||`,
    `  if (false as boolean ||`,
  ),
  bug(
    "an unseen edit does not stop a deletion",
    "core/apply-delete.ts",
    `  if (draft.deletedAt === null) return;\n  unarchive(draft);`,
    `  return;`,
  ),
  bug(
    "an old event brings a deleted record back",
    "core/decide.ts",
    `    if (older || seen.observedAt <= link.knownAt) return nothing("superseded");\n`,
    "",
  ),
  bug(
    "absence is deletion",
    "engine/scan.ts",
    `      missing.map((id) => hintOf(deps, { system, object, id }, laneBackfill)),`,
    `      missing.map((id) => ({ ...hintOf(deps, { system, object, id }, laneBackfill), observation: { kind: "delete" as const, ref: { system, object, id }, revision: null, observedAt: deps.clock.now(), confirmed: true } })),`,
  ),
  bug(
    "what was emptied counts as seen, whatever it was",
    upsert,
    `  return Math.abs(linkAt(draft, index).seen[field] ?? 0);`,
    `  const { seen, shadow } = linkAt(draft, index);
  return shadow[field] === null ? (draft.fields[field]?.version ?? 0) : (seen[field] ?? 0);`,
  ),
  // Reviewing.
  bug(
    "a stale decision is carried out",
    "core/judge.ts",
    `  if (hold.status !== "open" || hold.revision !== decision.revision) return { kind: "stale", hold };`,
    `  if (hold.status !== "open") return { kind: "stale", hold };`,
  ),
  bug(
    "both of two reviewers win",
    "engine/review.ts",
    `    if (results.some((result) => result.kind === "stale")) continue;\n`,
    "",
  ),
  bug(
    "a decision frees nothing that waited for it",
    "engine/review.ts",
    `    const others = guards.map((golden) => kept(freed.length > 0 ? released(golden, stored.id) : golden));`.trim(),
    `const others = guards.map((golden) => kept(golden));`,
  ),
  // The engine.
  bug(
    "acknowledge before commit",
    "engine/trigger.ts",
    `      await deps.store.receive(items, []);\n    } catch`,
    `      void deps.store.receive(items, []).catch(() => undefined);\n    } catch`,
  ),
  bug(
    "the place is stored before its events",
    "engine/trigger.ts",
    `    await takeIn(items, [{ name: feedCursorName(system), value: batch.cursor, at }, ...owed]);`,
    `    await deps.store.setCursors([{ name: feedCursorName(system), value: batch.cursor, at }, ...owed]); await takeIn(items, []);`,
  ),
  bug(
    "a lost feed is not compared",
    "engine/trigger.ts",
    `batch.lost.map((object) => ({ name: sweepCursorName(system, object), value: "owed", at }))`,
    `[] as { name: string; value: string; at: number }[]`,
  ),
  bug(
    "stale batch: what lost the race is not decided again",
    work,
    `    waiting = decided.results\n      .filter((one) => one.goldens.some((id) => staleGoldens.has(id)))\n      .map((one) => one.prepared);`,
    `    waiting = [];`,
  ),
  bug(
    "items are done before their decisions are committed",
    work,
    `      done: [{ inboxId: prepared.item.id, outcome }],`,
    `      done: [],`,
  ),
  bug(
    "what a feed brings and has to wait is forgotten",
    work,
    `      ...unit.postponed.flatMap(({ inboxId, dueAt }) => itemOf(inboxId).map((item) => postponedTo(item, dueAt))),`,
    ``,
  ),
  bug(
    "what a feed brings and loses the race is forgotten",
    "store/memory/memory-store.ts",
    `  for (const unit of stale) unit.fresh.forEach(state.inbox.take);\n`,
    ``,
  ),
  bug(
    "a poison event ends the engine",
    work,
    `    return { normalized: [], poison: messageOf(error) };`,
    `    throw error;`,
  ),
  bug(
    "what was paused by an earlier process is forgotten",
    "engine/watch-schema.ts",
    `const before = known ?? (await pausedCells(deps, system));`,
    `const before = known ?? [];`,
  ),
  bug("a poison answer ends the engine", dispatch, `  } catch {\n    return [];\n  }`, `  } finally {}`),
  bug(
    "who has waited for a left record waits for ever",
    "core/decide.ts",
    `  const concerned = [...new Set([...(before?.matches ?? []), ...matches])];`,
    `  const concerned = matches;`,
  ),
  bug(
    "half of a joint decision is committed",
    work,
    `      return [id, group === undefined ? unitOf(deps, one, set) : { ...unitOf(deps, one, set), group }];`,
    `      return [id, unitOf(deps, one, set)];`,
  ),
  bug(
    "send before the intent is stored",
    dispatch,
    `  const intended = await commitIntents(deps, composed);`,
    `  const intended = composed; void commitIntents(deps, composed).catch(() => undefined);`,
  ),
  bug(
    "send though the intent was refused",
    dispatch,
    `    return composed.filter((_, i) => results[i]?.kind === "committed");`,
    `    return results.length < 0 ? [] : composed;`,
  ),
  bug(
    "a stale decision's writes are sent",
    work,
    `    outbox.add(composed.flatMap(({ sends }, i) => (results[i]?.kind === "committed" ? sends : [])));`,
    `    outbox.add(composed.flatMap(({ sends }, i) => (results[i] === undefined ? [] : sends)));`,
  ),
  bug(
    "writes go out before the decisions that make them due are stored",
    work,
    `    const results = await deps.store.commit(units);
    outbox.add(`,
    `    outbox.add(composed.flatMap(({ sends }) => sends)); const results = await deps.store.commit(units);
    void (`,
  ),
  bug(
    "a write of a dead process is never given up",
    dispatch,
    `  if (inFlight.expiresAt <= now) return true;\n  const gone = goneSince`,
    `  if (false as boolean) return true;\n  return false;\n  const gone = goneSince`,
  ),
  bug(
    "a slow write is taken for lost at once",
    dispatch,
    `  if (inFlight.expiresAt <= now) return true;`,
    `  if (inFlight.startedAt + 20 <= now) return true;`,
  ),
  bug(
    "a failing store ends the engine",
    "engine/run.ts",
    `  return error instanceof StoreFailure ? { code: "UNREACHABLE", message: error.message } : null;`,
    `  return null;`,
  ),
  bug(
    "sweeps pass over what differs",
    "engine/scan.ts",
    `return Object.entries(seen.cells).some(([cell, raw]) => cells.has(cell) && !sameRaw(link.cells[cell], raw));`,
    `return false;`,
  ),
  bug(
    "a hint that can't be read is done",
    "engine/read-hints.ts",
    `if (next.kind === "retry") postponed.push({ inboxId: item.id, dueAt: deps.clock.now() + next.delayMs });`,
    `if (next.kind === "retry") statements.set(item.id, { item, observations: [] });`,
  ),
  bug(
    "a system that can't be reached is a dead letter",
    "core/retry.ts",
    `if (error.code === "REJECTED") return { kind: "dead-letter" };`,
    `if (error.code === "REJECTED" || error.code === "UNREACHABLE") return { kind: "dead-letter" };`,
  ),
];

function bug(id: string, file: string, find: string, put: string): Bug {
  return { id, file, find, put };
}
