import { AssertionError } from "node:assert";
import { inspect } from "node:util";

/** What a contract expects; the same under every test runner. */
type Expectation = {
  toBe(expected: unknown): void;
  toBeNull(): void;
  /** Equal in depth; members that are `undefined` count as absent. */
  toEqual(expected: unknown): void;
  /** Objects may have more members than expected, at any depth; lists may not. */
  toMatchObject(expected: unknown): void;
  /** A list or set that has this item. */
  toContain(expected: unknown): void;
  /** A list with an item that matches. */
  toContainMatch(expected: unknown): void;
};

export function expect(actual: unknown, about = ""): Expectation {
  const judge = (isSo: boolean, expected: unknown, operator: string): void => {
    if (isSo) return;
    const said = `expected ${shown(actual)} ${operator} ${shown(expected)}`;
    throw new AssertionError({ message: about === "" ? said : `${about}: ${said}`, actual, expected, operator });
  };
  const items = () => (actual instanceof Set ? [...actual] : Array.isArray(actual) ? actual : []) as unknown[];
  return {
    toBe: (expected) => judge(Object.is(actual, expected), expected, "to be"),
    toBeNull: () => judge(actual === null, null, "to be"),
    toEqual: (expected) => judge(matches(actual, expected) && matches(expected, actual), expected, "to equal"),
    toMatchObject: (expected) => judge(matches(actual, expected), expected, "to match"),
    toContain: (expected) => judge(items().includes(expected), expected, "to contain"),
    toContainMatch: (expected) =>
      judge(
        items().some((item) => matches(item, expected)),
        expected,
        "to contain",
      ),
  };
}

function matches(actual: unknown, expected: unknown): boolean {
  if (Object.is(actual, expected)) return true;
  if (typeof actual !== "object" || typeof expected !== "object" || actual === null || expected === null) return false;
  if (Array.isArray(actual) !== Array.isArray(expected)) return false;
  if (Array.isArray(actual) && actual.length !== (expected as unknown[]).length) return false;
  const has = actual as Readonly<Record<string, unknown>>;
  return Object.entries(expected).every(([key, value]) =>
    value === undefined && !Object.hasOwn(has, key) ? true : Object.hasOwn(has, key) && matches(has[key], value),
  );
}

function shown(value: unknown): string {
  return inspect(value, { depth: 6, breakLength: 100 });
}
