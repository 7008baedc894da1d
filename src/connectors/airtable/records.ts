import type { RawUpsert } from "../../model/observation.ts";
import type { CellName, RecordId, SystemId } from "../../model/record.ts";
import { SyncFailure } from "../../model/sync-error.ts";
import type { Instant } from "../../model/time.ts";
import type { RawValue } from "../../model/value.ts";
import { type Effect, lostError } from "../../ports/lost-answer.ts";
import { type Lane, laneLive } from "../../ports/store.ts";
import { rawOf } from "./cell.ts";
import type { Client } from "./client.ts";
import type { BoundTable, Field } from "./schema.ts";

/** A record as record calls give it, cells by field id. Blank cells are absent. */
export type AirtableRecord = { readonly id: RecordId; readonly fields: Readonly<Record<string, RawValue>> };

export type RecordPage = { readonly records: readonly AirtableRecord[]; readonly offset: string | null };

export type ListQuery = {
  readonly formula?: string;
  readonly offset?: string;
  readonly lane?: Lane;
};

/** Most records that one list or read answers with. */
const pageMax = 100;
/** Most records that one write takes. */
export const batchMax = 10;

/** The path of a table's records. */
export function recordsPath(baseId: string, { table }: BoundTable): string {
  return `${baseId}/${table.id}`;
}

/** One page of a table's records with the mapped cells, as a POST: formulas outgrow a URL. */
export async function listPage(
  client: Client,
  baseId: string,
  bound: BoundTable,
  query: ListQuery,
): Promise<RecordPage> {
  const what = `reading ${bound.table.name}`;
  const body = {
    fields: fieldIdsOf(bound),
    returnFieldsByFieldId: true,
    pageSize: pageMax,
    ...(query.formula === undefined ? {} : { filterByFormula: query.formula }),
    ...(query.offset === undefined ? {} : { offset: query.offset }),
  };
  const path = `${recordsPath(baseId, bound)}/listRecords`;
  const { lane = laneLive } = query;
  const answer = await client.call({ method: "POST", path, body, effect: "read", lane, what });
  const offset = answer["offset"];
  return { records: recordsOf(answer, "read", what), offset: typeof offset === "string" ? offset : null };
}

/** All records that satisfy a formula. */
export async function listWhere(
  client: Client,
  baseId: string,
  bound: BoundTable,
  formula: string,
): Promise<readonly AirtableRecord[]> {
  const records: AirtableRecord[] = [];
  let offset: string | null = null;
  do {
    const query: ListQuery = offset === null ? { formula } : { formula, offset };
    const page: RecordPage = await listPage(client, baseId, bound, query);
    records.push(...page.records);
    offset = page.offset;
  } while (offset !== null);
  return records;
}

/** Records by id, 100 a call; those that are not there are absent. Ids that no record can have are not asked for. */
export async function listByIds(
  client: Client,
  baseId: string,
  bound: BoundTable,
  ids: readonly RecordId[],
): Promise<Map<RecordId, AirtableRecord>> {
  const found = new Map<RecordId, AirtableRecord>();
  const askable = ids.filter((id) => recordId.test(id));
  for (let start = 0; start < askable.length; start += pageMax) {
    const terms = askable.slice(start, start + pageMax).map((id) => `RECORD_ID()=${formulaText(id)}`);
    for (const record of await listWhere(client, baseId, bound, anyOf(terms))) found.set(record.id, record);
  }
  return found;
}

const recordId = /^rec[A-Za-z0-9]{14}$/;

/** A formula that is true where any of the terms is. */
export function anyOf(terms: readonly string[]): string {
  return `OR(${terms.join(",")})`;
}

/** A text literal of the formula language. */
export function formulaText(text: string): string {
  const escaped = text.replace(/[\\']/g, "\\$&").replace(/\n/g, "\\n").replace(/\r/g, "\\r").replace(/\t/g, "\\t");
  return `'${escaped}'`;
}

/** The records of an answer. Throws where the answer is not one: a page that can't be read must not pass for an empty one. */
export function recordsOf(answer: Record<string, unknown>, effect: Effect, what: string): readonly AirtableRecord[] {
  const records = answer["records"];
  if (!Array.isArray(records) || !records.every(isRecord)) {
    throw new SyncFailure(lostError(effect, `${what}: Airtable's answer holds no records`));
  }
  return records;
}

function isRecord(value: unknown): value is AirtableRecord {
  const record = value as { readonly id?: unknown; readonly fields?: unknown } | null;
  return typeof record?.id === "string" && typeof record.fields === "object" && record.fields !== null;
}

/** The mapped cells of a record. */
export function cellsOf(bound: BoundTable, record: AirtableRecord): Record<CellName, RawValue> {
  return Object.fromEntries([...bound.cells].map(([cell, field]) => [cell, rawOf(field, record.fields[field.id])]));
}

/** What a record says now. Airtable tells neither when nor by whom it was changed. */
export function observationOf(
  system: SystemId,
  bound: BoundTable,
  record: AirtableRecord,
  observedAt: Instant,
): RawUpsert {
  const key = bound.keyField === null ? undefined : record.fields[bound.keyField.id];
  return {
    kind: "upsert",
    ref: { system, object: bound.object, id: record.id },
    revision: null,
    observedAt,
    complete: true,
    cells: cellsOf(bound, record),
    changedAt: null,
    author: null,
    ...(typeof key === "string" && key !== "" ? { createKey: key } : {}),
  };
}

function fieldIdsOf({ cells, keyField }: BoundTable): readonly string[] {
  const fields: Field[] = [...cells.values(), ...(keyField === null ? [] : [keyField])];
  return [...new Set(fields.map(({ id }) => id))];
}
