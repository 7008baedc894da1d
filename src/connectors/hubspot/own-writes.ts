import type { CoveredCell } from "../../model/observation.ts";
import type { CellName, ObjectName } from "../../model/record.ts";
import type { Instant } from "../../model/time.ts";
import { type RawValue, sameRaw } from "../../model/value.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Client } from "./client.ts";
import { type Covered, type HubSpotRecord, intervalOf, type Version } from "./records.ts";

/** A write as it was sent, with the record as it was read just before. */
export type Sent = { readonly before: HubSpotRecord; readonly patch: Readonly<Record<CellName, RawValue>> };

/** What a property's history tells about a write of ours. */
export type Traced = {
  /** Edits that came between our look and our write: newest first. */
  readonly covered: readonly Version[];
  /** Somebody wrote after us. */
  readonly isOvertaken: boolean;
};

/**
 * Finds our write among the versions that were not there when we looked. `stored` is the value that it left. `null`: it is not among them
 * (the value was there already, or the write never landed).
 */
export function traceWrite(sent: Sent, cell: CellName, stored: RawValue, after: HubSpotRecord): Traced | null {
  const old = new Set(sent.before.versions(cell).map(({ key }) => key));
  const added = after.versions(cell).filter(({ key }) => !old.has(key));
  const isOurs = (version: Version) => isAlike(version.value, stored);
  const byUs = added.findIndex((version) => isOurs(version) && version.byIntegration);
  const index = byUs === -1 ? added.findIndex(isOurs) : byUs;
  if (index === -1) return null;
  return { covered: added.slice(index + 1), isOvertaken: index > 0 };
}

/** HubSpot keeps e-mails and domains in lower case, and trims. */
function isAlike(a: RawValue, b: RawValue): boolean {
  if (typeof a !== "string" || typeof b !== "string") return sameRaw(a, b);
  return a.trim().toLowerCase() === b.trim().toLowerCase();
}

export function coveredCells(client: Client, versions: readonly Version[]): readonly CoveredCell[] {
  return versions.map(({ value, at, author }) => ({ value, at: intervalOf(client, at), author }));
}

/**
 * Writes that could not be read back at once: the next reading of the record, whoever asks for it, tells the edits that they covered. Lost with
 * the process; then such an edit is found only in HubSpot's own history.
 */
export type OwnWrites = {
  note(object: ObjectName, sent: Sent): void;
  /** What the noted write covered, by a record read with its history. The note is used up once the write shows. */
  take(object: ObjectName, record: HubSpotRecord): Covered | null;
};

const notesMax = 10_000;
/** A write that has not shown by then never landed. */
const noteMsMax = 120_000;

export function createOwnWrites(client: Client, clock: Clock): OwnWrites {
  const notes = new Map<string, { readonly sent: Sent; readonly at: Instant }>();
  return {
    note: (object, sent) => {
      notes.set(`${object}/${sent.before.id}`, { sent, at: clock.now() });
      if (notes.size > notesMax) for (const oldest of notes.keys()) return void notes.delete(oldest);
    },
    take: (object, record) => {
      const key = `${object}/${record.id}`;
      const note = notes.get(key);
      if (note === undefined) return null;
      const traces = Object.entries(note.sent.patch).map(([cell, raw]) => {
        return [cell, traceWrite(note.sent, cell, raw, record)] as const;
      });
      const hasShown = traces.some(([, traced]) => traced !== null);
      if (hasShown || clock.now() - note.at > noteMsMax) notes.delete(key);
      const covered = traces.flatMap(([cell, traced]) =>
        traced === null || traced.covered.length === 0 ? [] : [[cell, coveredCells(client, traced.covered)] as const],
      );
      return covered.length > 0 ? Object.fromEntries(covered) : null;
    },
  };
}
