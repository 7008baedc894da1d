import { dueAt } from "../core/behind.ts";
import { baseOf, type Composed, compose, type Encode, type Refusals, refusalLines } from "../core/compose.ts";
import type { Parked } from "../core/draft.ts";
import { observe } from "../core/observe.ts";
import { hasRefusals, isStuck } from "../core/refusal.ts";
import type { GoldenById } from "../core/relations/place-references.ts";
import { type GoldenOf, referencesOf, referredRecords } from "../core/relations/resolve-references.ts";
import { afterFailure } from "../core/retry.ts";
import { earn, type RetryBudget, spend } from "../core/retry-budget.ts";
import { type DeadReason, type Receipt, type Settled, settle } from "../core/settle.ts";
import type { GoldenId, GoldenRecord, InFlight, Link } from "../model/golden.ts";
import type { JournalEntry } from "../model/journal.ts";
import { type EntityPolicy, mappingOf, type ObjectMapping } from "../model/policy.ts";
import { type ObjectName, type RecordRef, recordKey, type SystemId } from "../model/record.ts";
import { type SyncError, SyncFailure } from "../model/sync-error.ts";
import type { Connector, MappedObject, WriteRequest, WriteResult } from "../ports/connector.ts";
import {
  type Attempt,
  type CommitResult,
  type CommitUnit,
  type DeadLetter,
  type DeadWrite,
  laneLive,
} from "../ports/store.ts";
import { goldenUnit, goneSince, joinUnits } from "./commit.ts";
import { connectorOf, type Deps, landedMs, leaseMs, mappedObject, writeLeaseMs } from "./deps.ts";
import { followUps } from "./follow-up.ts";
import { hintOf } from "./hint.ts";
import { insist, storePauseMs } from "./insist.ts";
import { noOutbox, type Outbox, type Send } from "./outbox.ts";
import { referredFrom } from "./referred-from.ts";
import { StoreFailure } from "./store-failure.ts";
import { messageOf } from "./trigger.ts";

/** How often a receipt is settled again when other commits come between; each loses only to progress elsewhere. */
const racesMax = 50;

/**
 * One batch of writes to one system, from due links to settled receipts: claim, compose, commit the intents, send, settle. A fixed
 * number of round trips to the store. Returns the number of links looked at.
 */
export async function dispatchBatch(
  deps: Deps,
  system: SystemId,
  limit: number,
  budget: RetryBudget,
  outbox: Outbox = noOutbox,
): Promise<number> {
  const now = deps.clock.now();
  const goldens = await deps.store.claimDue(system, limit, now, leaseMs);
  if (goldens.length === 0) return 0;
  const goldenById = await loadReferred(deps, goldens, system);
  const composed = goldens.map((golden) => composeAll(deps, golden, system, now, budget, goldenById));
  const intended = await commitIntents(deps, composed);
  // Stopped or held up for long: soon another one will take the write for lost, and must not be crossed.
  if (deps.clock.now() > now + sendMsMax) return goldens.length;
  await sendAll(
    deps,
    system,
    intended.flatMap((one) => one.sends),
    budget,
    outbox,
  );
  return goldens.length;
}

/** Sends writes whose intents were stored with what made them due, and settles their receipts. */
export async function sendReady(
  deps: Deps,
  system: SystemId,
  sends: readonly Send[],
  budget: RetryBudget,
  outbox: Outbox,
): Promise<void> {
  const now = deps.clock.now();
  // Those that were held up for long will be taken for lost.
  const fresh = sends.filter(({ inFlight }) => now <= inFlight.startedAt + sendMsMax);
  await sendAll(deps, system, fresh, budget, outbox);
}

