import type { Change, Org, StoredRecord, Table, Value } from "../org.ts";
import { type EventField, type EventSchema, eventSchemaOf } from "./event-schema.ts";

export type LoggedEvent = {
  /** Rises, with holes. */
  readonly replayId: number;
  readonly topic: string;
  readonly schema: EventSchema;
  readonly payload: Buffer;
  readonly at: number;
};

export type GapKind = "GAP_CREATE" | "GAP_UPDATE" | "GAP_DELETE" | "GAP_UNDELETE" | "GAP_OVERFLOW";

export type EventLog = {
  /** Events of a topic after a place, oldest first. */
  after(topic: string, replayId: number, max: number): readonly LoggedEvent[];
  /** The latest place of all, and the one before the oldest event that is kept. */
  readonly latest: number;
  readonly oldest: number;
  schema(id: string): EventSchema | null;
  hear(change: Change): void;
  addGap(kind: GapKind, table: Table, ids: readonly string[]): void;
  /** Forgets every event, as three days later. */
  expire(): void;
  listeners: (() => void)[];
};

const keptMs = 72 * 3_600_000;

/** The org's event bus: change events of the selected objects, for three days. */
export function createEventLog(org: Org, isSelected: (entity: string) => boolean): EventLog {
  const schemas = new Map<string, EventSchema>();
  let events: LoggedEvent[] = [];
  let last = 1000;
  let oldest = 1000;
  let transactions = 0;

  const add = (table: Table, header: object, fieldsOf: (schema: EventSchema) => object): void => {
    const entity = entityOf(table);
    if (!isSelected(entity)) return;
    const schema = eventSchemaOf(table);
    schemas.set(schema.id, schema);
    last += 1 + org.random.below(3);
    const blank = Object.fromEntries(schema.fields.map(({ name }) => [name, null]));
    const event = { ...blank, ...fieldsOf(schema), ChangeEventHeader: header };
    events.push({ replayId: last, topic: `/data/${entity}`, schema, payload: schema.encode(event), at: org.now() });
    forget();
    for (const listener of log.listeners) listener();
  };
  const forget = () => {
    const since = org.now() - keptMs;
    while (events[0] !== undefined && events[0].at < since) oldest = events.shift()!.replayId;
  };
  const headerOf = (table: Table, kind: string, ids: readonly string[], user: string, origin: string) => ({
    entityName: table.type.name,
    recordIds: ids,
    changeType: kind,
    changeOrigin: origin,
    transactionKey: `0000${(++transactions).toString(16).padStart(4, "0")}-0000-0000-0000-000000000000`,
    sequenceNumber: 1,
    commitTimestamp: org.now(),
    // As large as those that have been recorded.
    commitNumber: 1_778_192_987_716_501_506n + BigInt(transactions),
    commitUser: user,
    nulledFields: [] as string[],
    diffFields: [] as string[],
    changedFields: [] as string[],
  });

  const log: EventLog = {
    listeners: [],
    get latest() {
      return last;
    },
    get oldest() {
      forget();
      return oldest;
    },
    after: (topic, replayId, max) =>
      events.filter((event) => event.topic === topic && event.replayId > replayId).slice(0, max),
    schema: (id) => schemas.get(id) ?? null,
    hear: ({ table, record, kind, fields, actor }) => {
      const header = headerOf(table, kind, [record.id], actor.userId, actor.origin);
      add(table, header, (schema) => {
        if (kind === "DELETE") return {};
        const changed = kind === "UPDATE" ? [...fields, "LastModifiedDate", "LastModifiedById"] : null;
        const isTold = (name: string) => changed === null || changed.includes(name);
        if (changed !== null) {
          header.changedFields = bitmapsOf(schema, isTold);
          header.nulledFields = bitmapsOf(schema, (name) => isTold(name) && storedValueOf(record, name) === null);
        }
        return Object.fromEntries(schema.fields.map((field) => [field.name, told(record, field, isTold)]));
      });
    },
    addGap: (kind, table, ids) => add(table, headerOf(table, kind, ids, org.integrationUserId, ""), () => ({})),
    expire: () => {
      events = [];
      oldest = last;
    },
  };
  return log;
}

/** `ContactChangeEvent`, `Invoice__ChangeEvent` */
export function entityOf({ type }: Table): string {
  return type.name.endsWith("__c") ? `${type.name.slice(0, -1)}ChangeEvent` : `${type.name}ChangeEvent`;
}

function told(record: StoredRecord, field: EventField, isTold: (name: string) => boolean): unknown {
  if ("field" in field) return isTold(field.name) ? storedValueOf(record, field.name) : null;
  const parts = field.parts.map(({ name, field: own }) => [
    name,
    isTold(own.name) ? storedValueOf(record, own.name) : null,
  ]);
  return parts.every(([, value]) => value === null) ? null : Object.fromEntries(parts);
}

function storedValueOf(record: StoredRecord, name: string): Value {
  switch (name) {
    case "CreatedDate":
      return record.createdAt;
    case "CreatedById":
      return record.createdBy;
    case "LastModifiedDate":
      return record.modifiedAt;
    case "LastModifiedById":
      return record.modifiedBy;
    default: {
      const value = record.values[name] ?? null;
      const isDate = typeof value === "string" && /^\d{4}-\d{2}-\d{2}$/u.test(value);
      return isDate ? Date.parse(value) : value;
    }
  }
}

/** One map for the event's own fields, one more for each compound that has something in it. The header is bit 0. */
function bitmapsOf(schema: EventSchema, has: (name: string) => boolean): string[] {
  let top = 0n;
  const inner: string[] = [];
  schema.fields.forEach((field, n) => {
    if ("field" in field) {
      if (has(field.name)) top |= 1n << BigInt(n + 1);
      return;
    }
    let bits = 0n;
    field.parts.forEach((part, m) => {
      if (has(part.field.name)) bits |= 1n << BigInt(m);
    });
    if (bits > 0n) inner.push(`${n + 1}-0x${bits.toString(16).toUpperCase()}`);
  });
  if (top === 0n && inner.length === 0) return [];
  return [`0x${top.toString(16).toUpperCase()}`, ...inner];
}
