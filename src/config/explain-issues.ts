import type { z } from "zod";
import { configSchema } from "./config-schema.ts";
import { knownKeys } from "./known-keys.ts";
import { errorAt, type Finding, type Path, valueAt } from "./problem.ts";
import { didYouMean, kindOf, listed } from "./words.ts";

type Issue = z.core.$ZodIssue;

/** Says in words what zod found wrong with the data. */
export function explainIssues(issues: readonly Issue[], data: unknown): Finding[] {
  const unknownAt = new Set(issues.filter((one) => one.code === "unrecognized_keys").map((one) => one.path.join("/")));
  return issues.flatMap((issue) => {
    // What a refinement says of an object with misspelt keys follows from them.
    const follows = issue.code === "custom" && unknownAt.has(issue.path.join("/"));
    return follows ? [] : explain(issue, [], data);
  });
}

function explain(issue: Issue, before: Path, data: unknown): Finding[] {
  const path: Path = [...before, ...issue.path.map((part) => (typeof part === "symbol" ? String(part) : part))];
  const value = valueAt(data, path);
  const last = path.at(-1);
  if (value === undefined && issue.code !== "unrecognized_keys") return [missing(issue, path)];
  switch (issue.code) {
    case "unrecognized_keys": {
      const known = knownKeys(configSchema, path, data);
      return issue.keys.map((key) =>
        errorAt([...path, key], `there is no setting "${key}" here`, didYouMean(key, known), "key"),
      );
    }
    case "invalid_type":
      return [wrongKind(issue.expected, value, path)];
    case "invalid_value":
      return [notOneOf(issue.values.map(String), value, path)];
    case "invalid_key":
      return [errorAt(path, issue.issues[0]?.message ?? issue.message, remedyOf(issue.issues[0]), "key")];
    case "invalid_union":
      return explainUnion(issue, path, data);
    case "custom":
      return [errorAt(path, issue.message, remedyOf(issue, path))];
    case "too_small":
      return [
        errorAt(
          path,
          issue.origin === "array" ? "the list is empty" : `${String(last)} is too small`,
          `It takes ${issue.minimum} or more.`,
        ),
      ];
    case "too_big":
      return [errorAt(path, `${String(last)} is too big`, `It takes ${issue.maximum} at most.`)];
    default:
      return [
        errorAt(
          path,
          issue.message.replace(/^./u, (letter) => letter.toLowerCase()),
          null,
        ),
      ];
  }
}

function missing(issue: Issue, path: Path): Finding {
  const parent = path.slice(0, -1);
  const key = String(path.at(-1));
  const choices = issue.code === "invalid_union" && "options" in issue ? issue.options : null;
  const remedy = `Add ${key}${Array.isArray(choices) ? `: ${listed(choices.map(String))}` : ""}.`;
  return errorAt(parent, `${key} is missing`, remedy, "key");
}

const kindNames: Readonly<Record<string, string>> = {
  object: "a mapping",
  record: "a mapping",
  array: "a list",
  string: "text",
  boolean: "true or false",
  number: "a number",
  int: "a whole number",
};

function wrongKind(expected: string, value: unknown, path: Path): Finding {
  const isQuotable = expected === "string" && (typeof value === "number" || typeof value === "boolean");
  const remedy = isQuotable ? `Put it in quotes: "${String(value)}".` : null;
  return errorAt(path, `${kindNames[expected] ?? expected} belongs here, not ${kindOf(value)}`, remedy);
}

function notOneOf(known: readonly string[], value: unknown, path: Path): Finding {
  const name = String(path.findLast((part) => typeof part === "string") ?? "value");
  const what = path.length === 4 && path[2] === "fields" ? `the type of ${name}` : name;
  if (typeof value !== "string") return wrongKind("string", value, path);
  return errorAt(path, `${what} can't be "${value}"`, didYouMean(value, known));
}

/** Of a union's branches, the one that the value was meant for: its issues are told, not that nothing fits. */
function explainUnion(issue: Issue & { readonly code: "invalid_union" }, path: Path, data: unknown): Finding[] {
  if (issue.errors.length === 0) {
    return [
      notOneOf(
        "options" in issue && Array.isArray(issue.options) ? issue.options.map(String) : [],
        valueAt(data, path),
        path,
      ),
    ];
  }
  const isForeign = (branch: readonly Issue[]) =>
    branch.some((one) => one.path.length === 0 && (one.code === "invalid_type" || one.code === "invalid_value"));
  const isChoice = (branch: readonly Issue[]) =>
    branch.some((one) => one.path.length === 0 && one.code === "invalid_value");
  const value = valueAt(data, path);
  const branch =
    issue.errors.find((one) => !isForeign(one)) ??
    (typeof value === "string" ? issue.errors.find(isChoice) : undefined);
  if (branch !== undefined) return branch.flatMap((one) => explain(one, path, data));
  const kinds = issue.errors.flatMap((one) =>
    one.flatMap((inner) => (inner.code === "invalid_type" ? [kindNames[inner.expected] ?? inner.expected] : [])),
  );
  return [errorAt(path, `${listed([...new Set(["text", ...kinds])])} belongs here, not ${kindOf(value)}`, null)];
}

function remedyOf(issue: Issue | undefined, path: Path = []): string | null {
  const params = issue?.code === "custom" ? issue.params : undefined;
  const remedy: unknown = params?.["remedy"];
  if (remedy === "secret") return secretRemedy(path);
  return typeof remedy === "string" ? remedy : null;
}

function secretRemedy(path: Path): string {
  const name = path
    .slice(1)
    .filter((part) => typeof part === "string")
    .join("_")
    .replaceAll(/[^A-Za-z0-9]+/gu, "_")
    .replaceAll(/(?<=[a-z])(?=[A-Z])/gu, "_")
    .toUpperCase();
  return `Put it into the environment or into .env, and write \${${name}} in its place (in TypeScript: env("${name}")).`;
}
