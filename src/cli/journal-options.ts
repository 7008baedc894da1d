import type { JournalQuery } from "../control/scan-journal.ts";
import type { RecordRef } from "../model/record.ts";
import { CliError, exitUsage } from "./exit.ts";
import { moment } from "./time-option.ts";

/** Options that choose lines of the journal. */
export type ChosenLines = {
  readonly golden?: string;
  readonly record?: string;
  readonly system?: string;
  readonly field?: string;
  readonly rule?: string;
  readonly cause?: string;
  readonly author?: string;
  readonly since?: string;
  readonly until?: string;
};

export function journalQuery(options: ChosenLines, now: number): Omit<JournalQuery, "kind"> {
  const { golden, record, system, field, rule, cause, author, since, until } = options;
  return {
    ...(golden === undefined ? {} : { goldenId: golden }),
    ...(record === undefined ? {} : { ref: refOf(record) }),
    ...(system === undefined ? {} : { system }),
    ...(field === undefined ? {} : { field }),
    ...(rule === undefined ? {} : { rule }),
    ...(cause === undefined ? {} : { cause }),
    ...(author === undefined ? {} : { by: author }),
    ...(since === undefined ? {} : { since: moment("--since", since, now) }),
    ...(until === undefined ? {} : { until: moment("--until", until, now) }),
  };
}

function refOf(text: string): RecordRef {
  const [system = "", object = "", ...id] = text.split("/");
  if (id.length > 0) return { system, object, id: id.join("/") };
  throw new CliError(`--record takes system/object/id, not "${text}".`, exitUsage);
}
