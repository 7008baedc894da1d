/** The name that the config gives to one connected account or database. No "/" in it. */
export type SystemId = string;
/** A table or object type in a system, in the system's own words ("contacts", "public.people"). */
export type ObjectName = string;
/** A record's id in its system. Always a string, whatever the system uses. */
export type RecordId = string;
/** The name of a field, column, property in a system; a record's *cell* is what is stored under it. */
export type CellName = string;

/** Names one record in one system. */
export type RecordRef = { readonly system: SystemId; readonly object: ObjectName; readonly id: RecordId };

/** One string per record, for maps and indexes. */
export type RecordKey = string;

/** `system/object/id`; unambiguous, as neither system nor object holds a "/". */
export function recordKey(ref: RecordRef): RecordKey {
  return `${ref.system}/${ref.object}/${ref.id}`;
}
