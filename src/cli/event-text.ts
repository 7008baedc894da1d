import { withoutValues } from "../core/without-values.ts";
import type { EngineEvent } from "../engine/deps.ts";
import { counted, numberText, remarkColor, safeText, spanText } from "./output.ts";

/** An event that an operator should read at once, as a line; `null` for those that are only counted. No field values. */
export function eventText(event: EngineEvent): string | null {
  switch (event.kind) {
    case "scanned":
      return event.done ? `${event.system}: read all ${numberText(event.count)} ${event.object}` : null;
    case "trouble": {
      const message = wordsOf(event.message);
      return remarkColor.yellow(
        `${event.system}: ${event.doing} failed: ${message}. Next try in ${spanText(event.retryInMs)}.`,
      );
    }
    case "breaker": {
      if (event.forMs === 0) return `${event.system}: it answers again.`;
      const reason = wordsOf(event.reason);
      return remarkColor.yellow(
        `${event.system}: left alone for ${spanText(event.forMs)}, as it keeps failing: ${reason}.`,
      );
    }
    case "recovered":
      return `${event.system}: ${event.doing} works again.`;
    case "poisoned": {
      const { system, object, id } = event.ref;
      return remarkColor.red(
        `${system} ${object} ${safeText(id)} can't be decided and is a dead letter: ${wordsOf(event.message)}`,
      );
    }
    case "feed-lost":
      return remarkColor.yellow(
        `${event.system}: the change feed of ${event.object} lost its place; all of it is compared once.`,
      );
    case "many-missing":
      return remarkColor.red(
        `${event.system}: ${numberText(event.missing)} of ${counted(event.known, "known record")} of ${event.object} were not listed. ` +
          "Nothing is taken for deleted; look at the system.",
      );
    case "paused-fields": {
      const { system, object, fields, problems } = event;
      if (problems.length === 0) return `${system}: all fields of ${object} are there again, and are caught up with.`;
      const reasons = problems.map(({ cell, message }) => `${safeText(cell)}: ${wordsOf(message)}`);
      return remarkColor.yellow(
        `${system}: ${fields.join(", ") || "constants"} of ${object} ${fields.length === 1 ? "is" : "are"} paused (${reasons.join("; ")}). ` +
          "Nothing is taken for blank; it goes on by itself once the fields are as the config says.",
      );
    }
    default:
      return null;
  }
}

/** What a system said, within a sentence of ours. */
function wordsOf(text: string): string {
  return safeText(withoutValues(text)).replace(/\.$/u, "");
}
