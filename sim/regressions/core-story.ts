import { compose } from "../../src/core/compose.ts";
import { type Decided, decide, linkIndexOf } from "../../src/core/decide.ts";
import { finish, keysOf } from "../../src/core/finish.ts";
import { observe } from "../../src/core/observe.ts";
import { type Receipt, settle } from "../../src/core/settle.ts";
import type { GoldenRecord, Link } from "../../src/model/golden.ts";
import type { Hold } from "../../src/model/hold.ts";
import type { JournalEntry } from "../../src/model/journal.ts";
import type { RawUpsert } from "../../src/model/observation.ts";
import { mappingOf, type Policy } from "../../src/model/policy.ts";
import type { RawValue } from "../../src/model/value.ts";

type Cells = Readonly<Record<string, RawValue>>;

/**
 * One golden record, told step by step with explicit times: what systems say, what is sent to them, what they answer and when. No store and no
 * engine, so a regression stays what it was when they change.
 */
export function coreStory(policy: Policy) {
  const entity = policy.entities["contact"]!;
  const journal: JournalEntry[] = [];
  let golden: GoldenRecord | null = null;
  let recordHold: Hold | null = null;
  let cause = 0;

  const mappingIn = (system: string) => mappingOf(policy, system, "contacts")!.mapping;
  const current = () => {
    if (golden === null) throw new Error("Nothing has been said yet.");
    return golden;
  };
  const indexIn = (system: string) => current().links.findIndex((link) => link.system === system);
  const commit = (decided: GoldenRecord, lines: readonly JournalEntry[], now: number) => {
    golden = finish(decided, entity, now).golden;
    journal.push(...lines);
  };
  const take = ({ goldens, journal: lines, holds, outcome }: Decided, now: number) => {
    for (const one of goldens) commit(one, lines, now);
    for (const hold of holds) if (hold.goldenId === null) recordHold = hold.status === "open" ? hold : null;
    return outcome;
  };

  return {
    journal,
    golden: current,
    link: (system: string): Link => current().links[indexIn(system)]!,
    value: (field: string) => current().fields[field]?.value,
    holds: () => current().holds,
    /** A system says what its record holds; `at` is when the reading began. Returns the outcome. */
    says(system: string, id: string, at: number, cells: Cells, more: Partial<RawUpsert> = {}) {
      const ref = { system, object: "contacts", id };
      const raw: RawUpsert = {
        kind: "upsert",
        ref,
        cells,
        complete: true,
        revision: null,
        observedAt: at,
        changedAt: null,
        author: null,
        ...more,
      };
      const isKnown = golden !== null && linkIndexOf(golden, ref) !== -1;
      const state = {
        golden: isKnown ? golden : null,
        goldenByKey: (key: string) => (golden !== null && keysOf(golden, entity).includes(key) ? golden : undefined),
        goldenById: () => golden ?? undefined,
        goldenByRecord: () => undefined,
        hold: isKnown ? null : recordHold,
        pin: null,
        scoring: null,
        freshId: "g1",
      };
      return take(decide(state, observe(raw, entity, mappingIn(system)), policy, at, `o${++cause}`), at);
    },
    deletes(system: string, id: string, at: number, revision: string | null = null) {
      const ref = { system, object: "contacts", id };
      const state = {
        golden,
        goldenByKey: () => undefined,
        goldenById: () => undefined,
        goldenByRecord: () => undefined,
        hold: null,
        pin: null,
        scoring: null,
        freshId: "g1",
      };
      const gone = { kind: "delete", ref, revision, observedAt: at, confirmed: true } as const;
      return take(decide(state, gone, policy, at, `o${++cause}`), at);
    },
    /** Sends what the link is behind with. Returns the patch; `null` when nothing differs there. */
    sends(system: string, at: number): Cells | null {
      const index = indexIn(system);
      const link = current().links[index]!;
      const attempt = { id: `a${++cause}`, startedAt: at, expiresAt: at + 120_000 };
      const next = compose(
        current(),
        link,
        entity,
        mappingIn(system),
        { encode: (_f, _c, value) => value as RawValue, policy, goldenById: () => undefined },
        attempt,
      );
      commit({ ...current(), links: current().links.with(index, next.link) }, [], at);
      return next.kind === "write" ? next.inFlight.patch : null;
    },
    /** What became of the write under way. */
    answers(system: string, at: number, receipt: Receipt) {
      const settled = settle(current(), indexIn(system), receipt, {
        policy,
        entity,
        mapping: mappingIn(system),
        now: at,
        jitter: 0,
        goldenOf: () => undefined,
      });
      commit(settled.golden, settled.journal, at);
    },
    /** The receipt of a write that took effect. */
    written: (id: string, at: number, cells: Cells, more: Partial<Receipt & { kind: "written" }> = {}): Receipt => ({
      kind: "written",
      id,
      cells,
      complete: true,
      revision: null,
      observedAt: at,
      covered: {},
      created: false,
      ...more,
    }),
  };
}

export const unknownOutcome: Receipt = {
  kind: "failed",
  error: { code: "UNKNOWN_OUTCOME", message: "the answer never came" },
};
