import { useSyncExternalStore } from "react";

type Toast = {
  readonly id: number;
  readonly text: string;
  readonly isBad: boolean;
  readonly action?: { readonly label: string; readonly act: () => void };
};

const shownMs = 7_000;
const shownMax = 3;
let toasts: readonly Toast[] = [];
let last = 0;
const listeners = new Set<() => void>();

function change(next: readonly Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}

/** Says something for a while, without taking the focus. */
export function say(text: string, options: { readonly isBad?: boolean; readonly action?: Toast["action"] } = {}): void {
  const id = ++last;
  const { isBad = false, action } = options;
  change([...toasts, { id, text, isBad, ...(action === undefined ? {} : { action }) }].slice(-shownMax));
  setTimeout(() => change(toasts.filter((one) => one.id !== id)), shownMs);
}

export function Toasts() {
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => toasts,
  );
  return (
    <div className="toasts" role="status" aria-live="polite">
      {shown.map(({ id, text, isBad, action }) => (
        <div key={id} className={`toast ${isBad ? "bad" : ""}`}>
          <span className="grow">{text}</span>
          {action === undefined ? null : (
            <button type="button" className="button small" onClick={action.act}>
              {action.label}
            </button>
          )}
        </div>
      ))}
    </div>
  );
}
