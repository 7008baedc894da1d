import type { FieldType, FieldTypeKind } from "../model/field-type.ts";
import type { FieldName } from "../model/golden.ts";
import type { EntityPolicy } from "../model/policy.ts";
import { type FieldValue, isBlank } from "../model/value.ts";
import type { Identity } from "./access/identity.ts";

/** Types whose values name or describe a person. Free text may say anything about them. */
const personalKinds: ReadonlySet<FieldTypeKind> = new Set(["name", "address", "email", "phone", "text"]);

const hidden = "••••••";

/** What somebody is shown of field values: everything, or for those who may not see personal data, that there is something. */
export type Veil = {
  readonly isLifted: boolean;
  value(type: FieldType | undefined, value: FieldValue): FieldValue;
  values(
    entity: EntityPolicy | undefined,
    values: Readonly<Record<FieldName, FieldValue>>,
  ): Record<FieldName, FieldValue>;
  /** Words that may repeat a value. */
  words(text: string): string;
};

export function veilFor(who: Identity): Veil {
  const isLifted = who.permissions.has("personal");
  const value = (type: FieldType | undefined, given: FieldValue): FieldValue => {
    if (isLifted || isBlank(given) || (type !== undefined && !personalKinds.has(type.kind))) return given;
    return hidden;
  };
  return {
    isLifted,
    value,
    values: (entity, values) =>
      Object.fromEntries(
        Object.entries(values).map(([field, one]) => [field, value(entity?.fields[field]?.type, one)]),
      ),
    words: (text) => (isLifted ? text : hidden),
  };
}
