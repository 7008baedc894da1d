import { z } from "zod";
import { type RawObservation, type Revision, revisionOf } from "../../model/observation.ts";
import type { ObjectName } from "../../model/record.ts";
import type { Relation } from "./pgoutput.ts";
import type { Piece, RowChange } from "./pieces.ts";
import { cellsOf, idOf, isComplete, type MappedTable, refOf } from "./rows.ts";

export type Told = {
  readonly observations: readonly RawObservation[];
  /** Objects whose changes can't be told row by row: truncated, or of a key that is not the one we know. */
  readonly lost: readonly ObjectName[];
};

/**
 * What transactions, or pieces of some, say: one observation per row, its state at the end of them. Who changed a row again had seen what it held
 * before, so what it held in between is overwritten, not lost. A row that was deleted in one transaction and is there in a later one is told as
 * both. A row in another shape than its table has by the catalog was written before the table was altered, and is only named: a read tells what it
 * holds.
 */
export function observationsOf(pieces: readonly Piece[], tables: readonly MappedTable[], observedAt: number): Told {
  const observations: RawObservation[] = [];
  const places = new Map<string, number>();
  const lost = new Set<ObjectName>();
  for (const piece of pieces) {
    const made = new Map(piece.marks.flatMap(madeRows));
    const seen = { revision: revisionAt(piece), observedAt };
    for (const change of piece.changes) {
      const mapped = tableOf(tables, change.relation);
      if (mapped === undefined) continue;
      if (change.kind === "truncate" || shapeOf(mapped, change.relation) === "unnamed") lost.add(mapped.object.object);
      else for (const one of rowObservations(mapped, change, piece, seen, made)) tell(observations, places, one);
    }
  }
  return { observations, lost: [...lost] };
}

/** Takes the place of what is told of the record already, unless that is its end or its beginning in another transaction. */
function tell(observations: RawObservation[], places: Map<string, number>, one: RawObservation): void {
  const record = `${one.ref.object}/${one.ref.id}`;
  const place = places.get(record);
  const before = place === undefined ? undefined : observations[place];
  if (place !== undefined && before !== undefined && (isUpdate(before, one) || before.revision === one.revision)) {
    observations[place] = joined(before, one);
    return;
  }
  places.set(record, observations.push(one) - 1);
}

function isUpdate(before: RawObservation, now: RawObservation): boolean {
  return before.kind === "upsert" && now.kind === "upsert";
}

/** A later piece of a transaction tells later versions of its rows: its place in the order is after the pieces before it. */
function revisionAt({ lsn, first }: Piece): Revision {
  return first === 0 ? revisionOf(lsn) : `${revisionOf(lsn)}.${first.toString().padStart(12, "0")}`;
}

export function tableOf(tables: readonly MappedTable[], { schema, table }: Relation): MappedTable | undefined {
  return tables.find((one) => one.table.schema === schema && one.table.name === table);
}

type Shape = "known" | "other" | "unnamed";

/** `known`: as the catalog has it. `other`: a mapped column is of another type. `unnamed`: so is the key, or a part of it is missing. */
export function shapeOf(mapped: MappedTable, relation: Relation): Shape {
  const ofRelation = shapes.get(relation) ?? new WeakMap<MappedTable, Shape>();
  shapes.set(relation, ofRelation);
  const shape = ofRelation.get(mapped) ?? compareShapes(mapped, relation);
  ofRelation.set(mapped, shape);
  return shape;
}

/** Asked for every change of a row. */
const shapes = new WeakMap<Relation, WeakMap<MappedTable, Shape>>();

function compareShapes({ table, columns }: MappedTable, relation: Relation): Shape {
  const typeOf = (name: string) => relation.columns.find((column) => column.name === name)?.type;
  if (table.key.some(({ name, oid }) => typeOf(name) !== oid)) return "unnamed";
  // Generated columns are not sent, and columns that were dropped are not there: both leave their cells unmentioned.
  return columns.every(({ name, oid }) => (typeOf(name) ?? oid) === oid) ? "known" : "other";
}

/** Anybody may write messages with our prefix; one that is none of ours says nothing. */
function madeRows(mark: string): [string, string][] {
  const parsed = markSchema.safeParse(mark);
  return parsed.success ? parsed.data.made.map(([id, key]) => [`${parsed.data.object}/${id}`, key]) : [];
}

const markSchema = z
  .string()
  .transform((text, context) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      context.addIssue("not JSON");
      return z.NEVER;
    }
  })
  .pipe(z.object({ object: z.string(), made: z.array(z.tuple([z.string(), z.string()])) }));

/** A later change of the same row; a large value that it did not send is the earlier one's. */
function joined(before: RawObservation | undefined, now: RawObservation): RawObservation {
  if (before?.kind !== "upsert" || now.kind !== "upsert") return now;
  const key = before.createKey === undefined ? {} : { createKey: before.createKey };
  return { ...key, ...now, cells: { ...before.cells, ...now.cells }, complete: before.complete || now.complete };
}

function rowObservations(
  mapped: MappedTable,
  change: RowChange & { readonly kind: "upsert" | "delete" },
  { committedAt }: Piece,
  seen: { readonly revision: Revision; readonly observedAt: number },
  made: ReadonlyMap<string, string>,
): RawObservation[] {
  const gone = (id: string): RawObservation => ({ kind: "delete", ref: refOf(mapped, id), confirmed: true, ...seen });
  if (change.kind === "delete") {
    const id = idOf(mapped.table, change.old);
    return id === null ? [] : [gone(id)];
  }
  const id = idOf(mapped.table, change.row);
  if (id === null) return [];
  const oldId = change.old === null ? null : idOf(mapped.table, change.old);
  const before = oldId !== null && oldId !== id ? [gone(oldId)] : [];
  const ref = refOf(mapped, id);
  if (shapeOf(mapped, change.relation) === "other") return [...before, { kind: "hint", ref, ...seen, revision: null }];
  const cells = cellsOf(mapped, change.row);
  const key = made.get(`${mapped.object.object}/${id}`);
  return [
    ...before,
    {
      kind: "upsert",
      ref,
      ...seen,
      cells,
      complete: isComplete(mapped, cells),
      changedAt: { from: committedAt, until: committedAt },
      author: null,
      ...(key === undefined ? {} : { createKey: key }),
    },
  ];
}
