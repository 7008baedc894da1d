import type { Schema } from "avsc";

/** A record schema's part that matters here: names in order, and the records within. */
export type RecordSchema = {
  readonly type: "record";
  readonly name: string;
  readonly fields: readonly { readonly name: string; readonly type: Schema }[];
};

/**
 * The field names that a change event's bit maps stand for. The first, `0x…`, is about the event's own fields; one like `4-0x…` about the parts of the
 * compound field at place 4. Bit 0 is the last one of the number. Names that are spelled out, as in JSON events, stay as they are.
 */
export function namedFields(schema: RecordSchema, maps: readonly string[]): readonly string[] {
  return maps.flatMap((map) => {
    if (map.startsWith("0x")) return namesOf(schema, map);
    const { place, bits } = /^(?<place>\d+)-(?<bits>0x[0-9A-Fa-f]+)$/u.exec(map)?.groups ?? {};
    if (place === undefined || bits === undefined) return [map];
    const field = schema.fields[Number(place)];
    const inner = field === undefined ? null : recordIn(field.type);
    return inner === null ? [] : namesOf(inner, bits).map((name) => `${field!.name}.${name}`);
  });
}

function namesOf(schema: RecordSchema, map: string): readonly string[] {
  const bits = BigInt(map);
  return schema.fields.flatMap(({ name }, n) => ((bits >> BigInt(n)) & 1n ? [name] : []));
}

/** The record of a field's type, which is mostly a union with null. */
function recordIn(type: Schema): RecordSchema | null {
  const choices = Array.isArray(type) ? type : [type];
  const found = choices.find(
    (one) => typeof one === "object" && !Array.isArray(one) && (one as { type?: unknown }).type === "record",
  );
  return (found as RecordSchema | undefined) ?? null;
}