async function sendAll(
  deps: Deps,
  system: SystemId,
  sends: readonly Send[],
  budget: RetryBudget,
  outbox: Outbox,
): Promise<void> {
  const byObject = Map.groupBy(sends, (send) => send.mapping.object);
  const groups = [...byObject];
  const results = await Promise.all(
    groups.map(([object, group]) => sendAndSettle(deps, system, object, group, outbox)),
  );
  const wentWell = groups.flatMap(([, group], g) => group.filter((_, i) => results[g]?.[i]?.kind !== "failed"));
  earn(budget, sends.filter(({ link }) => link.failures === 0).length, wentWell.filter(isSecondTry).length);
}

/**
 * Units with the writes that they make due to systems that have room for them: the intents are then stored with what makes them, in one commit.
 * What points to other golden records is left to the dispatcher, which loads them.
 */
export function composeAlong(deps: Deps, units: readonly CommitUnit[], outbox: Outbox): ComposedGolden[] {
  const now = deps.clock.now();
  const rooms = new Map<SystemId, number>();
  const takeRoom = (system: SystemId): boolean => {
    const room = rooms.get(system) ?? outbox.room(system);
    rooms.set(system, room - 1);
    return room > 0;
  };
  return units.map((unit) => {
    let along: ComposedGolden = { unit, sends: [] };
    const due = unit.due.filter((row) => row.lane === laneLive && row.dueAt <= now);
    for (const system of new Set(due.map((row) => row.system))) {
      const { golden } = along.unit;
      if (golden === null || referredFrom(deps.policy, golden, system).length > 0 || !takeRoom(system)) continue;
      const before = { ...golden, version: golden.version - 1 };
      const composed = composeAll(deps, before, system, now, outbox.budget(system), nobody);
      along = {
        unit: { ...joinUnits(along.unit, composed.unit), golden: composed.unit.golden, due: composed.unit.due },
        sends: [...along.sends, ...composed.sends],
      };
    }
    return along;
  });
}

function originOf({ fields }: GoldenRecord, { versions }: InFlight): SystemId | null {
  for (const field of Object.keys(versions)) {
    const source = fields[field]?.source;
    if (source?.kind === "record") return source.ref.system;
  }
  return null;
}

function isSecondTry({ link }: Send): boolean {
  return link.failures > 0;
}

/** A write that is not under way so long after it was composed never is. Its receipt has the other half of the lease. */
const sendMsMax = writeLeaseMs / 2;

/** Those whose intents are in place. A stale one was changed meanwhile: it is due again, and will be composed from what it is then. */
async function commitIntents(deps: Deps, composed: readonly ComposedGolden[]): Promise<readonly ComposedGolden[]> {
  try {
    const results = await deps.store.commit(composed.map((one) => one.unit));
    return composed.filter((_, i) => results[i]?.kind === "committed");
  } catch (error) {
    if (!(error instanceof StoreFailure)) throw error;
    const ids = composed.flatMap((one) => one.unit.golden?.id ?? []);
    const { goldens } = await insist(deps, deps.clock.now() + sendMsMax, () =>
      deps.store.load({ records: [], keys: [], ids }),
    );
    const isThere = ({ goldenId, inFlight }: Send) =>
      goldens.get(goldenId)?.links.some((link) => link.inFlight?.attemptId === inFlight.attemptId);
    return composed.filter((one) => one.sends.length > 0 && one.sends.every(isThere));
  }
}

/** What the records to write point to: one round trip for all of them, none where nothing is a reference. */
async function loadReferred(deps: Deps, goldens: readonly GoldenRecord[], system: SystemId): Promise<GoldenById> {
  const known = new Map(goldens.map((golden) => [golden.id, golden]));
  const ids = [...new Set(goldens.flatMap((golden) => referredFrom(deps.policy, golden, system)))];
  for (let missing = ids.filter((id) => !known.has(id)); missing.length > 0; ) {
    const { goldens: loaded } = await deps.store.load({ records: [], keys: [], ids: missing });
    for (const [id, golden] of loaded) known.set(id, golden);
    // One that was merged into another is followed; rare.
    missing = [...loaded.values()].flatMap(({ mergedInto }) =>
      mergedInto === undefined || known.has(mergedInto) ? [] : [mergedInto],
    );
  }
  return (id) => known.get(id);
}

