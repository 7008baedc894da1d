import type { Hold } from "../model/hold.ts";
import type { EntityPolicy } from "../model/policy.ts";
import type { FieldValue } from "../model/value.ts";
import type { Veil } from "./mask.ts";

/** Who decided it meanwhile, or what came in since the revision that was shown: each change of an open conflict brings a side. */
export function staleText(
  { closed, candidates, kind: of, revision: present }: Hold,
  shown: number | null,
  entity: EntityPolicy | undefined,
  veil: Veil,
): string {
  const taken = candidates[Number(/^took candidate (?<number>\d+)$/u.exec(closed?.choice ?? "")?.groups?.["number"])];
  const wordsOf = (values: Hold["base"]) => Object.values(veil.values(entity, values)).map(plainText).join(", ");
  if (closed !== null)
    return `Decided already: ${taken === undefined ? closed.choice : wordsOf(taken.values)}, by ${closed.by}.`;
  const changed = "The hold has changed since you were shown it";
  const isKnown = of === "conflict" && shown !== null && shown > 0 && shown < present;
  const fresh = isKnown ? candidates.slice(Math.max(1, candidates.length - (present - shown))) : [];
  const said = fresh.map(({ source: from, values }) => {
    const who = from.kind === "record" ? from.ref.system : from.kind === "person" ? from.name : from.rule;
    return `${who} now says ${wordsOf(values)}`;
  });
  return said.length === 0 ? `${changed}.` : `${changed}: ${said.join("; ")}.`;
}

function plainText(value: FieldValue): string {
  if (value === null || value === "") return "nothing";
  return typeof value === "string" ? value : JSON.stringify(value);
}
