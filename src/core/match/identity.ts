import type { FieldName } from "../../model/golden.ts";
import type { EntityPolicy, IdentityKey } from "../../model/policy.ts";
import { type FieldValue, isBlank } from "../../model/value.ts";
import { isFreeMailDomain, isRoleMailbox } from "../normalize/email-parts.ts";
import { fold } from "../normalize/fold.ts";
import { isPlaceholderValue } from "../normalize/placeholder.ts";

/** An identity key with the values it was made of. `text` is what the store keeps unique per entity. */
export type Identity = { readonly key: IdentityKey; readonly rank: number; readonly text: string };

/**
 * The exact keys under which a thing is known, strongest first. A key of which a part is missing, a placeholder
 * ("test@test.com", 000000) or shared by nature (info@ alone) identifies nobody and is left out.
 */
export function identitiesOf(entity: EntityPolicy, value: (field: FieldName) => FieldValue | undefined): Identity[] {
  const identities: Identity[] = [];
  entity.identity.forEach((key, rank) => {
    const [only = "", ...more] = key.fields;
    const single = more.length === 0 ? value(only) : undefined;
    if (typeof single === "string") {
      const text = textOfOne(entity, key, rank, single);
      if (text !== null) identities.push({ key, rank, text });
      return;
    }
    const parts = key.fields.map((field) => partOf(entity, field, value(field), key.fields.length === 1));
    if (parts.every((part) => part !== null)) {
      identities.push({ key, rank, text: JSON.stringify([entity.name, key.fields, parts]) });
    }
  });
  return identities;
}

/** One that names a single field is asked for again and again while its record is worked on. */
const known = new WeakMap<EntityPolicy, Map<string, string | null>[]>();
/** By key; then all is forgotten. */
const knownMax = 10_000;

function textOfOne(entity: EntityPolicy, key: IdentityKey, rank: number, value: string): string | null {
  const ofEntity = known.get(entity) ?? [];
  known.set(entity, ofEntity);
  const ofKey = ofEntity[rank] ?? new Map<string, string | null>();
  ofEntity[rank] = ofKey;
  const before = ofKey.get(value);
  if (before !== undefined) return before;
  const part = partOf(entity, key.fields[0] ?? "", value, true);
  const text = part === null ? null : JSON.stringify([entity.name, key.fields, [part]]);
  if (ofKey.size >= knownMax) ofKey.clear();
  ofKey.set(value, text);
  return text;
}

function partOf(entity: EntityPolicy, field: FieldName, value: FieldValue | undefined, alone: boolean): string | null {
  const type = entity.fields[field]?.type;
  if (type === undefined || value === undefined || isBlank(value)) return null;
  if (isPlaceholderValue(type, value)) return null;
  if (type.kind === "email" && alone && typeof value === "string" && isRoleMailbox(value)) return null;
  if (type.kind === "domain" && typeof value === "string" && isFreeMailDomain(value)) return null;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  // Names and free text are compared without case, accents and punctuation; the strict types have one form already.
  return type.kind === "name" || type.kind === "text" || type.kind === "address" ? fold(text) || null : text;
}
