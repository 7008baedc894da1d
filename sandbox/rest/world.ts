import { type AuditEntry, createAuditLog } from "../core/audit.ts";

export type FieldKind = "text" | "email" | "number" | "boolean" | "date" | "datetime" | "list";

/** Fields of one object by name. `unique`: no two records hold the same. */
export type ObjectInput = {
  readonly fields: Readonly<Record<string, FieldKind>>;
  readonly unique?: readonly string[];
  /** Texts that are the only ones in a field. */
  readonly options?: Readonly<Record<string, readonly string[]>>;
};

export type Fields = Readonly<Record<string, unknown>>;

export type StoredRecord = {
  readonly id: string;
  readonly fields: Fields;
  readonly version: number;
  readonly createdAt: number;
  readonly modifiedAt: number;
  readonly deletedAt: number | null;
};

/** Why a write is refused: by field, in the tool's words. */
export class Refused extends Error {
  readonly status: number;
  readonly fields: Readonly<Record<string, string>>;
  constructor(status: number, message: string, fields: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.fields = fields;
  }
}

export type World = ReturnType<typeof createWorld>;

export type News = {
  readonly object: string;
  readonly kind: "created" | "updated" | "deleted";
  readonly record: StoredRecord;
};

/** The tool's records in memory. It refuses unknown fields, values of another type, and doubles of what is unique. */
export function createWorld(
  objects: Readonly<Record<string, ObjectInput>>,
  options: { readonly now: () => number; readonly soft: boolean; readonly tell: (news: News) => void },
) {
  const { now, soft, tell } = options;
  const records = new Map(Object.keys(objects).map((name) => [name, new Map<string, StoredRecord>()]));
  const audit = createAuditLog();
  let ids = 0;
  let lastAt = 0;
  /** Every change has a moment of its own, as in a database with microseconds. */
  const moment = () => {
    lastAt = Math.max(now(), lastAt + 1);
    return lastAt;
  };
  const of = (object: string) => {
    const found = records.get(object);
    if (found === undefined) throw new Refused(404, `There is no ${object}.`);
    return found;
  };
  const find = (object: string, id: string) => {
    const record = of(object).get(id);
    if (record === undefined || record.deletedAt !== null) throw new Refused(404, "Not found.");
    return record;
  };
  const keep = (
    object: string,
    record: StoredRecord,
    before: StoredRecord | null,
    source: string,
    named: readonly string[],
  ) => {
    of(object).set(record.id, record);
    const pick = (from: StoredRecord | null) =>
      Object.fromEntries(from === null ? [] : named.map((name) => [name, from.fields[name] ?? null]));
    const kind = before === null ? "create" : record.deletedAt === null ? "update" : "delete";
    audit.add({
      at: record.modifiedAt,
      object,
      id: record.id,
      kind,
      before: pick(before),
      after: pick(record),
      source,
    });
    tell({ object, kind: ({ create: "created", update: "updated", delete: "deleted" } as const)[kind], record });
    return record;
  };

  return {
    create(object: string, fields: Fields, source: string, id?: string): StoredRecord {
      judge(objects, object, fields, of(object), null);
      const old = id === undefined ? undefined : of(object).get(id);
      if (old !== undefined && old.deletedAt === null) throw new Refused(409, "There is one of this name.");
      const at = moment();
      const version = (old?.version ?? 0) + 1;
      const record = { id: id ?? String(++ids), fields, version, createdAt: at, modifiedAt: at, deletedAt: null };
      return keep(object, record, null, source, Object.keys(fields));
    },

    /** Replaces the fields. */
    write(object: string, id: string, fields: Fields, source: string): StoredRecord {
      const before = find(object, id);
      judge(objects, object, fields, of(object), id);
      const named = [...new Set([...Object.keys(fields), ...Object.keys(before.fields)])].filter(
        (name) => JSON.stringify(fields[name]) !== JSON.stringify(before.fields[name]),
      );
      const record = { ...before, fields, version: before.version + 1, modifiedAt: moment() };
      return keep(object, record, before, source, named);
    },

    remove(object: string, id: string, source: string): StoredRecord {
      const before = find(object, id);
      const at = moment();
      const gone = { ...before, version: before.version + 1, modifiedAt: at, deletedAt: at };
      keep(object, gone, before, source, Object.keys(before.fields));
      if (!soft) of(object).delete(id);
      return gone;
    },

    find,
    /** In the order of creation; deleted ones only where they stay. */
    list: (object: string): readonly StoredRecord[] => [...of(object).values()],
    audit: (afterSeq?: number): readonly AuditEntry[] => audit.list(afterSeq),
  };
}

function judge(
  objects: Readonly<Record<string, ObjectInput>>,
  object: string,
  fields: Fields,
  others: ReadonlyMap<string, StoredRecord>,
  id: string | null,
): void {
  const { fields: kinds, unique = [], options = {} } = objects[object]!;
  const wrong = Object.entries(fields).flatMap(([name, value]): [string, string][] => {
    if (!Object.hasOwn(kinds, name)) return [[name, "is not a field"]];
    if (value === null) return [];
    if (!fits(kinds[name]!, value)) return [[name, `must be a ${kinds[name]}`]];
    const known = options[name];
    return known !== undefined && !known.includes(String(value)) ? [[name, `must be one of ${known.join(", ")}`]] : [];
  });
  if (wrong.length > 0) throw new Refused(422, "The record is not valid.", Object.fromEntries(wrong));
  for (const name of unique) {
    const value = fields[name];
    if (value === undefined || value === null) continue;
    const isTaken = [...others.values()].some(
      (one) => one.id !== id && one.deletedAt === null && one.fields[name] === value,
    );
    if (isTaken) throw new Refused(409, "The record exists already.", { [name]: "is taken" });
  }
}

function fits(kind: FieldKind, value: unknown): boolean {
  switch (kind) {
    case "number":
    case "boolean":
      return typeof value === kind;
    case "list":
      return Array.isArray(value) && value.every((one) => typeof one === "string");
    case "email":
      return typeof value === "string" && (value === "" || /^\S+@\S+$/u.test(value));
    case "date":
      return typeof value === "string" && /^\d{4}-\d\d-\d\d$/u.test(value);
    case "datetime":
      return typeof value === "string" && !Number.isNaN(Date.parse(value));
    case "text":
      return typeof value === "string";
  }
}
