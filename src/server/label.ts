import type { FieldName } from "../model/golden.ts";
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
