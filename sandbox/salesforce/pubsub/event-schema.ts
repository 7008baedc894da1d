import { createHash } from "node:crypto";
import avsc from "avsc";
import type { Field, FieldKind } from "../field.ts";
import type { Table } from "../org.ts";

/** Fields that events of an object have, in order; the first is the header. Formulas, and what only REST knows, are not among them. */
export type EventSchema = {
  readonly id: string;
  readonly json: string;
  readonly fields: readonly EventField[];
  encode(event: object): Buffer;
};

/** A field of an event: one of the object, or a compound with its parts. */
export type EventField =
  | { readonly name: string; readonly field: Field }
  | { readonly name: string; readonly parts: readonly { readonly name: string; readonly field: Field }[] };

const absent = new Set(["Id", "IsDeleted", "SystemModstamp", "MasterRecordId"]);

const avroTypes: Partial<Record<FieldKind, string>> = {
  boolean: "boolean",
  int: "int",
  double: "double",
  currency: "double",
  percent: "double",
  // Both in milliseconds.
  date: "long",
  datetime: "long",
};

/** The schema of an object's events as the object is now. */
export function eventSchemaOf(table: Table): EventSchema {
  const fields = eventFields(table);
  const record = {
    type: "record",
    name: `${table.type.name.replace(/__c$/u, "__")}ChangeEvent`,
    namespace: "com.sforce.eventbus",
    fields: [
      { name: "ChangeEventHeader", type: headerSchema },
      ...fields.map((field) => ({ name: field.name, type: typeOf(table, field), default: null })),
    ],
  };
  const json = JSON.stringify(record);
  const type = avsc.Type.forSchema(record as never, { wrapUnions: false, registry: { long: bigLong } });
  return {
    id: createHash("sha256").update(json).digest("base64url").slice(0, 22),
    json,
    fields,
    encode: (event) => type.toBuffer(event),
  };
}

function eventFields(table: Table): readonly EventField[] {
  const usable = [...table.fields.values()].filter(
    ({ name, calculated, type }) => !absent.has(name) && !calculated && type !== "address",
  );
  const compounds = new Set(usable.flatMap(({ compoundFieldName }) => compoundFieldName ?? []));
  const parts = [...compounds].map((name): EventField => {
    const own = usable.filter((field) => field.compoundFieldName === name);
    return { name, parts: own.map((field) => ({ name: partName(name, field.name), field })) };
  });
  const plain = usable.filter(({ name, compoundFieldName }) => compoundFieldName === null && !compounds.has(name));
  return [...parts, ...plain.map((field): EventField => ({ name: field.name, field }))];
}

/** `MailingCity` is the part `City` of `MailingAddress`; `LastName` one of `Name`. */
function partName(compound: string, name: string): string {
  const prefix = compound.endsWith("Address") ? compound.slice(0, -"Address".length) : "";
  return name.slice(prefix.length);
}

function typeOf(table: Table, field: EventField): unknown {
  if ("field" in field) return ["null", avroTypes[field.field.type] ?? "string"];
  const fields = field.parts.map(({ name }) => ({ name, type: ["null", "string"], default: null }));
  return ["null", { type: "record", name: `${table.type.name}_${field.name}`, fields }];
}

const texts = { type: "array", items: "string" };
const headerSchema = {
  type: "record",
  name: "ChangeEventHeader",
  fields: [
    { name: "entityName", type: "string" },
    { name: "recordIds", type: texts },
    {
      name: "changeType",
      type: {
        type: "enum",
        name: "ChangeType",
        symbols: [
          "CREATE",
          "UPDATE",
          "DELETE",
          "UNDELETE",
          "GAP_CREATE",
          "GAP_UPDATE",
          "GAP_DELETE",
          "GAP_UNDELETE",
          "GAP_OVERFLOW",
          "SNAPSHOT",
        ],
      },
    },
    { name: "changeOrigin", type: "string" },
    { name: "transactionKey", type: "string" },
    { name: "sequenceNumber", type: "int" },
    { name: "commitTimestamp", type: "long" },
    { name: "commitNumber", type: "long" },
    { name: "commitUser", type: "string" },
    { name: "nulledFields", type: texts },
    { name: "diffFields", type: texts },
    { name: "changedFields", type: texts },
  ],
};

/** Commit numbers outgrow a JavaScript number. */
const bigLong = avsc.types.LongType.__with({
  fromBuffer: (buffer: Buffer) => buffer.readBigInt64LE(),
  toBuffer: (value: number | bigint) => {
    const buffer = Buffer.alloc(8);
    buffer.writeBigInt64LE(BigInt(value));
    return buffer;
  },
  fromJSON: BigInt,
  toJSON: Number,
  isValid: (value: unknown) => typeof value === "number" || typeof value === "bigint",
  compare: (a: bigint, b: bigint) => (a < b ? -1 : Number(a > b)),
});
