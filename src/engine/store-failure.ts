import type { Store } from "../ports/store.ts";

/**
 * A call to Truce's own store failed, or its answer never came: whether it was done is then unknown. Nothing rests on it: what the call was about
 * is looked at again, and decided again from the state as it is then.
 */
export class StoreFailure extends Error {
  constructor(doing: string, cause: unknown) {
    super(`${doing}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = "StoreFailure";
  }
}

/** The store, with every failure of a call as a `StoreFailure`: so that the engine's loops outlive it, and still end on bugs of their own. */
export function toldApart(store: Store): Store {
  const methods = Object.entries(store).map(([name, method]) => {
    if (typeof method !== "function") return [name, method];
    const call = method as (...args: unknown[]) => Promise<unknown>;
    const told = async (...args: unknown[]) => {
      try {
        return await call(...args);
      } catch (error) {
        throw new StoreFailure(name, error);
      }
    };
    return [name, told];
  });
  return Object.fromEntries(methods) as Store;
}
