import type { CellName, SystemId } from "../../model/record.ts";
import { type RawValue, sameRaw } from "../../model/value.ts";
import type { WriteRequest, WriteResult } from "../../ports/connector.ts";
import type { Client } from "./client.ts";
import type { Found } from "./read.ts";
import { fullId } from "./record-id.ts";
import { cellsOf, type SalesforceRecord, upsertOf } from "./records.ts";
import type { BoundObject } from "./schema.ts";

type Cells = Readonly<Record<CellName, RawValue>>;
type Guarded = Exclude<WriteRequest, { readonly kind: "create" }>;

export type Looked =
  | { readonly kind: "as-expected"; readonly record: SalesforceRecord; readonly cells: Cells }
  | { readonly kind: "stop"; readonly result: WriteResult };

/** What stands in the way of a write to a record as it was just read. */
export function look(
  deps: { readonly system: SystemId; readonly client: Client },
  bound: BoundObject,
  found: Found,
  request: Guarded,
): Looked {
  const record = found.records.get(request.id);
  if (record === undefined) return stop({ kind: "missing" });
  if (record.id !== fullId(request.id)) {
    const message = `${bound.sobject.name} ${request.id} was merged into ${record.id}; it is read again first`;
    return stop({ kind: "failed", error: { code: "UNKNOWN_OUTCOME", message } });
  }
  const cells = cellsOf(bound, record);
  const wanted = request.kind === "update" ? request.patch : {};
  const isExpected = Object.entries(request.base).every(([cell, raw]) => {
    const present = cells[cell];
    // A field that is gone can't differ, one that Salesforce works out changes by itself, and one that holds what is to be written is safe.
    if (present === undefined || bound.sobject.fields.get(cell)?.updateable !== true) return true;
    return sameRaw(present, raw) || (Object.hasOwn(wanted, cell) && sameRaw(present, wanted[cell]));
  });
  if (isExpected) return { kind: "as-expected", record, cells };
  return stop({ kind: "changed", observation: upsertOf(deps, bound, record, found.observedAt) });
}

function stop(result: WriteResult): Looked {
  return { kind: "stop", result };
}
