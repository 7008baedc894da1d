import type { CoveredCell, RawObservation } from "../../model/observation.ts";
import type { CellName, RecordId, SystemId } from "../../model/record.ts";
import type { Instant } from "../../model/time.ts";
import type { RawValue } from "../../model/value.ts";
import { rawOf } from "./cell.ts";
import type { OwnWrites } from "./own-writes.ts";
import type { BoundTable, Field } from "./schema.ts";

export type PayloadReading = {
  readonly observations: readonly RawObservation[];
  /** A table or field was made, changed or deleted: the schema must be read anew. */
  readonly schemaChanged: boolean;
};

export type PayloadDeps = {
  readonly system: SystemId;
  /** The mapped tables by id. */
  readonly tables: ReadonlyMap<string, BoundTable>;
  readonly own: OwnWrites;
  /** The token's user. Payloads under its name are ours, or another program's of that user. */
  readonly userId: string;
  readonly observedAt: Instant;
};

type Json = Readonly<Record<string, unknown>>;

/**
 * What a list of payloads says: each record that changed is named once, to be read, as only a read tells what it holds now. Deletes speak
 * for themselves. Writes that we remember are left out, unless one replaced another value than we had seen: that value is told.
 */
export function readPayloads(deps: PayloadDeps, payloads: readonly Json[]): PayloadReading {
  const hints = new Map<string, RawObservation>();
  const rest: RawObservation[] = [];
  let schemaChanged = false;
  for (const payload of payloads) {
    const isOwn = isOurs(payload, deps.userId);
    schemaChanged ||= tableKeys.some((key) => payload[key] !== undefined);
    for (const [tableId, change] of Object.entries(jsonOf(payload["changedTablesById"]))) {
      const bound = deps.tables.get(tableId);
      if (bound === undefined) continue;
      const changes = jsonOf(change);
      schemaChanged ||= fieldKeys.some((key) => changes[key] !== undefined);
      const told = readTable({ ...deps, bound, isOwn }, changes);
      for (const id of told.changed) hints.set(`${tableId}/${id}`, seen(deps, bound, id, { kind: "hint" }));
      for (const id of told.destroyed) {
        hints.delete(`${tableId}/${id}`);
        rest.push(seen(deps, bound, id, { kind: "delete", confirmed: true }));
      }
      rest.push(...told.covered);
    }
  }
  return { observations: [...rest, ...hints.values()], schemaChanged };
}

/** A table's new name counts too: the config may know it by that. */
const fieldKeys = ["createdFieldsById", "changedFieldsById", "destroyedFieldIds", "changedMetadata"];
const tableKeys = ["createdTablesById", "destroyedTableIds"];

function isOurs(payload: Json, userId: string): boolean {
  const { source, sourceMetadata } = jsonOf(payload["actionMetadata"]);
  return source === "publicApi" && jsonOf(jsonOf(sourceMetadata)["user"])["id"] === userId;
}

type TableDeps = PayloadDeps & { readonly bound: BoundTable; readonly isOwn: boolean };

type TableReading = {
  readonly changed: readonly RecordId[];
  readonly destroyed: readonly RecordId[];
  readonly covered: readonly RawObservation[];
};

function readTable(deps: TableDeps, changes: Json): TableReading {
  const { own, isOwn } = deps;
  const changed: RecordId[] = [];
  const covered: RawObservation[] = [];
  for (const id of Object.keys(jsonOf(changes["createdRecordsById"]))) {
    if (!(isOwn && own.shownCreated(id))) changed.push(id);
  }
  for (const [id, change] of Object.entries(jsonOf(changes["changedRecordsById"]))) {
    const told = readChange(deps, id, jsonOf(change));
    if (told.needsReading) changed.push(id);
    if (told.covered !== null) covered.push(told.covered);
  }
  const gone = Array.isArray(changes["destroyedRecordIds"]) ? changes["destroyedRecordIds"].map(String) : [];
  return { changed, covered, destroyed: gone.filter((id) => !(isOwn && own.shownDeleted(id))) };
}

type ChangeReading = { readonly needsReading: boolean; readonly covered: RawObservation | null };

/** One changed record. Only mapped cells count: a change of others is none of ours. */
function readChange(deps: TableDeps, id: RecordId, change: Json): ChangeReading {
  const current = valuesOf(change["current"]);
  const previous = valuesOf(change["previous"]);
  const mapped = [...deps.bound.cells].filter(([, field]) => Object.hasOwn(current, field.id));
  if (!deps.isOwn) return { needsReading: mapped.length > 0, covered: null };
  let needsReading = false;
  const covered: Record<CellName, readonly CoveredCell[]> = {};
  for (const [cell, field] of mapped) {
    const before = rawOf(field, previous[field.id]);
    const shown = deps.own.shown(id, field.id, before, rawOf(field, current[field.id]));
    if (shown.kind === "unknown") needsReading = true;
    if (shown.kind === "covered") {
      covered[cell] = [{ value: before, at: { from: shown.lookedAt, until: deps.observedAt }, author: null }];
    }
  }
  if (Object.keys(covered).length === 0) return { needsReading, covered: null };
  const upsert = { kind: "upsert", cells: {}, complete: false, changedAt: null, author: null, covered } as const;
  return { needsReading, covered: seen(deps, deps.bound, id, upsert) };
}

type Statement =
  | { readonly kind: "hint" }
  | { readonly kind: "delete"; readonly confirmed: boolean }
  | Omit<RawObservation & { readonly kind: "upsert" }, "ref" | "revision" | "observedAt">;

function seen(deps: PayloadDeps, bound: BoundTable, id: RecordId, statement: Statement): RawObservation {
  const ref = { system: deps.system, object: bound.object, id };
  return { ref, revision: null, observedAt: deps.observedAt, ...statement };
}

function valuesOf(side: unknown): Readonly<Record<Field["id"], RawValue>> {
  return jsonOf(jsonOf(side)["cellValuesByFieldId"]) as Readonly<Record<string, RawValue>>;
}

function jsonOf(value: unknown): Json {
  return typeof value === "object" && value !== null ? (value as Json) : {};
}
