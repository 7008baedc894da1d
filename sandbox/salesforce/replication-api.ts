import type { SandboxAnswer } from "../core/serve.ts";
import type { Org, Table } from "./org.ts";
import { refuse } from "./refusal.ts";
import { momentText } from "./render.ts";

const dayMs = 86_400_000;
const updatedDaysMax = 30;
const deletedDaysMax = 15;

/** `GET /sobjects/X/updated`: ids that changed in a time, deleted ones not among them. */
export function listUpdated(org: Org, table: Table, query: URLSearchParams): SandboxAnswer {
  const { start, end } = timesIn(org, query, updatedDaysMax);
  const ids = [...table.records.values()]
    .filter(({ isDeleted, stamp }) => !isDeleted && stamp >= start && stamp < end)
    .map(({ id }) => id);
  return { status: 200, body: { ids, latestDateCovered: momentText(coveredUntil(org, end)) } };
}

/** `GET /sobjects/X/deleted`. The log forgets after fifteen days. */
export function listDeleted(org: Org, table: Table, query: URLSearchParams): SandboxAnswer {
  const { start, end } = timesIn(org, query, deletedDaysMax);
  const earliest = org.now() - deletedDaysMax * dayMs;
  table.deleteLog = table.deleteLog.filter(({ at }) => at >= earliest);
  const listed = table.deleteLog.filter(({ at }) => at >= start && at < end);
  return {
    status: 200,
    body: {
      deletedRecords: listed.map(({ id, at }) => ({ id, deletedDate: momentText(at) })),
      earliestDateAvailable: momentText(Math.max(earliest, org.deletesKnownSince)),
      latestDateCovered: momentText(coveredUntil(org, end)),
    },
  };
}

function coveredUntil(org: Org, end: number): number {
  return Math.min(end, org.now());
}

/** Both times, with their seconds dropped. */
function timesIn(org: Org, query: URLSearchParams, daysMax: number): { readonly start: number; readonly end: number } {
  const [start = Number.NaN, end = Number.NaN] = ["start", "end"].map((name) => {
    const text = query.get(name);
    if (text === null) throw refuse("MISSING_ARGUMENT", `${name} date is required`);
    return Math.floor(Date.parse(text) / 60_000) * 60_000;
  });
  if (Number.isNaN(start) || Number.isNaN(end)) throw refuse("INVALID_REPLICATION_DATE", "invalid date");
  if (start >= end)
    throw refuse("INVALID_REPLICATION_DATE", "startDate must be at least one minute greater than endDate");
  if (start < org.now() - daysMax * dayMs) {
    throw refuse("INVALID_REPLICATION_DATE", `startDate cannot be more than ${daysMax} days ago`);
  }
  return { start, end };
}
