import type { EngineEvent } from "../engine/deps.ts";
import type { JournalEntry } from "../model/journal.ts";
import { recordKey } from "../model/record.ts";
import type { Store } from "../ports/store.ts";
import type { Log, LogLevel } from "./log.ts";
import { originOf } from "./scan-journal.ts";

/** Logs what the engine tells: troubles as warnings, milestones as info, every batch at the level debug. */
export function logEvent(log: Log, event: EngineEvent): void {
  const level = levelOf(event);
  if (!log.isEnabled(level)) return;
  const { kind, ...fields } = event;
  log.write(level, messageOf(event), { event: kind, ...fields, ...saidIn(log, event) });
}

function levelOf(event: EngineEvent): Exclude<LogLevel, "silent"> {
  switch (event.kind) {
    case "received":
    case "decided":
    case "written":
      return "debug";
    case "scanned":
      return event.done ? "info" : "debug";
    case "swept":
    case "recovered":
      return "info";
    case "trouble":
      return event.code === "RATE_LIMITED" ? "info" : "warn";
    case "breaker":
      return event.forMs === 0 ? "info" : "warn";
    case "feed-lost":
      return "warn";
    case "paused-fields":
      return event.problems.length === 0 ? "info" : "warn";
    case "poisoned":
    case "many-missing":
      return "error";
  }
}

function messageOf(event: EngineEvent): string {
  switch (event.kind) {
    case "received":
      return "observations taken in";
    case "decided":
      return "a batch was decided";
    case "written":
      return "a batch was written";
    case "scanned":
      return event.done ? "an object was read in full" : "an object is being read";
    case "swept":
      return "a sweep has ended";
    case "recovered":
      return `${event.doing} works again`;
    case "trouble":
      return `${event.doing} failed`;
    case "breaker":
      return event.forMs === 0 ? "the system answers again" : "the system is left alone, as it keeps failing";
    case "feed-lost":
      return "the change feed lost its place; the object is compared in full";
    case "paused-fields":
      return event.problems.length === 0 ? "all fields are there again" : "fields are paused";
    case "poisoned":
      return "a record can't be decided and is a dead letter";
    case "many-missing":
      return "too many records were not listed; none is taken for deleted";
  }
}

/** The fields of an event that hold others' words. */
function saidIn({ said }: Log, event: EngineEvent): Readonly<Record<string, unknown>> {
  switch (event.kind) {
    case "trouble":
    case "poisoned":
      return { message: said(event.message) };
    case "breaker":
      return { reason: said(event.reason) };
    case "paused-fields":
      return { problems: event.problems.map(({ cell, message }) => ({ cell, message: said(message) })) };
    case "written":
      // One for each record: figures, not news.
      return { arrivals: undefined };
    default:
      return {};
  }
}

/** The store, with every line that commits add to its journal logged at the level debug; with its values where these may be logged. */
export function logCommits(store: Store, log: Log): Store {
  if (!log.isEnabled("debug")) return store;
  return {
    ...store,
    async commit(units, cursors) {
      const results = await store.commit(units, cursors);
      units.forEach(({ journal }, i) => {
        if (results[i]?.kind === "committed")
          for (const line of journal) log.write("debug", "journal", told(log, line));
      });
      return results;
    },
  };
}

function told(log: Log, line: JournalEntry): Readonly<Record<string, unknown>> {
  const { goldenId, entity, kind, field, version, why, ref, cause, from, to, other } = line;
  const about = { kind, golden: goldenId, entity, field, version, why: log.said(why), cause, by: originOf(line) };
  const record = ref === null ? {} : { record: recordKey(ref) };
  return { event: "journal", ...about, ...record, ...(log.hasValues ? { from, to, other } : {}) };
}
