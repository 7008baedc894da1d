import type { ObjectName, RecordId } from "../model/record.ts";

/** The address of a record's page, by its id. */
export type LinkOf = (id: RecordId) => string;

/**
 * Links for whose addresses a system must be asked once per object: the first that asks sets the question off and gets `null`, as does everybody until the
 * answer is there. A question that failed, or an object without pages (`null`), is asked again no sooner than `againMs` later.
 */
export function createRecordLinks(
  ask: (object: ObjectName) => Promise<LinkOf | null>,
  now: () => number,
): (object: ObjectName, id: RecordId) => string | null {
  const known = new Map<ObjectName, { link: LinkOf | null; readonly askedAt: number }>();
  return (object, id) => {
    const entry = known.get(object);
    if (entry === undefined || (entry.link === null && now() - entry.askedAt > againMs)) {
      const fresh = { link: null as LinkOf | null, askedAt: now() };
      known.set(object, fresh);
      ask(object).then(
        (link) => {
          fresh.link = link;
        },
        // A link is no reason to say that something fails.
        () => undefined,
      );
    }
    return known.get(object)?.link?.(encodeURIComponent(id)) ?? null;
  };
}

const againMs = 60_000;
