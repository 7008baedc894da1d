import { errorAt, type Finding, type Path } from "./problem.ts";
import { missingReferences, type ReferenceSource } from "./reference.ts";

/** References that have no value, in systems and settings; and those that stand where none is put in. */
export function checkReferences(data: unknown, source: ReferenceSource): Finding[] {
  return textsOf(data, []).flatMap(([path, text]) => {
    if (path[0] === "entities") {
      const remedy = "They are put in under systems and settings only.";
      return /\$\{\w+\}/u.test(text) ? [errorAt(path, `"${text}" is a reference`, remedy)] : [];
    }
    return missingReferences(text, source).map((name) =>
      name.startsWith("file:")
        ? errorAt(
            path,
            `the file ${name.slice("file:".length)} can't be read, or is empty`,
            "Check its path and its access rights.",
          )
        : errorAt(
            path,
            `the environment variable ${name} is not set`,
            `Set it, or add a line ${name}=... to the file .env.`,
          ),
    );
  });
}

function textsOf(data: unknown, path: Path): (readonly [Path, string])[] {
  if (typeof data === "string") return [[path, data]];
  if (Array.isArray(data)) return data.flatMap((item, i) => textsOf(item, [...path, i]));
  if (typeof data !== "object" || data === null) return [];
  return Object.entries(data).flatMap(([key, value]) => textsOf(value, [...path, key]));
}
