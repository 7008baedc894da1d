import {
  type Flow,
  type FlowDecision,
  flowKindOf,
  flowLimit,
  isIdle,
  massLimitOf,
  newFlow,
  screen,
} from "../core/mass-change.ts";
import type { GoldenRecord } from "../model/golden.ts";
import type { Observation } from "../model/observation.ts";
import { type FlowKind, mappingOf } from "../model/policy.ts";
import type { ObjectName, RecordRef, SystemId } from "../model/record.ts";
import { ringWork } from "./bell.ts";
import type { Deps } from "./deps.ts";

/** One thing to be decided, as far as the guard is concerned. */
export type Guarded<T> = {
  readonly of: T;
  readonly seen: readonly Observation[];
  /** It has not waited before. */
  readonly isNew: boolean;
};

/** Those to be asked about, and those that wait; the others go on. */
export type Screening<T> = { readonly ask: ReadonlySet<T>; readonly wait: ReadonlySet<T> };

const kind = "flow";
const flowsMax = 1_000;
const racesMax = 8;
const pageSize = 1_000;

/**
 * Keeps masses of deletes, blanks and rewrites from travelling (I17): what passes the limit of its object waits until a person has decided. A batch without
 * any costs nothing; one with some, two trips to the store.
 */
export async function screenAll<T>(
  deps: Deps,
  batch: readonly Guarded<T>[],
  goldenOf: (ref: RecordRef) => GoldenRecord | null,
): Promise<Screening<T>> {
  const kinds = batch.map(({ seen }) => seen.flatMap((one) => kindOf(deps, one, goldenOf) ?? [])[0] ?? null);
  if (kinds.every((one) => one === null)) return { ask: new Set(), wait: new Set() };
  for (let race = 0; race < racesMax; race++) {
    const done = await screenOnce(deps, batch, kinds);
    if (done !== null) return done;
  }
  // Others screen so much at the same time that none of this can be counted now: it waits.
  return { ask: new Set(), wait: new Set(batch.flatMap(({ of }, i) => (kinds[i] === null ? [] : [of]))) };
}

type Found = { readonly kind: FlowKind; readonly ref: RecordRef };

function kindOf(deps: Deps, seen: Observation, goldenOf: (ref: RecordRef) => GoldenRecord | null): Found | null {
  const found = mappingOf(deps.policy, seen.ref.system, seen.ref.object);
  const flow = found === null ? null : flowKindOf(seen, goldenOf, found.entity, deps.policy);
  return flow === null ? null : { kind: flow, ref: seen.ref };
}

/** `null`: another process came between. */
async function screenOnce<T>(
  deps: Deps,
  batch: readonly Guarded<T>[],
  kinds: readonly (Found | null)[],
): Promise<Screening<T> | null> {
  const { store, clock } = deps;
  const now = clock.now();
  const flows = new Map<string, { flow: Flow; readonly revision: number }>();
  const verdicts = { go: new Set<T>(), ask: new Set<T>(), wait: new Set<T>() };
  for (const [i, { of, isNew }] of batch.entries()) {
    const found = kinds[i] ?? null;
    if (found === null) continue;
    const key = flowKey(found.ref.system, found.ref.object, found.kind);
    const known = flows.get(key) ?? (await loadFlow(deps, key, found));
    const { flow, verdict } = screen(known.flow, found.ref, isNew, now);
    flows.set(key, { ...known, flow });
    verdicts[verdict].add(of);
  }
  const changes = [...flows].map(([key, { flow, revision }]) => ({
    ...{ kind, key, value: flow, expiresAt: null, expected: revision },
  }));
  return (await store.putDocuments(changes, now)) ? verdicts : null;
}

async function loadFlow(deps: Deps, key: string, { kind: what, ref }: Found) {
  const now = deps.clock.now();
  const document = await deps.store.document(kind, key, now);
  const flow = document?.value as Flow | undefined;
  const revision = document?.revision ?? 0;
  if (flow !== undefined && !isIdle(flow, now)) return { flow, revision };
  const limit = massLimitOf(deps.policy, what);
  if (limit === null) throw new Error(`${key} is not counted.`);
  // Beyond so many records the limit is the same whatever their number is.
  const enough = Math.ceil((limit.records * 100) / limit.percent);
  const known = await knownRecords(deps, ref.system, ref.object, enough);
  return { flow: newFlow(flowLimit(known, limit)), revision };
}

async function knownRecords({ store }: Deps, system: SystemId, object: ObjectName, enough: number): Promise<number> {
  let known = 0;
  for (let after: string | null = null; known < enough; ) {
    const page: readonly { readonly id: string }[] = await store.linkedIds(system, object, after, pageSize);
    known += page.length;
    after = page.at(-1)?.id ?? null;
    if (page.length < pageSize) break;
  }
  return known;
}

function flowKey(system: SystemId, object: ObjectName, flow: FlowKind): string {
  return `${system}/${object}/${flow}`;
}

/** A flow that was stopped, and waits for a person or has been decided of late. */
export type StoppedFlow = Flow & {
  /** `crm/contacts/deletes` */
  readonly key: string;
};

/** Flows that were stopped: those that wait for a person, and those decided within a day. */
export async function stoppedFlows({ store, clock }: Pick<Deps, "store" | "clock">): Promise<readonly StoppedFlow[]> {
  const documents = await store.documents({ kind, limit: flowsMax }, clock.now());
  return documents.map(({ key, value }) => ({ ...(value as Flow), key })).filter(({ stoppedAt }) => stoppedAt !== null);
}

/**
 * A person's word on a stopped flow: `approve` lets so many (`null`: all) of what came and comes within a day go on as the config says, `hold` has
 * each asked about on its own. False when no such flow is stopped.
 */
export async function decideFlow(
  { store, clock }: Pick<Deps, "store" | "clock">,
  key: string,
  decision: Pick<FlowDecision, "kind" | "by" | "left">,
): Promise<boolean> {
  for (;;) {
    const now = clock.now();
    const document = await store.document(kind, key, now);
    const flow = document?.value as Flow | undefined;
    if (document === null || flow?.stoppedAt == null) return false;
    const value: Flow = { ...flow, samples: [], decision: { ...decision, at: now } };
    const change = { kind, key, value, expiresAt: null, expected: document.revision };
    if (!(await store.putDocuments([change], now))) continue;
    ringWork(store);
    return true;
  }
}
