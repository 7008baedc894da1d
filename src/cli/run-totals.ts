import type { EngineEvent } from "../engine/deps.ts";
import type { SystemId } from "../model/record.ts";
import type { Outcome } from "../ports/store.ts";

/** What a run has done so far. */
export type Totals = {
  readonly received: Readonly<Record<SystemId, number>>;
  readonly decided: Readonly<Partial<Record<Outcome, number>>>;
  readonly written: Readonly<Record<SystemId, number>>;
  /** Writes that did not take place, by what came instead: changed, missing, RATE_LIMITED ... */
  readonly unwritten: Readonly<Record<string, number>>;
};

export const noTotals: Totals = { received: {}, decided: {}, written: {}, unwritten: {} };

/** The totals with one more event counted in. */
export function counting(totals: Totals, event: EngineEvent): Totals {
  switch (event.kind) {
    case "received":
      return { ...totals, received: plus(totals.received, { [event.system]: event.count }) };
    case "decided":
      return { ...totals, decided: plus(totals.decided, event.outcomes) };
    case "written": {
      const { written = 0, ...others } = event.results;
      return {
        ...totals,
        written: plus(totals.written, { [event.system]: written }),
        unwritten: plus(totals.unwritten, others),
      };
    }
    default:
      return totals;
  }
}

export function totalsText({ received, decided, written, unwritten }: Totals): string {
  const parts = [`read ${listed(received)}`, `decided ${listed(decided)}`, `written ${listed(written)}`];
  const others = listed(unwritten);
  return (others === "nothing" ? parts : [...parts, `not written ${others}`]).join("; ");
}

type Numbers = Readonly<Record<string, number | undefined>>;

function plus(a: Numbers, b: Numbers): Record<string, number> {
  const sum = { ...a } as Record<string, number>;
  for (const [key, count] of Object.entries(b)) if (count) sum[key] = (sum[key] ?? 0) + count;
  return sum;
}

function listed(numbers: Numbers): string {
  const parts = Object.entries(numbers).map(([name, count]) => `${(count ?? 0).toLocaleString("en-US")} ${name}`);
  return parts.length === 0 ? "nothing" : parts.join(", ");
}
