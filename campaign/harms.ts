import type { Verdict } from "./verdict.ts";

/** What one kind of harm has done to one company. */
export type HarmReport = {
  readonly harm: string;
  /** Where Truce had its store. */
  readonly store: "sqlite" | "postgres";
  /** How often it was done. */
  readonly times: number;
  readonly verdict: Verdict;
  /** How long after the harm an edit that was made then took to reach another system. */
  readonly resumeMs: readonly number[];
  /** Of kills: how many at which stage. */
  readonly stages?: Readonly<Record<string, number>>;
  /** Figures that only this kind has. */
  readonly more?: Readonly<Record<string, number>>;
};

/** A kind of harm that this machine can't do. */
export type Skipped = { readonly harm: string; readonly skipped: string };

/** Longest that work is waited for to resume. */
export const resumeMsLimit = 150_000;

export function isSkipped(report: HarmReport | Skipped): report is Skipped {
  return "skipped" in report;
}

type Sums = Readonly<
  Record<"lost" | "duplicates" | "stale" | "blanked" | "secondRunWrites" | "edits" | "held", number>
>;

/** A whole campaign in figures: those of all companies together, then by kind of harm. */
export type CampaignSum = Sums & {
  readonly kills: number;
  /** Of kills. */
  readonly resumeMsMax: number;
  readonly resumeMsMedian: number;
  readonly stages: Readonly<Record<string, number>>;
  readonly harms: readonly {
    readonly harm: string;
    readonly store: string;
    readonly times: number;
    readonly edits: number;
    readonly resumeMsMax: number;
    readonly more?: Readonly<Record<string, number>>;
  }[];
};

export function summed(reports: readonly HarmReport[]): CampaignSum {
  const kills = reports.filter((report) => report.stages !== undefined);
  const resumeMs = kills.flatMap((report) => report.resumeMs).toSorted((a, b) => a - b);
  const total = (name: keyof Sums) => reports.reduce((sum, { verdict }) => sum + verdict[name], 0);
  const stages: Record<string, number> = {};
  for (const report of kills)
    for (const [stage, count] of Object.entries(report.stages ?? {})) stages[stage] = (stages[stage] ?? 0) + count;
  const groups = Map.groupBy(reports, ({ harm, store }) => `${harm}/${store}`);
  return {
    kills: kills.reduce((sum, { times }) => sum + times, 0),
    lost: total("lost"),
    duplicates: total("duplicates"),
    stale: total("stale"),
    blanked: total("blanked"),
    secondRunWrites: total("secondRunWrites"),
    edits: total("edits"),
    held: total("held"),
    resumeMsMax: resumeMs.at(-1) ?? 0,
    resumeMsMedian: resumeMs[Math.floor(resumeMs.length / 2)] ?? 0,
    stages,
    harms: [...groups.values()].map((own) => ({
      harm: own[0]!.harm,
      store: own[0]!.store,
      times: own.reduce((sum, { times }) => sum + times, 0),
      edits: own.reduce((sum, { verdict }) => sum + verdict.edits, 0),
      resumeMsMax: Math.max(0, ...own.flatMap((report) => report.resumeMs)),
      ...(own[0]!.more === undefined ? {} : { more: own[0]!.more }),
    })),
  };
}