type ComposedGolden = { readonly unit: CommitUnit; readonly sends: readonly Send[] };

/** Composes every due link of one golden record to this system; links whose sender died are given up first. */
function composeAll(
  deps: Deps,
  golden: GoldenRecord,
  system: SystemId,
  now: number,
  budget: RetryBudget,
  goldenById: GoldenById,
): ComposedGolden {
  let current = golden;
  const sends: Send[] = [];
  const attempts: Attempt[] = [];
  const deadLetters: DeadLetter[] = [];
  const cured: string[] = [];
  const reread: RecordRef[] = [];
  const journal: JournalEntry[] = [];
  golden.links.forEach((_, index) => {
    const link = current.links[index];
    const found = link === undefined ? null : mappingOf(deps.policy, system, link.object);
    if (link === undefined || link.system !== system || found === null || found.entity.name !== golden.entity) return;
    if (link.inFlight !== null) {
      if (!isLost(deps, link.inFlight, now)) return;
      const settled = settle(current, index, { kind: "lost" }, { ...depsFor(deps, found, nobody), jitter: 0 });
      current = settled.golden;
      reread.push(...settled.reread);
      attempts.push(attemptOf(deps, golden.id, link, link.inFlight, "lost"));
      return;
    }
    if (!isSendable(current, link, found.entity, now)) return;
    if (link.status === "wanted" && deps.mayCreate?.(system, link.object) === false) {
      const retryAt = now + unknownMs * (1 + deps.random.fraction());
      current = { ...current, links: current.links.with(index, { ...link, retryAt }) };
      return;
    }
    if (link.failures > 0 && !spend(budget, now)) {
      const retryAt = now + noBudgetMs * (1 + deps.random.fraction());
      current = { ...current, links: current.links.with(index, { ...link, retryAt }) };
      return;
    }
    const next = composeOrDead(deps, current, link, found, now, goldenById);
    const after = next.kind === "unread" ? rested(deps, next.link, now) : next.link;
    current = { ...current, links: current.links.with(index, after) };
    if (next.kind === "dead") deadLetters.push(next.letter);
    if (next.kind === "settled" && hasRefusals(link) && !isStuck(current, after)) cured.push(letterId(golden.id, link));
    if (next.kind === "write" || next.kind === "settled")
      journal.push(...refusalsOf(deps, current, link, found, next, now));
    if (next.kind === "unread" && link.id !== null) reread.push(refOf(link, link.id));
    if (next.kind !== "write") return;
    sends.push({
      goldenId: golden.id,
      from: originOf(current, next.inFlight),
      link,
      inFlight: next.inFlight,
      ...found,
    });
    attempts.push(attemptOf(deps, golden.id, link, next.inFlight, "intent"));
  });
  const unit = goldenUnit(deps, current, laneLive, () => undefined);
  const wake = attempts.some((one) => one.result === "lost") ? refsOf(golden, system) : [];
  return {
    sends,
    unit: {
      ...unit,
      keys: null,
      journal,
      attempts,
      deadLetters,
      closedLetters: cured.map((id) => curedLetter(deps, id)),
      inbox: reread.map((ref) => hintOf(deps, ref)),
      wake,
    },
  };
}

/** How long a create waits while records that nobody has seen may be where it would go. */
const unknownMs = 5_000;
/** How long a second try waits when the system has been sent enough of them. */
const noBudgetMs = 5_000;

/** The link while its record is read; longer each time that the reading does not help. */
function rested(deps: Deps, link: Link, now: number): Link {
  const failures = link.failures + 1;
  const next = afterFailure(unread, failures, deps.policy.retry, deps.random.fraction());
  return { ...link, failures, retryAt: now + (next.kind === "retry" ? next.delayMs : deps.policy.retry.delayMsMax) };
}

