import type { Field } from "./field.ts";
import type { StoredRecord, Table } from "./org.ts";

/** Address parts as they are called in the compound value. */
const addressParts = ["City", "Country", "PostalCode", "State", "Street"] as const;

/** A moment as REST writes it: the fraction is always 000. */
export function momentText(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/u, ".000+0000");
}

/** A field's value in an answer's JSON. */
export function rendered(record: StoredRecord, field: Field): unknown {
  const system = systemValue(record, field.name);
  if (system !== undefined) return system;
  if (field.type === "address") return addressOf(record, field.name.slice(0, -"Address".length));
  if (field.calculatedFormula !== null) return formulaText(record, field.calculatedFormula);
  if (field.name === "Name" && !field.createable) return personName(record);
  const value = record.values[field.name] ?? null;
  if (field.type === "datetime" && typeof value === "number") return momentText(value);
  if (field.type === "boolean") return value ?? false;
  return value;
}

function systemValue(record: StoredRecord, name: string): unknown {
  switch (name) {
    case "Id":
      return record.id;
    case "IsDeleted":
      return record.isDeleted;
    case "MasterRecordId":
      return record.masterRecordId;
    case "CreatedDate":
      return momentText(record.createdAt);
    case "CreatedById":
      return record.createdBy;
    case "LastModifiedDate":
      return momentText(record.modifiedAt);
    case "LastModifiedById":
      return record.modifiedBy;
    case "SystemModstamp":
      return momentText(record.stamp);
    default:
      return undefined;
  }
}

function personName({ values }: StoredRecord): string | null {
  const parts = [values["FirstName"], values["LastName"]].filter((part) => typeof part === "string" && part !== "");
  return parts.length === 0 ? null : parts.join(" ");
}

function addressOf({ values }: StoredRecord, prefix: string): object | null {
  const parts = addressParts.map((part) => [part, values[`${prefix}${part}`] ?? null] as const);
  if (parts.every(([, value]) => value === null)) return null;
  const lower = parts.map(([part, value]) => [part[0]!.toLowerCase() + part.slice(1), value]);
  return { ...Object.fromEntries(lower), geocodeAccuracy: null, latitude: null, longitude: null };
}

function formulaText({ values }: StoredRecord, formula: string): string {
  return formula.replaceAll(/\{(\w+)\}/gu, (_, name: string) => String(values[name] ?? ""));
}

export function attributesOf(table: Table, record: StoredRecord, version: string): object {
  return { type: table.type.name, url: `/services/data/v${version}/sobjects/${table.type.name}/${record.id}` };
}

/** A record with these fields, in their order. */
export function renderRecord(
  table: Table,
  record: StoredRecord,
  fields: readonly Field[],
  version: string,
): Record<string, unknown> {
  return {
    attributes: attributesOf(table, record, version),
    ...Object.fromEntries(fields.map((field) => [field.name, rendered(record, field)])),
  };
}
