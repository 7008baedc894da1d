import type { Field } from "./field.ts";
import { type Org, type Table, tableOf } from "./org.ts";

/** One object of the list of all: `GET /sobjects`. */
export function globalEntry({ type }: Table, version: string): object {
  const urls = {
    sobject: `/services/data/v${version}/sobjects/${type.name}`,
    describe: `/services/data/v${version}/sobjects/${type.name}/describe`,
    rowTemplate: `/services/data/v${version}/sobjects/${type.name}/{ID}`,
  };
  return { ...summary(type.name, type.label, type.keyPrefix, type.mergeable), urls };
}

function summary(name: string, label: string, keyPrefix: string, mergeable: boolean) {
  const isSetup = name === "User" || name === "RecordType";
  return {
    name,
    label,
    labelPlural: label.endsWith("y") ? `${label.slice(0, -1)}ies` : `${label}s`,
    keyPrefix,
    custom: name.endsWith("__c"),
    customSetting: false,
    deprecatedAndHidden: false,
    createable: !isSetup,
    updateable: !isSetup,
    deletable: !isSetup,
    undeletable: !isSetup,
    mergeable,
    queryable: true,
    replicateable: true,
    retrieveable: true,
    searchable: true,
    triggerable: !isSetup,
    layoutable: !isSetup,
  };
}

/** `GET /sobjects/X/describe` */
export function describeTable(org: Org, table: Table, version: string): object {
  const { name, label, keyPrefix, mergeable } = table.type;
  return {
    ...summary(name, label, keyPrefix, mergeable),
    fields: [...table.fields.values()].map(describeField),
    recordTypeInfos: recordTypeInfos(org, table),
    childRelationships: [],
    urls: { sobject: `/services/data/v${version}/sobjects/${name}` },
  };
}

function describeField(field: Field): object {
  const { picklistValues, calculatedFormula, ...rest } = field;
  return {
    ...rest,
    byteLength: field.length * 3,
    digits: field.type === "int" ? field.precision : 0,
    picklistValues: picklistValues.map((value) => ({ ...value, validFor: null })),
    calculatedFormula,
    controllerName: null,
    dependentPicklist: false,
    deprecatedAndHidden: false,
    defaultValue: field.type === "boolean" ? false : null,
    groupable: field.filterable,
    sortable: field.filterable,
    htmlFormatted: false,
    namePointing: false,
    permissionable: field.custom,
    soapType: soapTypes[field.type] ?? "xsd:string",
  };
}

const soapTypes: Readonly<Record<string, string>> = {
  id: "tns:ID",
  reference: "tns:ID",
  boolean: "xsd:boolean",
  int: "xsd:int",
  double: "xsd:double",
  currency: "xsd:double",
  percent: "xsd:double",
  date: "xsd:date",
  datetime: "xsd:dateTime",
  address: "urn:address",
};

function recordTypeInfos(org: Org, table: Table): readonly object[] {
  if (!table.type.hasRecordTypes) return [];
  const own = [...tableOf(org, "RecordType").records.values()].filter(
    ({ values, isDeleted }) => !isDeleted && values["SobjectType"] === table.type.name,
  );
  const master = {
    active: true,
    available: true,
    defaultRecordTypeMapping: own.length === 0,
    developerName: "Master",
    master: true,
    name: "Master",
    recordTypeId: "012000000000000AAA",
  };
  const named = own.map(({ id, values }, n) => ({
    active: values["IsActive"] === true,
    available: values["IsActive"] === true,
    defaultRecordTypeMapping: n === 0,
    developerName: values["DeveloperName"],
    master: false,
    name: values["Name"],
    recordTypeId: id,
  }));
  return [...named, master];
}