const unread: SyncError = { code: "UNREACHABLE", message: "a cell to write was never read" };

/** Its sender is dead: the time for an answer is over, or the process that sent it is gone, and what it sent has landed. */
function isLost(deps: Deps, inFlight: InFlight, now: number): boolean {
  if (inFlight.expiresAt <= now) return true;
  const gone = goneSince(deps, inFlight);
  return gone !== null && gone + landedMs <= now;
}

type Found = { readonly entity: EntityPolicy; readonly mapping: ObjectMapping };

/** For a write without an answer: nothing is named. */
const nobody = () => undefined;

function depsFor(deps: Deps, { entity, mapping }: Found, goldenOf: GoldenOf) {
  return {
    goldenOf,
    policy: deps.policy,
    entity,
    mapping,
    now: deps.clock.now(),
    jitter: deps.random.fraction(),
  };
}

function isSendable(golden: GoldenRecord, link: Link, entity: EntityPolicy, now: number): boolean {
  const at = dueAt(golden, link, entity);
  return at !== null && at <= now;
}

type Dead = { readonly kind: "dead"; readonly link: Link; readonly letter: DeadLetter };

/** A write that can't be composed is our bug, and poison to this link alone. */
function composeOrDead(
  deps: Deps,
  golden: GoldenRecord,
  link: Link,
  found: Found,
  now: number,
  goldenById: GoldenById,
): Composed | Dead {
  try {
    return composeOne(deps, golden, link, found, now, goldenById);
  } catch (error) {
    const reason = messageOf(error);
    const ref = refOf(link, link.id ?? "");
    deps.tell({ kind: "poisoned", ref, message: reason });
    const letter: DeadLetter = {
      id: letterId(golden.id, link),
      kind: "write",
      ref,
      goldenId: golden.id,
      payload: null,
      code: "BUG",
      reason,
      tries: link.failures + 1,
      at: now,
      closed: null,
    };
    return { kind: "dead", link: { ...link, dead: reason }, letter };
  }
}

function composeOne(
  deps: Deps,
  golden: GoldenRecord,
  link: Link,
  { entity, mapping }: Found,
  now: number,
  goldenById: GoldenById,
): Composed {
  const encode = encoderOf(deps, connectorOf(deps, link.system), link.object);
  const sender = deps.crew === undefined ? {} : { sender: deps.crew.self };
  const attempt = { id: deps.random.id(), startedAt: now, expiresAt: now + writeLeaseMs, ...sender };
  return compose(golden, link, entity, mapping, { encode, policy: deps.policy, goldenById }, attempt);
}

/** A system's own form of cells' values. */
export function encoderOf(deps: Pick<Deps, "policy">, connector: Connector, object: ObjectName): Encode {
  const cells = new Map(mappedObject(deps.policy, connector.system, object).cells.map((cell) => [cell.cell, cell]));
  return (_field, name, value) => {
    const cell = cells.get(name);
    if (cell === undefined) throw new Error(`Cell ${name} is not mapped in ${connector.system}.`);
    return connector.encode(object, cell, value);
  };
}

function refusalsOf(
  deps: Deps,
  golden: GoldenRecord,
  link: Link,
  { entity }: Found,
  { refusals }: { readonly refusals: Refusals },
  now: number,
): readonly JournalEntry[] {
  if (Object.keys(refusals).length === 0) return [];
  return refusalLines(golden, link, refusals, { policy: deps.policy, entity, now, cause: deps.random.id() });
}

function attemptOf(
  deps: Deps,
  goldenId: GoldenId,
  link: Link,
  inFlight: InFlight,
  result: string,
  recordId: string | null = link.id,
): Attempt {
  return {
    id: inFlight.attemptId,
    goldenId,
    system: link.system,
    object: link.object,
    recordId,
    kind: inFlight.kind,
    fields: Object.keys(inFlight.versions),
    startedAt: inFlight.startedAt,
    endedAt: result === "intent" ? null : deps.clock.now(),
    result,
  };
}

