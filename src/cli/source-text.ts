import type { Source } from "../model/golden.ts";
import { safeText } from "./output.ts";

/** Where a value came from, for people: "crm 101, Rosa", "Ada", "made by union". */
export function sourceText(source: Source): string {
  if (source.kind === "person") return safeText(source.name);
  if (source.kind === "rule") return `made by ${source.rule}`;
  const author = source.author === null ? "" : `, ${safeText(source.author)}`;
  return `${source.ref.system} ${safeText(source.ref.id)}${author}`;
}
