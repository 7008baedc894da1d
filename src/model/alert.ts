import type { RecordRef, SystemId } from "./record.ts";
import type { Instant } from "./time.ts";

export type Severity = "info" | "warning" | "critical";

/**
 * Something that a person should know for as long as it lasts. What it says is for people who know neither Truce nor the record: what happened
 * with figures, which records, what Truce did about it, what to do. No field values.
 */
export type Condition = {
  /** Equal keys are one alert: `behind/crm`. */
  readonly key: string;
  readonly severity: Severity;
  readonly title: string;
  readonly happened: string;
  /** Some of the records, for a start. */
  readonly records: readonly RecordRef[];
  readonly did: string;
  readonly todo: string;
  readonly system: SystemId | null;
};

/** A condition over time: it opens once, is kept up to date while it lasts, and resolves by itself. */
export type Alert = Condition & {
  readonly openedAt: Instant;
  /** When the condition was last met. */
  readonly metAt: Instant;
  readonly resolvedAt: Instant | null;
  readonly acknowledged: { readonly by: string; readonly at: Instant } | null;
  /** The last notice of it; `null`: nobody was told yet. */
  readonly told: { readonly at: Instant; readonly severity: Severity } | null;
  readonly escalatedAt: Instant | null;
};

/** A reason to tell people of an alert. */
export type Notice = {
  readonly alert: Alert;
  readonly why: "opened" | "worse" | "repeated" | "escalated" | "resolved";
  /** Whom to tell: those for this severity. */
  readonly severity: Severity;
};

export type AlertPolicy = {
  /** Told again after so long while nobody has acknowledged it; `null`: never. */
  readonly repeatMs: number | null;
  /** A warning that nobody has acknowledged for so long is told like a critical one; `null`: never. */
  readonly escalateMs: number | null;
  /** While these hours last, only what is critical is told; the rest follows after them. Minutes of the day; `from` may be after `until`. */
  readonly quiet: { readonly from: number; readonly until: number; readonly zone: string } | null;
  /** Nothing is told of these systems (`null`: of anything) meanwhile. */
  readonly maintenance: readonly {
    readonly from: Instant;
    readonly until: Instant;
    readonly systems: readonly SystemId[] | null;
  }[];
};