async function sendAndSettle(
  deps: Deps,
  system: SystemId,
  object: ObjectName,
  sends: readonly Send[],
  outbox: Outbox,
): Promise<readonly WriteResult[]> {
  const startedAt = deps.clock.now();
  const mapped = mappedObject(deps.policy, system, object);
  const results = await send(deps, system, mapped, sends);
  const counts: Record<string, number> = {};
  for (const result of results) counts[resultName(result)] = (counts[resultName(result)] ?? 0) + 1;
  await settleAll(deps, sends, results, outbox);
  const now = deps.clock.now();
  const arrivals = sends.flatMap(({ entity, from, link: { behindSince } }, i) =>
    results[i]?.kind === "written" && behindSince !== null
      ? [{ entity: entity.name, from, ms: now - behindSince }]
      : [],
  );
  const retries = sends.filter(isSecondTry).length;
  deps.tell({ kind: "written", system, object, results: counts, tookMs: now - startedAt, retries, arrivals });
  return results;
}

function resultName(result: WriteResult): string {
  return result.kind === "failed" ? result.error.code : result.kind;
}

async function send(
  deps: Deps,
  system: SystemId,
  object: MappedObject,
  sends: readonly Send[],
): Promise<readonly WriteResult[]> {
  try {
    return await connectorOf(deps, system).write(object, sends.map(requestOf));
  } catch (error) {
    if (!(error instanceof SyncFailure)) throw error;
    const failure: SyncError = error.error;
    return sends.map(() => ({ kind: "failed", error: failure }));
  }
}

function requestOf({ goldenId, link, inFlight, entity, mapping }: Send): WriteRequest {
  const { attemptId, patch, kind } = inFlight;
  if (kind === "create") {
    const identity = entity.identity.flatMap((key) =>
      key.fields.length === 1 ? ownCellOf(mapping, key.fields[0] ?? "") : [],
    );
    return { kind, attemptId, key: goldenId, patch, identity, lookFirst: link.createUnknown };
  }
  if (link.id === null) throw new Error(`Golden record ${goldenId}: ${kind} of a link without a record.`);
  const base = baseOf(link, kind === "update" ? Object.keys(patch) : Object.keys(link.cells));
  return kind === "update"
    ? { kind, attemptId, id: link.id, patch, base, revision: link.revision }
    : {
        ...{ kind, attemptId, id: link.id, base, revision: link.revision },
        ...(inFlight.into === undefined ? {} : { into: inFlight.into }),
      };
}

/** The cell by which a record may be found: one that holds the field and nothing else. */
function ownCellOf(mapping: ObjectMapping, field: string): readonly string[] {
  const one = mapping.fields[field];
  return one === undefined || one.form !== undefined ? [] : [one.cell];
}

