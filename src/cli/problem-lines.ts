import { type ConfigProblem, pathText } from "../config/problem.ts";
import { color } from "./output.ts";

/** Problems for people: place and path, then what is wrong and the remedy, as two lines. */
export function problemLines(problems: readonly ConfigProblem[]): string[] {
  return problems.flatMap(({ file, line, column, severity, path, message, remedy }) => {
    const kind = severity === "error" ? color.red("error") : color.yellow("warning");
    const where = path.length === 0 ? "" : `  ${color.dim(pathText(path))}`;
    const text = `${message}.`;
    return [`${file}:${line}:${column} ${kind}${where}`, `    ${text}${remedy === null ? "" : ` ${remedy}`}`];
  });
}
