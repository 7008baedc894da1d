import type { RecordId } from "../../model/record.ts";
import type { Instant } from "../../model/time.ts";
import { type RawValue, sameRaw } from "../../model/value.ts";

/** One cell that we set: what it held when we looked just before, and what it holds after. */
type CellWrite = { readonly fieldId: string; readonly before: RawValue; after: RawValue; readonly lookedAt: Instant };

/**
 * What a payload under our own name means for one cell. unknown: not a write that we remember. covered: our write replaced another value
 * than we had seen when we looked, at `lookedAt`.
 */
export type OwnChange =
  | { readonly kind: "echo" | "unknown" }
  | { readonly kind: "covered"; readonly lookedAt: Instant };

/** A note of writes that are about to be sent; corrected by what the answer shows. */
export type WriteNote = {
  /** The form in which Airtable keeps the values. */
  kept(after: Readonly<Record<string, RawValue>>): void;
  /** Surely not done. */
  refused(): void;
};

/**
 * Remembers our latest writes until the feed shows them. A payload says only that our user wrote, not which of its programs, and its
 * previous values show what a write really replaced: an edit that came between our look and our write is found here.
 */
export type OwnWrites = {
  note(
    id: RecordId,
    lookedAt: Instant,
    cells: readonly { readonly fieldId: string; readonly before: RawValue; readonly after: RawValue }[],
  ): WriteNote;
  noteCreated(id: RecordId): void;
  noteDeleted(id: RecordId): void;
  /** Takes one shown change off the notes. */
  shown(id: RecordId, fieldId: string, previous: RawValue, current: RawValue): OwnChange;
  shownCreated(id: RecordId): boolean;
  shownDeleted(id: RecordId): boolean;
};

/** A note is a few hundred bytes; more than these wait only when the feed has been down for long, and then the oldest go. */
const notesMax = 20_000;

export function createOwnWrites(): OwnWrites {
  const writes = new Map<RecordId, CellWrite[]>();
  const created = new Set<RecordId>();
  const deleted = new Set<RecordId>();

  return {
    note(id, lookedAt, cells) {
      const added: CellWrite[] = cells.map((cell) => ({ ...cell, lookedAt }));
      writes.set(id, [...(writes.get(id) ?? []), ...added]);
      dropOldest(writes);
      return {
        kept(after) {
          for (const write of added) write.after = after[write.fieldId] ?? write.after;
        },
        refused() {
          keep(writes, id, (write) => !added.includes(write));
        },
      };
    },
    noteCreated(id) {
      created.add(id);
      dropOldest(created);
    },
    noteDeleted(id) {
      deleted.add(id);
      dropOldest(deleted);
    },
    shown(id, fieldId, previous, current) {
      const mine = (writes.get(id) ?? []).filter((write) => write.fieldId === fieldId && sameRaw(write.after, current));
      const exact = mine.find((write) => sameRaw(write.before, previous));
      const found = exact ?? mine[0];
      if (found === undefined) return { kind: "unknown" };
      keep(writes, id, (write) => write !== found);
      return exact === undefined ? { kind: "covered", lookedAt: found.lookedAt } : { kind: "echo" };
    },
    shownCreated: (id) => created.delete(id),
    shownDeleted: (id) => deleted.delete(id),
  };
}

function keep(writes: Map<RecordId, CellWrite[]>, id: RecordId, wanted: (write: CellWrite) => boolean): void {
  const left = (writes.get(id) ?? []).filter(wanted);
  if (left.length > 0) writes.set(id, left);
  else writes.delete(id);
}

function dropOldest(notes: Map<RecordId, unknown> | Set<RecordId>): void {
  if (notes.size <= notesMax) return;
  for (const id of notes.keys()) return void notes.delete(id);
}