/** Settles receipts on the golden records as they are now; other commits may have come between since the intents. */
async function settleAll(
  deps: Deps,
  sends: readonly Send[],
  results: readonly WriteResult[],
  outbox: Outbox,
): Promise<void> {
  const taken = results.flatMap((result, i) => {
    const send = sends[i];
    if (send === undefined) return [];
    const isFound = result.kind === "exists" || (result.kind === "written" && send.inFlight.kind === "create");
    if (isFound) return [refOf(send.link, result.id)];
    const { takenBy } = result.kind === "failed" && result.error.code === "REJECTED" ? result.error : {};
    return takenBy === undefined ? [] : [refOf(send.link, takenBy)];
  });
  const named = sends.flatMap((send, i) => referredIn(deps, send, results[i]));
  let open = sends.map((send, i) => ({ send, result: results[i] ?? ({ kind: "failed", error: noAnswer } as const) }));
  let keys: readonly string[] = [];
  for (let races = 0; open.length > 0; ) {
    if (races === racesMax)
      throw new Error(`Receipts of ${open.length} writes could not be committed: other commits always came first.`);
    const until = Math.max(...open.map(({ send }) => send.inFlight.expiresAt));
    const ids = [...new Set(open.map(({ send }) => send.goldenId))];
    const loaded = await insist(deps, until, () => deps.store.load({ records: [...taken, ...named], keys, ids }));
    const byGolden = Map.groupBy(open, ({ send }) => send.goldenId);
    const units: { readonly unit: CommitUnit; readonly items: typeof open }[] = [];
    for (const [goldenId, items] of byGolden) {
      const golden = loaded.goldens.get(goldenId);
      if (golden === undefined) continue;
      const ownerOf = (ref: RecordRef) => loaded.byRecord.get(recordKey(ref)) ?? null;
      units.push({ items, unit: settleGolden(deps, golden, items, ownerOf, (key) => loaded.byKey.get(key)) });
    }
    const composed = composeAlong(
      deps,
      units.map(({ unit }) => unit),
      outbox,
    );
    const committed = await committedBy(deps, composed, until);
    if (committed === null) {
      keys = units.flatMap(({ unit }) => unit.keys ?? []);
      continue;
    }
    races++;
    outbox.add(composed.flatMap(({ sends: next }, i) => (committed[i]?.kind === "committed" ? next : [])));
    const stale = units.filter((_, i) => committed[i]?.kind === "stale");
    open = stale.flatMap(({ items }) => items);
    keys = stale.flatMap(({ unit }) => unit.keys ?? []);
  }
}

/**
 * `null`: the store failed, and after a pause all is to be looked at anew, since what a commit of unknown outcome did is then there. That is no lost
 * race: a store whose disk is full can still be read, and fails each commit at once.
 */
async function committedBy(
  { store, clock }: Deps,
  units: readonly { readonly unit: CommitUnit }[],
  until: number,
): Promise<readonly CommitResult[] | null> {
  try {
    return await store.commit(units.map(({ unit }) => unit));
  } catch (error) {
    if (!(error instanceof StoreFailure) || clock.now() + storePauseMs > until) throw error;
    await clock.sleep(storePauseMs);
    return null;
  }
}

const noAnswer: SyncError = { code: "UNKNOWN_OUTCOME", message: "the connector gave no result for this write" };

function refOf(link: Pick<Link, "system" | "object">, id: string): RecordRef {
  return { system: link.system, object: link.object, id };
}

/** The records that an answer's references name. One that can't be read names none: it is poison, and told of when it is settled. */
function referredIn(deps: Deps, { link, entity, mapping }: Send, result: WriteResult | undefined): RecordRef[] {
  if (referencesOf(entity, mapping).length === 0) return [];
  const cells =
    result?.kind === "written" ? result.cells : result?.kind === "changed" ? result.observation.cells : undefined;
  if (cells === undefined) return [];
  const about = { revision: null, observedAt: 0, complete: false, changedAt: null, author: null };
  try {
    const seen = observe({ kind: "upsert", ref: refOf(link, link.id ?? ""), cells, ...about }, entity, mapping);
    return referredRecords(seen, entity, mapping, deps.policy);
  } catch {
    return [];
  }
}

type OwnerOf = (ref: RecordRef) => GoldenId | null;

