import { acknowledgeAlert, openAlerts, pastAlerts } from "../control/alerts/alerts.ts";
import { type ConvergenceReport, convergenceReport } from "../control/convergence.ts";
import { type DeadReport, type DeadSelection, discardDead, editDead, replayDead } from "../control/dead-letters.ts";
import { type Erased, erase } from "../control/erase.ts";
import { suggestRules } from "../control/suggest.ts";
import { planUndo, type UndoReport, type UndoSelection, undo } from "../control/undo.ts";
import { type VerifyReport, verify } from "../control/verify.ts";
import type { Suggestion } from "../core/suggest.ts";
import { type Deps, mappedObjects } from "../engine/deps.ts";
import { decideFlow, type StoppedFlow, stoppedFlows } from "../engine/mass-guard.ts";
import { decideHold, type Reviewed } from "../engine/review.ts";
import type { Running } from "../engine/run.ts";
import type { SweepReport } from "../engine/scan.ts";
import { type SplitDone, splitRecords } from "../engine/split.ts";
import { type Trained, trainMatching } from "../engine/train.ts";
import type { Alert } from "../model/alert.ts";
import type { EntityType, GoldenId, GoldenRecord } from "../model/golden.ts";
import type { Decision, Hold } from "../model/hold.ts";
import type { JournalEntry } from "../model/journal.ts";
import type { RecordRef, SystemId } from "../model/record.ts";
import type { RawValue } from "../model/value.ts";
import type { DeadLetter, DeadLetterFilter, HoldFilter, JournalFilter, StoreCounts } from "../ports/store.ts";
import { openAccounts, type User } from "../server/access/accounts.ts";
import type { Role } from "../server/access/identity.ts";

export type Status = {
  /** Since when a process has been syncing; `null` when none is, or none that this command can reach. */
  readonly runningSince: number | null;
  /** Whether every system has been read and decided once; writes begin then. */
  readonly loaded: boolean;
  readonly counts: StoreCounts;
  /** The newest of them. */
  readonly deadLetters: readonly DeadLetter[];
};

/**
 * What people ask of Truce's own state and decide on it. An embedded store belongs to one process; while that one runs, other commands
 * reach the store through its desk.
 */
export type Desk = {
  status(): Promise<Status>;
  holds(filter: HoldFilter): Promise<readonly Hold[]>;
  hold(id: string): Promise<Hold | null>;
  decide(decision: Decision): Promise<Reviewed>;
  /** Scored matching learns from decisions on duplicates: those of one entity, or of each (`null`). */
  train(entity: EntityType | null): Promise<readonly Trained[]>;
  split(goldenId: GoldenId, refs: readonly RecordRef[], by: string): Promise<SplitDone>;
  deadLetters(filter: DeadLetterFilter): Promise<readonly DeadLetter[]>;
  deadLetter(id: string): Promise<DeadLetter | null>;
  replayDead(selection: DeadSelection, by: string): Promise<DeadReport>;
  editDead(id: string, values: Readonly<Record<string, RawValue>>, by: string): Promise<DeadReport>;
  discardDead(selection: DeadSelection, by: string, reason: string): Promise<DeadReport>;
  planUndo(selection: UndoSelection): Promise<UndoReport>;
  undo(selection: UndoSelection, by: string): Promise<UndoReport>;
  stoppedFlows(): Promise<readonly StoppedFlow[]>;
  decideFlow(key: string, decision: Parameters<typeof decideFlow>[2]): Promise<boolean>;
  convergence(): Promise<ConvergenceReport>;
  erase(goldenId: string, by: string): Promise<Erased>;
  verify(): Promise<VerifyReport>;
  suggestRules(): Promise<readonly Suggestion[]>;
  alerts(): Promise<readonly Alert[]>;
  pastAlerts(limit: number): Promise<readonly Alert[]>;
  acknowledgeAlert(key: string, by: string): Promise<boolean>;
  users(): Promise<readonly Pick<User, "name" | "role" | "createdAt">[]>;
  /** Makes a user; the secret of the link by which they choose their password. */
  inviteUser(name: string, role: Role): Promise<string>;
  search(text: string, limit: number): Promise<readonly GoldenRecord[]>;
  byRecord(ref: RecordRef): Promise<GoldenRecord | null>;
  journal(filter: JournalFilter): Promise<readonly (JournalEntry & { readonly sequence: number })[]>;
  /** Sweeps a system, or all (`null`), and waits until what it found is settled. Rejects where nothing runs. */
  sweep(system: SystemId | null): Promise<readonly SweepReport[]>;
};

