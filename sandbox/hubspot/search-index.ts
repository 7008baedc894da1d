import type { StoredRecord } from "./record.ts";

/** What search sees: each version shows up some time after it was written, not always in the order of the writes. */
export type SearchIndex = {
  /** `record: null` takes it out (archived, merged away). */
  put(id: string, record: StoredRecord | null): void;
  /** The records as the index has them now. */
  current(): ReadonlyMap<string, StoredRecord>;
  /** Makes everything visible at once. */
  catchUp(): void;
};

type Pending = {
  readonly id: string;
  readonly record: StoredRecord | null;
  readonly order: number;
  readonly dueAt: number;
};

/** `lagMs` is drawn anew for each write. */
export function createSearchIndex(now: () => number, lagMs: () => number): SearchIndex {
  const visible = new Map<string, StoredRecord>();
  const orderOf = new Map<string, number>();
  let pending: Pending[] = [];
  let order = 0;
  const apply = (one: Pending) => {
    // A version that shows up late never hides a later one.
    if ((orderOf.get(one.id) ?? 0) > one.order) return;
    orderOf.set(one.id, one.order);
    if (one.record === null) visible.delete(one.id);
    else visible.set(one.id, one.record);
  };
  const applyDue = (due: (one: Pending) => boolean) => {
    if (pending.length === 0) return;
    const left: Pending[] = [];
    for (const one of pending) {
      if (due(one)) apply(one);
      else left.push(one);
    }
    pending = left;
  };
  return {
    put: (id, record) => {
      pending.push({ id, record, order: ++order, dueAt: now() + lagMs() });
    },
    current: () => {
      const at = now();
      applyDue((one) => one.dueAt <= at);
      return visible;
    },
    catchUp: () => applyDue(() => true),
  };
}
