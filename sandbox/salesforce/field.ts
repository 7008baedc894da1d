export type FieldKind =
  | "id"
  | "string"
  | "textarea"
  | "email"
  | "phone"
  | "url"
  | "picklist"
  | "multipicklist"
  | "boolean"
  | "int"
  | "double"
  | "currency"
  | "percent"
  | "date"
  | "datetime"
  | "reference"
  | "address";

export type PicklistValue = {
  readonly value: string;
  readonly label: string;
  readonly active: boolean;
  readonly defaultValue: boolean;
};

/** A field definition, as `describe` shows it. */
export type Field = {
  readonly name: string;
  readonly label: string;
  readonly type: FieldKind;
  readonly length: number;
  readonly precision: number;
  readonly scale: number;
  readonly nillable: boolean;
  readonly createable: boolean;
  readonly updateable: boolean;
  readonly calculated: boolean;
  readonly autoNumber: boolean;
  readonly unique: boolean;
  readonly externalId: boolean;
  readonly idLookup: boolean;
  readonly caseSensitive: boolean;
  readonly defaultedOnCreate: boolean;
  readonly filterable: boolean;
  readonly custom: boolean;
  readonly nameField: boolean;
  readonly restrictedPicklist: boolean;
  readonly picklistValues: readonly PicklistValue[];
  readonly referenceTo: readonly string[];
  readonly relationshipName: string | null;
  readonly compoundFieldName: string | null;
  /** A formula: a text with field names in braces. `null` for every other field. */
  readonly calculatedFormula: string | null;
};

/** What an admin says of a field; the rest follows from its type. */
export type FieldDraft = {
  readonly name: string;
  readonly type: FieldKind;
  readonly label?: string;
  readonly length?: number;
  readonly precision?: number;
  readonly scale?: number;
  readonly required?: boolean;
  readonly readOnly?: boolean;
  readonly updateable?: boolean;
  readonly unique?: boolean;
  readonly externalId?: boolean;
  readonly idLookup?: boolean;
  readonly caseSensitive?: boolean;
  readonly defaulted?: boolean;
  readonly restricted?: boolean;
  readonly values?: readonly string[];
  readonly defaultValue?: string;
  readonly referenceTo?: readonly string[];
  readonly relationshipName?: string;
  readonly compound?: string;
  readonly nameField?: boolean;
  readonly formula?: string;
};

const lengths: Partial<Record<FieldKind, number>> = {
  id: 18,
  reference: 18,
  string: 255,
  textarea: 255,
  email: 80,
  phone: 40,
  url: 255,
  picklist: 255,
  multipicklist: 4099,
};

/** Texts longer than this can't be filtered by. */
const filterableLengthMax = 255;

export function completeField(draft: FieldDraft): Field {
  const { name, type } = draft;
  const length = draft.length ?? lengths[type] ?? 0;
  const isReadOnly = draft.readOnly === true || draft.formula !== undefined;
  const isLong = type === "textarea" && length > filterableLengthMax;
  return {
    name,
    label: draft.label ?? name.replace(/__c$/u, "").replaceAll("_", " "),
    type,
    length,
    precision: draft.precision ?? (type === "int" ? 8 : ["double", "currency", "percent"].includes(type) ? 18 : 0),
    scale: draft.scale ?? (["currency", "percent"].includes(type) ? 2 : 0),
    nillable: draft.required !== true && type !== "boolean",
    createable: !isReadOnly,
    updateable: !isReadOnly && draft.updateable !== false,
    calculated: draft.formula !== undefined,
    autoNumber: false,
    unique: draft.unique === true,
    externalId: draft.externalId === true,
    idLookup: draft.idLookup === true || draft.externalId === true || type === "id",
    caseSensitive: draft.caseSensitive === true,
    defaultedOnCreate: draft.defaulted === true || type === "boolean" || draft.defaultValue !== undefined,
    filterable: !isLong && type !== "address",
    custom: name.endsWith("__c"),
    nameField: draft.nameField === true,
    restrictedPicklist: draft.restricted === true,
    picklistValues: (draft.values ?? []).map((value) => ({
      value,
      label: value,
      active: true,
      defaultValue: value === draft.defaultValue,
    })),
    referenceTo: draft.referenceTo ?? [],
    relationshipName: draft.relationshipName ?? relationshipOf(draft),
    compoundFieldName: draft.compound ?? null,
    calculatedFormula: draft.formula ?? null,
  };
}

function relationshipOf({ name, type }: FieldDraft): string | null {
  if (type !== "reference") return null;
  return name.endsWith("__c") ? `${name.slice(0, -1)}r` : name.replace(/Id$/u, "");
}
