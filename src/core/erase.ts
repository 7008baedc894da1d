import type { GoldenRecord } from "../model/golden.ts";
import type { Hold } from "../model/hold.ts";
import type { JournalEntry } from "../model/journal.ts";
import type { Instant } from "../model/time.ts";
import { archived } from "./draft.ts";

/** Why something of a person is no more, in the journal and wherever a reason stood. */
export const erasedText = "erased";

/**
 * What is left of a golden record whose values are erased: that there was one, and which records were its. By these a late redelivery is known,
 * and comes to nothing.
 */
export function erasedGolden(golden: GoldenRecord, now: Instant): GoldenRecord {
  return {
    ...golden,
    fields: {},
    holds: [],
    deletedAt: golden.deletedAt ?? now,
    links: golden.links
      .filter(({ id }) => id !== null)
      .map((link) => ({
        ...link,
        ...{ status: "deleted", dead: archived, shadow: {}, cells: {}, seen: {}, unsure: {}, refused: {} },
        ...{ inFlight: null, createUnknown: false, waitsFor: null, failures: 0, retryAt: 0, behindSince: null },
      })),
  };
}

export function erasedHold(hold: Hold, by: string, now: Instant): Hold {
  return {
    ...hold,
    base: {},
    candidates: [],
    reason: erasedText,
    revision: hold.revision + 1,
    updatedAt: now,
    status: "closed",
    closed: hold.closed === null ? { at: now, by, choice: erasedText } : { ...hold.closed, choice: erasedText },
  };
}

/** The line without what it says of anyone; `digest` is that of the line as it was. */
export function erasedLine<Line extends JournalEntry>(line: Line, digest: string): Line {
  const source = line.source.kind === "record" ? { ...line.source, author: null } : line.source;
  const { said: _, sides: __, ...rest } = line;
  return { ...(rest as Line), from: null, to: null, other: null, base: null, why: erasedText, source, erased: digest };
}

/** A line as the chain takes it: the same text for the same line, whichever store it lies in. */
export function lineText(line: JournalEntry): string {
  const { goldenId, entity, at, kind, field, version, from, to, other, base, why, source, ref, cause, said, sides } =
    line;
  return JSON.stringify([
    goldenId,
    entity,
    at,
    kind,
    field,
    version,
    from,
    to,
    other,
    base,
    why,
    source,
    ref,
    cause,
    said,
    // What was sealed before there were sides keeps its digest.
    ...(sides === undefined ? [] : [sides]),
  ]);
}
