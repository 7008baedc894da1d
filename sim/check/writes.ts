import { writeLeaseMs } from "../../src/engine/deps.ts";
import { sameRaw } from "../../src/model/value.ts";
import type { Change, SimSystem } from "../simulated-system.ts";
import type { Truth } from "./truth.ts";

/** I3, I5, I6, I12: what Truce wrote, by the systems' own logs and the requests that left it. */
export function checkWrites(truth: Truth): string[] {
  return [...checkEchoes(truth), ...checkGuards(truth), ...checkCreates(truth), ...checkIntents(truth)];
}

/** I5: no write puts a value where the same value is; what a system cuts off is found out once for a value, and not tried again. */
function checkEchoes(truth: Truth): string[] {
  const tried = new Set<string>();
  return truth.world.systems.flatMap((system) =>
    system.log.flatMap((one) => {
      if (one.by !== "truce" || one.kind !== "update") return [];
      return Object.keys(one.after)
        .filter((cell) => sameRaw(one.after[cell], one.before[cell]) && !one.unseen.includes(cell))
        .filter((cell) => {
          const value = truth.canon(cell, one.asked[cell]);
          const key = `${one.id}/${cell}/${value}`;
          const isCut = value !== truth.canon(cell, one.after[cell]) && !tried.has(key);
          // Without its answer nobody knows yet.
          if (truth.world.ledger.attempts.get(one.attempt ?? "")?.result === "written") tried.add(key);
          return !isCut;
        })
        .map((cell) => `I5: ${one.id}.${cell} was written with what it held (${one.after[cell]}) at ${one.at}`);
    }),
  );
}

/** I3: where the system can refuse, nothing lands on something else than the write was based on; and every write names its base. */
function checkGuards(truth: Truth): string[] {
  const broken: string[] = [];
  for (const { system, request, at } of truth.world.sends) {
    if (request.kind === "create") continue;
    const touched = request.kind === "update" ? Object.keys(request.patch) : readIn(truth, system);
    for (const cell of touched) {
      if (!(cell in request.base))
        broken.push(`I3: ${request.id}.${cell} of ${system} is overwritten without its base at ${at}`);
    }
  }
  return broken;
}

/** Cells that are read there, but for one that a process may take for missing. */
function readIn({ world }: Truth, system: string): string[] {
  const { fields, schemaEveryMs } = world.scenario;
  return fields
    .filter(({ directions }) => (directions[system] ?? (system in directions ? "write" : "both")) !== "write")
    .map(({ name }) => name)
    .filter((name) => schemaEveryMs === null || name !== "phone");
}

/** I6: Truce never makes a second record of one golden record while the first is there. */
function checkCreates(truth: Truth): string[] {
  const { systems, ledger } = truth.world;
  const broken: string[] = [];
  for (const system of systems) {
    const made = new Map<string, string>();
    for (const one of system.log) {
      if (one.by !== "truce" || one.kind !== "create") continue;
      const goldenId = ledger.attempts.get(one.attempt ?? "")?.goldenId ?? "";
      const earlier = made.get(goldenId);
      made.set(goldenId, one.id);
      if (earlier !== undefined && isThereAt(truth, system.name, earlier, one.order) && !isBlind(truth, system, one))
        broken.push(`I6: ${one.id} was made in ${system.name} for ${goldenId}, which has ${earlier} there`);
    }
    for (const [goldenId, id] of made) {
      if (
        truth.goldensOf(system.name, id).size === 0 &&
        system.live(id) !== undefined &&
        !isHeld(truth, system.name, id)
      )
        broken.push(`I6: ${id} of ${system.name}, made for ${goldenId}, is linked to nothing`);
    }
  }
  return broken;
}

/**
 * Nothing in the system tells that the first is there: no key, and no identity, or the sender was stopped between its look and its write for
 * longer than its write was waited for.
 */
function isBlind({ world }: Truth, { profile }: SimSystem, one: Change): boolean {
  const startedAt = world.ledger.attempts.get(one.attempt ?? "")?.startedAt ?? one.at;
  const isKnown = world.scenario.identity.some((field) => (one.after[field] ?? null) !== null);
  return !profile.createKey && (!isKnown || one.at - startedAt >= writeLeaseMs);
}

/** Its e-mail changed, so a system without a create key could not have told. */
function isThereAt({ world }: Truth, name: string, id: string, order: number): boolean {
  const system = world.systems.find((one) => one.name === name)!;
  const history = system.records.get(id)!.history.filter((one) => one.order < order);
  const last = history.at(-1);
  if (last === undefined || last.kind === "delete" || last.kind === "merged-away") return false;
  return (
    system.profile.createKey ||
    !history.some((one) => one.by !== "truce" && world.scenario.identity.some((field) => field in one.after))
  );
}

function isHeld({ world }: Truth, system: string, id: string): boolean {
  const last = new Map(world.ledger.holds.map((hold) => [hold.id, hold]));
  return [...last.values()].some((hold) => hold.ref?.system === system && hold.ref.id === id);
}

/** I12: every write has exactly one intent, committed before the call; every attempt but the last of a dead process has its result. */
function checkIntents(truth: Truth): string[] {
  const { sends, ledger, systems } = truth.world;
  const broken: string[] = [];
  const sent = new Set<string>();
  for (const { request, system } of sends) {
    const attempt = ledger.attempts.get(request.attemptId);
    if (sent.has(request.attemptId)) broken.push(`I12: attempt ${request.attemptId} was sent twice to ${system}`);
    sent.add(request.attemptId);
    if (attempt === undefined) broken.push(`I12: a ${request.kind} to ${system} has no intent (${request.attemptId})`);
  }
  for (const attempt of ledger.attempts.values()) {
    if (attempt.result === "intent") broken.push(`I12: attempt ${attempt.id} on ${attempt.system} has no result`);
  }
  for (const system of systems) {
    for (const one of system.log) {
      const fields = ledger.attempts.get(one.attempt ?? "")?.fields;
      if (one.by !== "truce" || one.kind !== "update" || fields === undefined) continue;
      const beyond = Object.keys(one.after).filter((cell) => !fields.includes(cell));
      if (beyond.length > 0) broken.push(`I12: ${one.id} got ${beyond.join()}, which its intent does not name`);
    }
  }
  return broken;
}
