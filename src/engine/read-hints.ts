import { afterFailure } from "../core/retry.ts";
import type { RawDelete, RawMerge, RawUpsert } from "../model/observation.ts";
import { mappingOf } from "../model/policy.ts";
import { SyncFailure } from "../model/sync-error.ts";
import type { DeadLetter, InboxItem } from "../ports/store.ts";
import { connectorOf, type Deps, mappedObject } from "./deps.ts";

/** An inbox item with what it says in full. */
export type Statement = {
  readonly item: InboxItem;
  readonly observations: readonly (RawUpsert | RawDelete | RawMerge)[];
};

export type HintsRead = {
  readonly statements: readonly Statement[];
  readonly postponed: readonly { readonly inboxId: string; readonly dueAt: number }[];
  readonly dead: readonly { readonly item: InboxItem; readonly letter: DeadLetter }[];
};

/**
 * Turns hints into statements by reading their records, one batch per object. A system that can't be reached postpones its items; they
 * keep their place. Items that speak for themselves pass through.
 */
export async function readHints(deps: Deps, items: readonly InboxItem[]): Promise<HintsRead> {
  const statements = new Map<string, Statement>();
  const postponed: { inboxId: string; dueAt: number }[] = [];
  const dead: { item: InboxItem; letter: DeadLetter }[] = [];
  const hints = new Map<string, InboxItem[]>();
  for (const item of items) {
    const { observation } = item;
    if (observation.kind !== "hint") statements.set(item.id, { item, observations: [observation] });
    else if (mappingOf(deps.policy, observation.ref.system, observation.ref.object) === null)
      statements.set(item.id, { item, observations: [] });
    else pushTo(hints, `${observation.ref.system}/${observation.ref.object}`, item);
  }
  await Promise.all(
    [...hints.values()].map(async (group) => {
      try {
        for (const statement of await readGroup(deps, group)) statements.set(statement.item.id, statement);
      } catch (error) {
        if (!(error instanceof SyncFailure)) throw error;
        for (const item of group) {
          const next = afterFailure(error.error, item.tries + 1, deps.policy.retry, deps.random.fraction());
          if (next.kind === "retry") postponed.push({ inboxId: item.id, dueAt: deps.clock.now() + next.delayMs });
          else dead.push({ item, letter: letterOf(deps, item, error.error.code, error.message) });
        }
      }
    }),
  );
  // In the order of arrival, whatever the reads' order was.
  const inOrder = items.flatMap((item) => statements.get(item.id) ?? []);
  return { statements: inOrder, postponed, dead };
}

export function letterOf(deps: Deps, item: InboxItem, code: DeadLetter["code"], reason: string): DeadLetter {
  return {
    id: item.id,
    kind: "observation",
    ref: item.observation.ref,
    goldenId: null,
    payload: item.observation,
    code,
    reason,
    tries: item.tries + 1,
    at: deps.clock.now(),
    closed: null,
  };
}

async function readGroup(deps: Deps, group: readonly InboxItem[]): Promise<Statement[]> {
  const first = group[0];
  if (first === undefined) return [];
  const { system, object } = first.observation.ref;
  const ids = [...new Set(group.map((item) => item.observation.ref.id))];
  const observedAt = deps.clock.now();
  const results = await connectorOf(deps, system).read(mappedObject(deps.policy, system, object), ids);
  const byId = new Map(results.map((result) => [result.id, result]));
  const told = new Set<string>();
  return group.map((item) => {
    const { ref } = item.observation;
    const result = byId.get(ref.id);
    // Several hints about one record in a batch are one reading.
    if (told.has(ref.id)) return { item, observations: [] };
    told.add(ref.id);
    if (result === undefined || result.kind === "missing") {
      const gone: RawDelete = { kind: "delete", ref, revision: null, observedAt, confirmed: true };
      return { item, observations: [gone] };
    }
    const { observation } = result;
    if (observation.ref.id === ref.id) return { item, observations: [observation] };
    const merge: RawMerge = {
      kind: "merge",
      ref: observation.ref,
      losers: [ref.id],
      revision: observation.revision,
      observedAt,
    };
    return { item, observations: [merge, observation] };
  });
}

function pushTo<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
