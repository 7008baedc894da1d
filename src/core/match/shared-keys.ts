import type { GoldenRecord } from "../../model/golden.ts";
import type { Hold } from "../../model/hold.ts";
import type { RecordRef } from "../../model/record.ts";
import { type Context, type Draft, putHold, recordSource, write } from "../draft.ts";
import { type Identity, identitiesOf } from "./identity.ts";
import { areDistinct } from "./match.ts";

/**
 * After a change of its fields a golden record may have the identity key of another one: a mailbox was given on, or the two are one thing. The first owner keeps
 * the key, and a person is asked, with both. Once they share none any more, nobody need be asked.
 */
export function noteSharedKeys(
  draft: Draft,
  before: GoldenRecord,
  ref: RecordRef,
  goldenByKey: (key: string) => GoldenRecord | undefined,
  context: Context,
): void {
  if (draft.deletedAt !== null) return;
  const isAsBefore = (field: string) => draft.fields[field] === before.fields[field];
  if (draft.entity.identity.every(({ fields }) => fields.every(isAsBefore))) return;
  const had = new Set(identitiesOf(draft.entity, (field) => before.fields[field]?.value).map(({ text }) => text));
  const has = identitiesOf(draft.entity, (field) => draft.fields[field]?.value);
  if (has.length === had.size && has.every(({ text }) => had.has(text))) return;
  const ownerOf = ({ text }: Identity) => {
    const owner = goldenByKey(text);
    return owner === undefined || owner.id === draft.id || owner.deletedAt !== null ? undefined : owner;
  };
  for (const hold of draft.holds) {
    if (hold.kind === "duplicate" && isOfKey(hold) && !has.some((key) => hold.matches.includes(ownerOf(key)?.id ?? "")))
      close(draft, hold, context);
  }
  for (const key of has) {
    const owner = had.has(key.text) ? undefined : ownerOf(key);
    if (owner !== undefined && !areDistinct(owner, before) && !isAsked(draft, owner))
      ask(draft, owner, key, ref, context);
  }
}

/** Holds of this kind are told apart from other duplicates by their fields: those of the key. */
function isOfKey({ fields }: Hold): boolean {
  return fields.length > 0;
}

function isAsked({ holds }: Draft, { id }: GoldenRecord): boolean {
  return holds.some((hold) => hold.kind === "duplicate" && hold.matches.includes(id));
}

function ask(draft: Draft, owner: GoldenRecord, { key }: Identity, ref: RecordRef, context: Context): void {
  const named = key.fields.join(" + ");
  const reason = `has the ${named} of another golden record since it was changed in ${ref.system}`;
  const candidateOf = (golden: Pick<GoldenRecord, "id" | "fields">): Hold["candidates"][number] => {
    const first = golden.fields[key.fields[0] ?? ""];
    return {
      values: Object.fromEntries(Object.entries(golden.fields).map(([field, { value }]) => [field, value])),
      source: first?.source ?? recordSource(ref, null),
      at: first?.changedAt ?? { from: 0, until: context.now },
      cause: `golden record ${golden.id}`,
    };
  };
  putHold(draft, {
    id: `${draft.id}.${named}.${owner.id}.${context.cause}`,
    kind: "duplicate",
    entity: draft.entity.name,
    goldenId: draft.id,
    ref,
    fields: key.fields,
    base: {},
    candidates: [candidateOf(draft), candidateOf(owner)],
    matches: [owner.id],
    reason,
    openedAt: context.now,
    updatedAt: context.now,
    revision: 1,
    status: "open",
    closed: null,
  });
  write(draft, context, { kind: "held", why: reason, source: recordSource(ref, null) });
}

function close(draft: Draft, hold: Hold, context: Context): void {
  putHold(draft, {
    ...hold,
    status: "closed",
    revision: hold.revision + 1,
    updatedAt: context.now,
    closed: { at: context.now, by: "truce", choice: "they share no identity any more" },
  });
}