export const deskCalls = [
  "status",
  "holds",
  "hold",
  "decide",
  "split",
  "train",
  "deadLetters",
  "deadLetter",
  "replayDead",
  "editDead",
  "discardDead",
  "planUndo",
  "undo",
  "stoppedFlows",
  "decideFlow",
  "convergence",
  "erase",
  "verify",
  "suggestRules",
  "alerts",
  "pastAlerts",
  "acknowledgeAlert",
  "users",
  "inviteUser",
  "search",
  "byRecord",
  "journal",
  "sweep",
] as const satisfies (keyof Desk)[];

const deadLettersShown = 5;

/** A desk on a store of this process's own. `running: null`: nothing syncs here. */
export function deskOf(deps: Deps, running: Running | null): Desk {
  const { store } = deps;
  return {
    async status() {
      const [counts, deadLetters, loaded] = await Promise.all([
        store.counts(deps.clock.now()),
        store.deadLetters({ status: "open", limit: deadLettersShown }),
        running === null ? store.cursor("loaded").then((place) => place !== null) : running.isLoaded(),
      ]);
      return { runningSince: running === null ? null : deps.startedAt, loaded, counts, deadLetters };
    },
    holds: (filter) => store.holds(filter),
    hold: (id) => store.hold(id),
    decide: (decision) => decideHold(deps, decision),
    train: (entity) => trainEntities(deps, entity),
    split: (goldenId, refs, by) => splitRecords(deps, goldenId, refs, by),
    deadLetters: (filter) => store.deadLetters(filter),
    deadLetter: (id) => store.deadLetter(id),
    replayDead: (selection, by) => replayDead(deps, selection, by),
    editDead: (id, values, by) => editDead(deps, id, values, by),
    discardDead: (selection, by, reason) => discardDead(deps, selection, by, reason),
    planUndo: (selection) => planUndo(deps, selection),
    undo: (selection, by) => undo(deps, selection, by),
    stoppedFlows: () => stoppedFlows(deps),
    decideFlow: (key, decision) => decideFlow(deps, key, decision),
    convergence: () => convergenceReport(deps),
    erase: (goldenId, by) => erase(deps, goldenId, by),
    verify: () => verify(deps),
    suggestRules: () => suggestRules(deps),
    alerts: () => openAlerts(deps),
    pastAlerts: (limit) => pastAlerts(deps, limit),
    acknowledgeAlert: (key, by) => acknowledgeAlert(deps, key, by),
    async users() {
      const users = await openAccounts(deps).users();
      return users.map(({ value: { name, role, createdAt } }) => ({ name, role, createdAt }));
    },
    async inviteUser(name, role) {
      const accounts = openAccounts(deps);
      await accounts.addUser(name, role, null);
      return accounts.invite({ name, role, isPass: false });
    },
    search: (text, limit) => store.search(text, limit),
    async byRecord(ref) {
      const { goldens } = await store.load({ records: [ref], keys: [], ids: [] });
      return [...goldens.values()][0] ?? null;
    },
    journal: (filter) => store.journal(filter),
    sweep: (system) => {
      if (running === null) throw new Error("Nothing runs here that could sweep.");
      return sweepSystems(deps, running, system);
    },
  };
}

async function trainEntities(deps: Deps, entity: EntityType | null): Promise<readonly Trained[]> {
  const trained: Trained[] = [];
  for (const name of entity === null ? Object.keys(deps.policy.entities) : [entity]) {
    const one = await trainMatching(deps, name);
    if (one !== null) trained.push(one);
  }
  return trained;
}

/** One sweep after another of everything that is mapped in a system, or in all. */
export async function sweepSystems(
  deps: Deps,
  running: Running,
  system: SystemId | null,
): Promise<readonly SweepReport[]> {
  const reports: SweepReport[] = [];
  for (const name of system === null ? deps.connectors.keys() : [system]) {
    for (const { object } of mappedObjects(deps.policy, name)) reports.push(await running.sweep(name, object));
  }
  await Promise.race([running.quiet(), running.ended]);
  return reports;
}
