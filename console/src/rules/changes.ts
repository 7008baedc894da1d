import { useSyncExternalStore } from "react";

/** A rule that somebody would like, as the config writes it. */
export type RuleChange = { readonly entity: string; readonly field: string; readonly rule: string };

const place = "truce-rule-changes";
const listeners = new Set<() => void>();
let changes: readonly RuleChange[] = read();

function read(): readonly RuleChange[] {
  const kept: unknown = JSON.parse(sessionStorage.getItem(place) ?? "[]");
  return Array.isArray(kept) ? (kept as RuleChange[]) : [];
}

function put(next: readonly RuleChange[]): void {
  changes = next;
  sessionStorage.setItem(place, JSON.stringify(next));
  for (const listener of listeners) listener();
}

/** The changes gathered in this window, until they are in the file or dropped. */
export function useRuleChanges(): readonly RuleChange[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => changes,
  );
}

/** In place of what was wanted for that field before. */
export function addRuleChange(change: RuleChange): void {
  put([...changes.filter(({ entity, field }) => entity !== change.entity || field !== change.field), change]);
}

export function dropRuleChange({ entity, field }: Omit<RuleChange, "rule">): void {
  put(changes.filter((one) => one.entity !== entity || one.field !== field));
}

export function dropRuleChanges(): void {
  put([]);
}