function settleGolden(
  deps: Deps,
  golden: GoldenRecord,
  items: readonly { readonly send: Send; readonly result: WriteResult }[],
  ownerOf: OwnerOf,
  ownerOfKey: (key: string) => GoldenId | undefined,
): CommitUnit {
  let current = golden;
  const journal: Settled["journal"][number][] = [];
  const holds: Settled["holds"][number][] = [];
  const reread: RecordRef[] = [];
  const attempts: Attempt[] = [];
  const deadLetters: DeadLetter[] = [];
  const cured: string[] = [];
  const wake: RecordRef[] = [];
  const parked: Parked[] = [];
  for (const { send, result } of items) {
    const index = current.links.findIndex((link) => link.inFlight?.attemptId === send.inFlight.attemptId);
    const recordId = result.kind === "written" ? result.id : send.link.id;
    attempts.push(attemptOf(deps, golden.id, send.link, send.inFlight, resultName(result), recordId));
    // Given up as lost meanwhile: whatever it did will be read back.
    if (index === -1) continue;
    const receipt = receiptOf(result, send, ownerOf);
    const settled = settleOne(deps, current, index, receipt, send, (ref) => ownerOf(ref) ?? undefined);
    current = settled.golden;
    journal.push(...settled.journal);
    holds.push(...settled.holds);
    reread.push(...settled.reread);
    parked.push(...settled.parked);
    if (recordId !== null) wake.push(refOf(send.link, recordId));
    if (settled.dead !== null) deadLetters.push(deadWrite(deps, golden.id, send, settled.dead, result));
    if (settled.isCured) cured.push(letterId(golden.id, send.link));
  }
  const unit = goldenUnit(deps, current, laneLive, ownerOfKey);
  const closedLetters = cured.map((id) => curedLetter(deps, id));
  const inbox = [...reread.map((ref) => hintOf(deps, ref)), ...followUps(deps, parked, laneLive)];
  return { ...unit, journal, holds, attempts, deadLetters, closedLetters, wake, inbox };
}

function receiptOf(result: WriteResult, { goldenId, link, inFlight }: Send, ownerOf: OwnerOf): Receipt {
  if (result.kind === "exists") return { ...result, owner: ownerOf(refOf(link, result.id)) };
  if (result.kind !== "written" || inFlight.kind !== "create") return result;
  // Its record was merged with another's, or taken for another's, before the answer came.
  const owner = ownerOf(refOf(link, result.id));
  return owner === null || owner === goldenId ? result : { kind: "exists", id: result.id, owner };
}

/** An answer that can't be taken in is our bug, and poison to this link alone: its outcome is then unknown, and it is tried again until it is dead. */
function settleOne(
  deps: Deps,
  golden: GoldenRecord,
  index: number,
  receipt: Receipt,
  send: Send,
  goldenOf: GoldenOf,
): Settled {
  try {
    return settle(golden, index, receipt, depsFor(deps, send, goldenOf));
  } catch (error) {
    const message = messageOf(error);
    deps.tell({ kind: "poisoned", ref: refOf(send.link, send.link.id ?? ""), message });
    const unknown: Receipt = { kind: "failed", error: { code: "UNKNOWN_OUTCOME", message } };
    return settle(golden, index, unknown, depsFor(deps, send, goldenOf));
  }
}

/** One letter a link: its next failure is told in the same one. */
function letterId(goldenId: GoldenId, { system, object, id }: Link): string {
  return `write/${goldenId}/${system}/${object}/${id ?? ""}`;
}

function curedLetter(deps: Deps, id: string): CommitUnit["closedLetters"][number] {
  return { id, closed: { how: "cured", at: deps.clock.now(), by: "truce", reason: "a later write went well" } };
}

function deadWrite(
  deps: Deps,
  goldenId: GoldenId,
  { link, inFlight }: Send,
  { reason, refused }: DeadReason,
  result: WriteResult,
): DeadLetter {
  const { kind, patch, versions, values } = inFlight;
  return {
    id: letterId(goldenId, link),
    kind: "write",
    ref: refOf(link, link.id ?? ""),
    goldenId,
    payload: { kind, patch, versions, values, refused } satisfies DeadWrite,
    code: result.kind === "failed" ? result.error.code : "BUG",
    reason,
    tries: link.failures + 1,
    at: deps.clock.now(),
    closed: null,
  };
}

function refsOf(golden: GoldenRecord, system: SystemId): RecordRef[] {
  return golden.links.flatMap((link) => (link.system === system && link.id !== null ? [refOf(link, link.id)] : []));
}
