import type { Link } from "../model/golden.ts";
import type { RawDelete } from "../model/observation.ts";
import type { RecordRef } from "../model/record.ts";
import type { UpsertOutcome } from "./apply-upsert.ts";
import { behindFields } from "./behind.ts";
import { type Context, type Draft, linkAt, putHold, recordSource, setLink, unarchive, write } from "./draft.ts";

/**
 * A linked record is gone. Never deletes silently: `hold` asks; `propagate` deletes the others only where nothing is open or unseen;
 * `archive` ends the golden record and leaves the others as they are; `ignore` drops the link alone.
 */
export function applyDelete(draft: Draft, index: number, seen: RawDelete, context: Context): UpsertOutcome {
  const link = linkAt(draft, index);
  if (link.inFlight !== null) return "waiting";
  if (link.status === "deleted") return "no-op";
  if (seen.revision !== null && link.revision !== null && seen.revision < link.revision) return "superseded";
  if (seen.revision === null && seen.observedAt < link.observedAt) return "reread";
  if (!seen.confirmed) return "reread";
  setLink(draft, index, {
    status: "deleted",
    revision: seen.revision ?? link.revision,
    observedAt: Math.max(link.observedAt, seen.observedAt),
    // Found to be gone, it was gone then, whatever revision an event from before has.
    knownAt: seen.revision === null ? Math.max(link.knownAt, seen.observedAt) : link.knownAt,
  });
  const source = recordSource(seen.ref, null);
  if (draft.deletedAt !== null) return "applied";
  if (link.leftOver === true) {
    setLink(draft, index, { leftOver: false });
    write(draft, context, { kind: "deleted", why: "its golden record has another record here", source });
    return "applied";
  }
  const policy = context.entity.deletes;
  const others = draft.links.filter((other, i) => i !== index && other.status === "linked");
  if (policy === "hold" || (policy === "propagate" && others.some((other) => hasUnseenEdits(draft, link, other)))) {
    openDeleteHold(draft, link, seen.ref, context);
    return "held";
  }
  write(draft, context, { kind: "deleted", why: `deleted in ${seen.ref.system}; deletes: ${policy}`, source });
  if (policy !== "ignore") draft.deletedAt = context.now;
  return "applied";
}

/**
 * Someone has edited a record of a golden record that is deleted: whoever deleted it had not seen that. It is kept, and a person is asked about
 * every record of it that is gone.
 */
export function contestDelete(draft: Draft, context: Context): void {
  if (draft.deletedAt === null) return;
  unarchive(draft);
  for (const link of draft.links) {
    const { system, object, id } = link;
    const isAsked = draft.holds.some(
      (hold) => hold.kind === "delete" && hold.ref?.system === system && hold.ref.id === id,
    );
    if (link.status !== "deleted" || id === null || isAsked) continue;
    openDeleteHold(draft, link, { system, object, id }, context);
  }
}

/** Someone edited the thing elsewhere, and whoever deleted it here had not seen that. */
function hasUnseenEdits(draft: Draft, deleted: Link, other: Link): boolean {
  if (draft.holds.length > 0 || other.inFlight !== null) return true;
  const mapping = draft.entity.mappings.find((m) => m.system === deleted.system && m.object === deleted.object);
  // What it would not take was not seen there either.
  return mapping !== undefined && behindFields(draft, { ...deleted, refused: {} }, draft.entity, mapping).length > 0;
}

function openDeleteHold(draft: Draft, link: Link, ref: RecordRef, context: Context): void {
  const reason = `deleted in ${link.system}, still there elsewhere`;
  putHold(draft, {
    id: `${draft.id}.delete.${link.system}.${context.cause}`,
    kind: "delete",
    entity: draft.entity.name,
    goldenId: draft.id,
    ref,
    fields: [],
    base: {},
    candidates: [],
    matches: [],
    reason,
    openedAt: context.now,
    updatedAt: context.now,
    revision: 1,
    status: "open",
    closed: null,
  });
  write(draft, context, { kind: "held", why: reason, source: recordSource(ref, null) });
}
