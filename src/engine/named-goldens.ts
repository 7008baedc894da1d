import { idsOf } from "../core/relations/resolve-references.ts";
import type { Decision, Hold } from "../model/hold.ts";
import type { Deps } from "./deps.ts";

/** Why a decision's values can't be: a reference names a golden record that is not there, or of another entity. `null`: they can. */
export async function wronglyNamed(
  { store, policy }: Pick<Deps, "store" | "policy">,
  hold: Hold,
  { choice }: Decision,
): Promise<string | null> {
  if (choice.kind !== "set") return null;
  const named = Object.entries(choice.values).flatMap(([field, value]) => {
    const type = policy.entities[hold.entity]?.fields[field]?.type;
    return type?.kind === "reference" ? idsOf(value).map((id) => ({ field, id, to: type.to })) : [];
  });
  if (named.length === 0) return null;
  const { goldens } = await store.load({ records: [], keys: [], ids: [...new Set(named.map(({ id }) => id))] });
  const wrong = named.find(({ id, to }) => goldens.get(id)?.entity !== to);
  return wrong === undefined
    ? null
    : `${wrong.field}: there is no ${wrong.to} ${wrong.id}; name a golden record by its id.`;
}
