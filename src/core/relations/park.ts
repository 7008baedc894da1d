import type { FieldName } from "../../model/golden.ts";
import type { Upsert } from "../../model/observation.ts";
import type { ObjectMapping } from "../../model/policy.ts";
import { recordKey } from "../../model/record.ts";
import { sameRaw } from "../../model/value.ts";
import { type Context, type Draft, linkAt, putHold, recordSource, setLink, write } from "../draft.ts";

/** After so long a reference to a record that nobody knows is shown to a person. */
const askAfterMs = 10 * 60_000;

/**
 * Parks the fields that point to records which are not known (yet): they are neither taken nor written over until their parent appears, and a
 * person is told when it does not. `before`: the link's cells before this observation.
 */
export function parkUnknown(
  draft: Draft,
  index: number,
  seen: Upsert,
  mapping: ObjectMapping,
  before: Upsert["cells"],
  context: Context,
): void {
  for (const [field, parents] of Object.entries(seen.unknown)) {
    const { parked } = linkAt(draft, index);
    const cell = mapping.fields[field]?.cell ?? "";
    const known = sameRaw(before[cell], seen.cells[cell]) ? parked[field] : undefined;
    const entry = known ?? { since: context.now, asked: false };
    if (known === undefined) draft.parked.push({ child: seen.ref, parents });
    const asks = !entry.asked && context.now - entry.since >= askAfterMs;
    setLink(draft, index, { parked: { ...parked, [field]: { ...entry, asked: entry.asked || asks } } });
    if (asks) openHold(draft, field, seen, context);
  }
  for (const field of Object.keys(linkAt(draft, index).parked))
    if (field in seen.fields) unpark(draft, index, field, seen, context);
}

function openHold(draft: Draft, field: FieldName, seen: Upsert, context: Context): void {
  const parents = (seen.unknown[field] ?? []).map(({ object, id }) => `${object} ${id}`).join(", ");
  const reason = `${field} points to ${parents} of ${seen.ref.system}, which is not known`;
  putHold(draft, {
    id: `${draft.id}.missing.${recordKey(seen.ref)}.${field}.${context.cause}`,
    kind: "missing",
    entity: draft.entity.name,
    goldenId: draft.id,
    ref: seen.ref,
    fields: [field],
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
  write(draft, context, { kind: "held", field, why: reason, source: recordSource(seen.ref, seen.author) });
}

function unpark(draft: Draft, index: number, field: FieldName, seen: Upsert, context: Context): void {
  const { [field]: _, ...parked } = linkAt(draft, index).parked;
  setLink(draft, index, { parked });
  const isAbout = (hold: (typeof draft.holds)[number]) =>
    hold.kind === "missing" &&
    hold.fields[0] === field &&
    hold.ref !== null &&
    recordKey(hold.ref) === recordKey(seen.ref);
  for (const hold of draft.holds.filter(isAbout)) {
    putHold(draft, {
      ...hold,
      updatedAt: context.now,
      revision: hold.revision + 1,
      status: "closed",
      closed: { at: context.now, by: "truce", choice: "what it points to is known" },
    });
  }
}
