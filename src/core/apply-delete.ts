import type { Link } from "../model/golden.ts";
import type { RawDelete } from "../model/observation.ts";
import type { UpsertOutcome } from "./apply-upsert.ts";
import { behindFields } from "./behind.ts";
import { type Context, type Draft, linkAt, putHold, recordSource, setLink, write } from "./draft.ts";

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
  });
  const source = recordSource(seen.ref, null);
  if (draft.deletedAt !== null) return "applied";
  const policy = context.entity.deletes;
  const others = draft.links.filter((other, i) => i !== index && other.status === "linked");
  if (policy === "hold" || (policy === "propagate" && others.some((other) => hasUnseenEdits(draft, link, other)))) {
    openDeleteHold(draft, link, seen, context);
    return "held";
  }
  write(draft, context, { kind: "deleted", why: `deleted in ${seen.ref.system}; deletes: ${policy}`, source });
  if (policy !== "ignore") draft.deletedAt = context.now;
  if (policy === "archive") {
    draft.links = draft.links.map((other) =>
      other.status === "linked" ? { ...other, status: "deleted" as const } : other,
    );
  }
  draft.links = draft.links.filter((other) => policy === "ignore" || other.status !== "wanted");
  return "applied";
}

/** Someone edited the thing elsewhere, and whoever deleted it here had not seen that. */
function hasUnseenEdits(draft: Draft, deleted: Link, other: Link): boolean {
  if (draft.holds.length > 0 || other.inFlight !== null) return true;
  const mapping = draft.entity.mappings.find((m) => m.system === deleted.system && m.object === deleted.object);
  return mapping !== undefined && behindFields(draft, deleted, draft.entity, mapping).length > 0;
}

function openDeleteHold(draft: Draft, link: Link, seen: RawDelete, context: Context): void {
  const reason = `deleted in ${link.system}, still there elsewhere`;
  putHold(draft, {
    id: `${draft.id}.delete.${link.system}.${link.generation}`,
    kind: "delete",
    entity: draft.entity.name,
    goldenId: draft.id,
    ref: seen.ref,
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
  write(draft, context, { kind: "held", why: reason, source: recordSource(seen.ref, null) });
}
