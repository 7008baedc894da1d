import type { Deps } from "../engine/deps.ts";
import type { FieldName, GoldenId } from "../model/golden.ts";
import type { EntityPolicy } from "../model/policy.ts";
import type { FieldValue } from "../model/value.ts";
import type { Veil } from "./mask.ts";

/** What people call a record: its names, else its e-mail, domain or first text, else its id. */
export function labelOf(
  entity: EntityPolicy | undefined,
  values: Readonly<Record<FieldName, FieldValue | undefined>>,
  id: string,
  veil: Veil,
): string {
  const fields = Object.values(entity?.fields ?? {});
  const texts = (kind: string) =>
    fields.flatMap(({ name, type }) => {
      const value = type.kind === kind ? values[name] : null;
      return typeof value === "string" && value !== "" ? [veil.value(type, value) as string] : [];
    });
  const names = texts("name");
  if (names.length > 0) return veil.isLifted ? names.slice(0, 3).join(" ") : `${entity?.name ?? ""} ${id.slice(-6)}`;
  for (const kind of ["email", "domain", "text", "phone"]) {
    const [first] = texts(kind);
    if (first !== undefined && veil.isLifted) return first.slice(0, 80);
  }
  return `${entity?.name ?? ""} ${id.slice(-6)}`.trim();
}

/** What people call some golden records, by their ids; those that are not there are left out. */
export async function labelsOf(
  { store, policy }: Pick<Deps, "store" | "policy">,
  ids: readonly GoldenId[],
  veil: Veil,
): Promise<ReadonlyMap<GoldenId, string>> {
  if (ids.length === 0) return new Map();
  const { goldens } = await store.load({ records: [], keys: [], ids: [...new Set(ids)] });
  return new Map(
    [...goldens.values()].map(({ id, entity, fields }) => {
      const values = Object.fromEntries(Object.entries(fields).map(([field, { value }]) => [field, value]));
      return [id, labelOf(policy.entities[entity], values, id, veil)];
    }),
  );
}
