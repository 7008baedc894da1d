import type { Alert, AlertPolicy, Condition, Notice, Severity } from "../model/alert.ts";
import type { SystemId } from "../model/record.ts";
import type { Instant } from "../model/time.ts";
import { isWithin } from "./hours.ts";

/** A condition that is not met for so long is over; shorter gaps are part of it. */
const calmMs = 60_000;
const order: Readonly<Record<Severity, number>> = { info: 0, warning: 1, critical: 2 };

export type AlertsUpdated = {
  /** Those that were open or are now, the newly resolved ones included. */
  readonly alerts: readonly Alert[];
  readonly notices: readonly Notice[];
};

/** What the conditions that are met now make of the alerts that were open, and whom to tell what. */
export function updateAlerts(
  open: readonly Alert[],
  conditions: readonly Condition[],
  policy: AlertPolicy,
  now: Instant,
): AlertsUpdated {
  const met = new Map(conditions.map((one) => [one.key, one]));
  const known = new Set(open.map(({ key }) => key));
  const alerts = [
    ...open.map((alert) => continued(alert, met.get(alert.key), policy, now)),
    ...conditions.filter(({ key, system }) => !known.has(key) && !isMaintained(policy, system, now)).map(opened),
  ];
  const told = alerts.map((alert) => tell(alert, policy, now));
  return { alerts: told.map(({ alert }) => alert), notices: told.flatMap(({ notice }) => notice ?? []) };

  function opened(condition: Condition): Alert {
    const none = { resolvedAt: null, acknowledged: null, told: null, escalatedAt: null };
    return { ...condition, ...none, openedAt: now, metAt: now };
  }
}

function continued(alert: Alert, condition: Condition | undefined, policy: AlertPolicy, now: Instant): Alert {
  if (condition !== undefined) {
    // Whoever acknowledged the warning has not seen that it has become critical.
    const isWorse = order[condition.severity] > order[alert.severity];
    return { ...alert, ...condition, metAt: now, acknowledged: isWorse ? null : alert.acknowledged };
  }
  // Who was told that it began is told that it is over, so it waits for the time when that may be told.
  const isOver = now - alert.metAt >= calmMs && (alert.told === null || mayTell(alert, alert.severity, policy, now));
  return isOver ? { ...alert, resolvedAt: now } : alert;
}

function tell(alert: Alert, policy: AlertPolicy, now: Instant): { alert: Alert; notice: Notice | null } {
  const silent = { alert, notice: null };
  const why = reasonToTell(alert, policy, now);
  if (why === null) return silent;
  const severity = why === "escalated" ? "critical" : highest(alert.severity, alert.told?.severity);
  if (!mayTell(alert, severity, policy, now)) return silent;
  const escalatedAt = why === "escalated" ? now : alert.escalatedAt;
  const after = { ...alert, escalatedAt, told: { at: now, severity } };
  return { alert: after, notice: { alert: after, why, severity } };
}

function mayTell({ system, told }: Alert, severity: Severity, policy: AlertPolicy, now: Instant): boolean {
  if (isMaintained(policy, system, now)) return false;
  return highest(severity, told?.severity) === "critical" || !isQuiet(policy, now);
}

function reasonToTell(alert: Alert, { repeatMs, escalateMs }: AlertPolicy, now: Instant): Notice["why"] | null {
  const { told, resolvedAt, severity, acknowledged, escalatedAt, openedAt } = alert;
  // What was over before anyone was told is nobody's concern.
  if (resolvedAt !== null) return told === null ? null : "resolved";
  if (told === null) return "opened";
  if (order[severity] > order[told.severity]) return "worse";
  if (acknowledged !== null) return null;
  const isDueToEscalate = escalateMs !== null && severity === "warning" && now - openedAt >= escalateMs;
  if (isDueToEscalate && escalatedAt === null) return "escalated";
  return repeatMs !== null && now - told.at >= repeatMs ? "repeated" : null;
}

function highest(a: Severity, b: Severity | undefined): Severity {
  return b !== undefined && order[b] > order[a] ? b : a;
}

function isMaintained({ maintenance }: AlertPolicy, system: SystemId | null, now: Instant): boolean {
  return maintenance.some(
    ({ from, until, systems }) =>
      from <= now && now < until && (systems === null || (system !== null && systems.includes(system))),
  );
}

function isQuiet({ quiet }: AlertPolicy, now: Instant): boolean {
  return quiet !== null && isWithin(quiet, now);
}
