/** From the config's root to a value: entity names, field names, positions in lists. */
export type Path = readonly (string | number)[];

/** Something wrong at a path. `at`: the key there is meant, or its value. */
export type Finding = {
  readonly severity: "error" | "warning";
  readonly path: Path;
  readonly at: "key" | "value";
  /** What is wrong; begins in lower case, without a full stop. */
  readonly message: string;
  /** How to mend it: a sentence. `null` where the message says it already. */
  readonly remedy: string | null;
};

/** A finding with its place in the file; line and column count from 1. */
export type ConfigProblem = Omit<Finding, "at"> & {
  readonly file: string;
  readonly line: number;
  readonly column: number;
};

export function errorAt(path: Path, message: string, remedy: string | null, at: Finding["at"] = "value"): Finding {
  return { severity: "error", path, at, message, remedy };
}

export function warningAt(path: Path, message: string, remedy: string | null, at: Finding["at"] = "value"): Finding {
  return { severity: "warning", path, at, message, remedy };
}

/** `entities.contact.identity[1]` */
export function pathText(path: Path): string {
  return path
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${part}`))
    .join("")
    .replace(/^\./u, "");
}

/** True when one path leads to the other. */
export function isOnWay(a: Path, b: Path): boolean {
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  return short.every((part, i) => part === long[i]);
}

/** What lies at a path of plain data; `undefined` when nothing does. */
export function valueAt(data: unknown, path: Path): unknown {
  let value = data;
  for (const part of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string | number, unknown>)[part];
  }
  return value;
}

/** One line for a terminal or log: `truce.yaml:12:5 error: entities.contact: ... remedy` */
export function problemText({ file, line, column, severity, path, message, remedy }: ConfigProblem): string {
  const where = path.length === 0 ? "" : `${pathText(path)}: `;
  return `${file}:${line}:${column} ${severity}: ${where}${message}.${remedy === null ? "" : ` ${remedy}`}`;
}
