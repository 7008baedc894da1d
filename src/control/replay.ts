import { conflictIn, type Replayed, replayConflict, replayHold } from "../core/replay.ts";
import type { EntityType, FieldName, GoldenId, Source } from "../model/golden.ts";
import type { Hold } from "../model/hold.ts";
import type { Policy } from "../model/policy.ts";
import type { Instant } from "../model/time.ts";
import type { FieldValue } from "../model/value.ts";
import type { Store } from "../ports/store.ts";

/** What changed rules would have made of past conflicts. */
export type ReplayReport = {
  /** Conflicts that rules decided, from the journal. */
  readonly byRule: FieldTallies;
  /** Conflicts that people decided, from the holds; `other` are those that the rule contradicts. */
  readonly byPerson: FieldTallies;
  /** Conflicts that are held now; `other` are those that the rule would settle. */
  readonly open: FieldTallies;
  readonly lines: number;
  readonly samples: readonly ReplaySample[];
  /** Some of what is held now and would be settled. */
  readonly openSamples: readonly OpenSample[];
};

export type OpenSample = Pick<ReplaySample, "goldenId" | "entity" | "field" | "value"> & { readonly holdId: string };

/** By `entity.field`. */
export type FieldTallies = Readonly<Record<string, Readonly<Record<Replayed["kind"], number>>>>;

export type ReplaySample = {
  readonly goldenId: GoldenId | null;
  readonly entity: EntityType;
  readonly field: FieldName;
  readonly decided: FieldValue;
  readonly by: "rule" | "person";
  /** What the changed rule would have made of it. */
  readonly value: FieldValue;
  /** The journal's line number, or the hold. */
  readonly place: string;
};

const pageSize = 5_000;
const samplesMax = 20;
/** Fields whose last source is remembered; a conflict on one that was set longer ago can't be replayed. */
const sourcesMax = 500_000;

/**
 * Runs past conflicts through another config's rules, in memory and without changing anything: what people decided, from the holds, and what
 * rules decided, from the journal. `onOther` is given every value that would be another one, so that any number can be listed.
 */
export async function replayRules(
  store: Pick<Store, "journal" | "holds">,
  policy: Policy,
  since: Instant,
  onOther: (sample: ReplaySample) => void = () => undefined,
): Promise<ReplayReport> {
  const tally: Tally = { byRule: {}, byPerson: {}, open: {}, samples: [], openSamples: [], onOther };
  await replayHolds(store, policy, since, tally);
  const lines = await replayJournal(store, policy, since, tally);
  const { onOther: _, ...report } = tally;
  return { ...report, lines };
}

type Tally = {
  readonly byRule: Record<string, Record<Replayed["kind"], number>>;
  readonly byPerson: Record<string, Record<Replayed["kind"], number>>;
  readonly open: Record<string, Record<Replayed["kind"], number>>;
  readonly samples: ReplaySample[];
  readonly openSamples: OpenSample[];
  readonly onOther: (sample: ReplaySample) => void;
};

function noteOther({ samples, onOther }: Tally, sample: ReplaySample): void {
  onOther(sample);
  if (samples.length < samplesMax) samples.push(sample);
}

function count(tallies: Tally["byRule"], entity: EntityType, field: FieldName, { kind }: Replayed): void {
  const key = `${entity}.${field}`;
  const known = tallies[key] ?? { same: 0, other: 0, undecided: 0, blind: 0 };
  known[kind]++;
  tallies[key] = known;
}

async function replayHolds(store: Pick<Store, "holds">, policy: Policy, since: Instant, tally: Tally): Promise<void> {
  for (let after: string | undefined; ; ) {
    const filter = { kind: "conflict" as const, limit: pageSize };
    const page = await store.holds(after === undefined ? filter : { ...filter, after });
    for (const hold of page) if (hold.updatedAt >= since) replayOneHold(policy, hold, tally);
    after = page.at(-1)?.id;
    if (page.length < pageSize) return;
  }
}

function replayOneHold(policy: Policy, hold: Hold, tally: Tally): void {
  const entity = policy.entities[hold.entity];
  const [golden, other, ...others] = hold.candidates;
  if (entity === undefined || golden === undefined || other === undefined || others.length > 0) return;
  const taken = /^took candidate (?<number>\d+)$/u.exec(hold.closed?.choice ?? "")?.groups?.["number"];
  if (hold.status === "closed" && taken === undefined) return;
  for (const field of hold.fields) {
    const decided = taken === undefined ? undefined : (hold.candidates[Number(taken)]?.values[field] ?? null);
    const replayed = replayHold(entity, field, hold.base[field], [golden, other], decided);
    count(taken === undefined ? tally.open : tally.byPerson, hold.entity, field, replayed);
    if (replayed.kind !== "other") continue;
    const { goldenId, entity: name, id } = hold;
    if (decided === undefined) {
      if (tally.openSamples.length < samplesMax)
        tally.openSamples.push({ goldenId, entity: name, field, value: replayed.value, holdId: id });
      continue;
    }
    noteOther(tally, { goldenId, entity: name, field, decided, by: "person", value: replayed.value, place: id });
  }
}

async function replayJournal(
  store: Pick<Store, "journal">,
  policy: Policy,
  since: Instant,
  tally: Tally,
): Promise<number> {
  const sources = new Map<string, Source>();
  let read = 0;
  for (let after = 0; ; ) {
    // Where to begin is looked up once: lines are nearly in order of time.
    const page = await store.journal(after === 0 ? { since, limit: pageSize } : { after, limit: pageSize });
    for (const line of page) {
      const { goldenId, entity, field, kind, source, sequence } = line;
      if (field === null || line.at < since) continue;
      const key = `${goldenId}/${field}`;
      const conflict = conflictIn(line, sources.get(key));
      const rules = policy.entities[entity];
      if (conflict !== null && rules !== undefined) {
        const replayed = replayConflict(rules, field, conflict);
        count(tally.byRule, entity, field, replayed);
        const { decided } = conflict;
        const place = String(sequence);
        if (replayed.kind === "other")
          noteOther(tally, { goldenId, entity, field, decided, by: "rule", value: replayed.value, place });
      }
      if (kind === "set") remember(sources, key, source);
    }
    read += page.length;
    after = page.at(-1)?.sequence ?? after;
    if (page.length < pageSize) return read;
  }
}

/** Those that were set longest ago are forgotten first. */
function remember(sources: Map<string, Source>, key: string, source: Source): void {
  sources.delete(key);
  sources.set(key, source);
  if (sources.size <= sourcesMax) return;
  const oldest = sources.keys().next().value;
  if (oldest !== undefined) sources.delete(oldest);
}
