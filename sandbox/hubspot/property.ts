export type PropertyType = "string" | "number" | "bool" | "enumeration" | "date" | "datetime" | "phone_number";

export type PropertyOption = {
  readonly label: string;
  readonly value: string;
  readonly displayOrder: number;
  readonly hidden: boolean;
};

/** A property definition, as `/crm/v3/properties` answers it. */
export type Property = {
  readonly name: string;
  readonly label: string;
  readonly type: PropertyType;
  readonly fieldType: string;
  readonly description: string;
  readonly groupName: string;
  readonly options: readonly PropertyOption[];
  readonly displayOrder: number;
  readonly calculated: boolean;
  readonly externalOptions: boolean;
  readonly hasUniqueValue: boolean;
  readonly hidden: boolean;
  readonly hubspotDefined?: boolean;
  readonly modificationMetadata: {
    readonly archivable: boolean;
    readonly readOnlyDefinition: boolean;
    readonly readOnlyValue: boolean;
  };
  readonly formField: boolean;
  readonly dataSensitivity: "non_sensitive";
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly archived?: boolean;
};

/** What a new property must or may say; the rest is filled in. */
export type PropertyDraft = {
  readonly name: string;
  readonly label?: string;
  readonly type: PropertyType;
  readonly fieldType?: string;
  readonly description?: string;
  readonly groupName?: string;
  readonly options?: readonly { readonly label?: string; readonly value: string; readonly hidden?: boolean }[];
  readonly hasUniqueValue?: boolean;
  readonly hidden?: boolean;
  readonly externalOptions?: boolean;
  readonly formField?: boolean;
  readonly displayOrder?: number;
};

export const fieldTypesOf: Readonly<Record<PropertyType, readonly string[]>> = {
  string: ["text", "textarea", "html", "file", "phonenumber"],
  number: ["number", "calculation_equation"],
  bool: ["booleancheckbox", "calculation_equation"],
  enumeration: ["select", "radio", "checkbox", "booleancheckbox", "calculation_equation"],
  date: ["date"],
  datetime: ["date"],
  phone_number: ["phonenumber"],
};

type Flags = { readonly readOnly?: boolean; readonly hubspotDefined?: boolean };

/** The full definition of a draft. */
export function completeProperty(draft: PropertyDraft, groupName: string, at: string, flags: Flags = {}): Property {
  return {
    updatedAt: at,
    createdAt: at,
    name: draft.name,
    label: draft.label ?? draft.name,
    type: draft.type,
    fieldType: draft.fieldType ?? fieldTypesOf[draft.type][0]!,
    description: draft.description ?? "",
    groupName: draft.groupName ?? groupName,
    options: (draft.options ?? []).map((option, displayOrder) => ({
      label: option.label ?? option.value,
      value: option.value,
      displayOrder,
      hidden: option.hidden ?? false,
    })),
    displayOrder: draft.displayOrder ?? -1,
    calculated: false,
    externalOptions: draft.externalOptions ?? false,
    hasUniqueValue: draft.hasUniqueValue ?? false,
    hidden: draft.hidden ?? false,
    ...(flags.hubspotDefined ? { hubspotDefined: true } : { archived: false }),
    modificationMetadata: {
      archivable: true,
      readOnlyDefinition: flags.hubspotDefined ?? false,
      readOnlyValue: flags.readOnly ?? false,
    },
    formField: draft.formField ?? false,
    dataSensitivity: "non_sensitive",
  };
}

/** True when several values joined by ";" fit in. */
export function isMultiple(property: Property): boolean {
  return property.type === "enumeration" && property.fieldType === "checkbox";
}
