import type { Alert, Notice } from "../../model/alert.ts";

const recordsShown = 5;

/** A notice as one line. */
export function headline({ alert, why, severity }: Notice): string {
  const mark = why === "resolved" ? "RESOLVED" : severity.toUpperCase();
  const again = why === "repeated" ? " (still)" : why === "escalated" ? " (nobody has acknowledged it)" : "";
  return `[${mark}] ${alert.title}${again}`;
}

/** A notice in full, as plain text: what happened, which records, what Truce did, what to do. */
export function noticeText(notice: Notice): string {
  const { alert, why } = notice;
  if (why === "resolved") return `${headline(notice)}\nIt lasted ${minutes((alert.resolvedAt ?? 0) - alert.openedAt)}.`;
  return [headline(notice), ...alertLines(alert)].join("\n");
}

export function alertLines({ happened, records, did, todo, key, openedAt }: Alert): string[] {
  const shown = records.slice(0, recordsShown).map(({ system, object, id }) => `${system} ${object} ${id}`);
  return [
    happened,
    ...(shown.length === 0 ? [] : [`Records: ${shown.join(", ")}`]),
    `What Truce did: ${did}`,
    `What to do: ${todo}`,
    `Since ${new Date(openedAt).toISOString()}. Acknowledge it: truce alerts ack ${key}`,
  ];
}

function minutes(ms: number): string {
  return ms < 120_000 ? `${Math.round(ms / 1_000)} s` : `${Math.round(ms / 60_000)} min`;
}
