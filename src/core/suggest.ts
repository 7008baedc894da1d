import type { EntityType, FieldName } from "../model/golden.ts";
import type { Candidate, Hold } from "../model/hold.ts";
import type { EntityPolicy, Policy, Rule } from "../model/policy.ts";
import type { SystemId } from "../model/record.ts";
import { compareIntervals } from "../model/time.ts";

/** A rule that people's decisions on one field follow. */
export type Suggestion = {
  readonly entity: EntityType;
  readonly field: FieldName;
  /** As the config writes it: `{ prefer: [crm], otherwise: review }`. */
  readonly rule: string;
  readonly decisions: number;
  readonly agreed: number;
  /** Between these shares the habit lies, with 95 % certainty. */
  readonly atLeast: number;
  readonly atMost: number;
  /** Open holds on the field that it would settle. */
  readonly settles: number;
  /** Decisions that it would have taken otherwise; the first few. */
  readonly contradicts: readonly string[];
};

/** Fewer decisions are no habit. */
const decisionsMin = 20;
/** Below this certain share of agreement a rule would decide wrongly too often. */
const atLeastMin = 0.85;
const contradictionsMax = 20;

/** Which candidate a rule takes; `null`: it does not speak about these. */
type Speaker = { readonly name: string; readonly take: (candidates: readonly Candidate[]) => number | null };

type Tally = {
  readonly entity: EntityType;
  readonly field: FieldName;
  readonly speaker: Speaker;
  decisions: number;
  agreed: number;
  settles: number;
  readonly contradicts: string[];
};

/** Takes holds in one by one, open and closed; says at the end what rule people's decisions on each field follow. */
export function createSuggester(policy: Policy) {
  const tallies = new Map<string, Tally>();

  const tallyOf = (entity: EntityPolicy, field: FieldName, speaker: Speaker): Tally => {
    const key = JSON.stringify([entity.name, field, speaker.name]);
    const known = tallies.get(key);
    if (known !== undefined) return known;
    const fresh = { entity: entity.name, field, speaker, decisions: 0, agreed: 0, settles: 0, contradicts: [] };
    tallies.set(key, fresh);
    return fresh;
  };

  return {
    take(hold: Hold): void {
      const entity = policy.entities[hold.entity];
      const [field, ...more] = hold.fields;
      if (hold.kind !== "conflict" || hold.fight === true || field === undefined || more.length > 0) return;
      if (entity?.fields[field] === undefined || hold.candidates.length < 2) return;
      const chosen = chosenIn(hold);
      if (hold.status === "closed" && chosen === null) return;
      for (const speaker of speakersFor(hold.candidates)) {
        const said = speaker.take(hold.candidates);
        if (said === null || isRuleAlready(entity.fields[field].rule, speaker)) continue;
        const tally = tallyOf(entity, field, speaker);
        if (chosen === null) {
          tally.settles++;
          continue;
        }
        tally.decisions++;
        if (said === chosen) tally.agreed++;
        else if (tally.contradicts.length < contradictionsMax) tally.contradicts.push(hold.id);
      }
    },
    /** The best rule of each field that has one, the surest first. */
    suggestions(): readonly Suggestion[] {
      const best = new Map<string, Suggestion>();
      for (const { speaker, ...tally } of tallies.values()) {
        const [atLeast, atMost] = wilson(tally.agreed, tally.decisions);
        if (tally.decisions < decisionsMin || atLeast < atLeastMin) continue;
        const key = JSON.stringify([tally.entity, tally.field]);
        const suggestion = { ...tally, rule: speaker.name, atLeast, atMost };
        if (atLeast > (best.get(key)?.atLeast ?? 0)) best.set(key, suggestion);
      }
      return [...best.values()].sort((a, b) => b.atLeast - a.atLeast);
    },
  };
}

/** The candidate that a person took; `null` when they took none, or nobody did. */
function chosenIn({ closed, candidates }: Hold): number | null {
  const number = /^took candidate (?<number>\d+)$/u.exec(closed?.choice ?? "")?.groups?.["number"];
  return number !== undefined && candidates[Number(number)] !== undefined ? Number(number) : null;
}

function speakersFor(candidates: readonly Candidate[]): Speaker[] {
  const systems = [...new Set(candidates.flatMap((candidate) => systemOf(candidate) ?? []))];
  return [
    ...systems.map(
      (system): Speaker => ({
        name: `{ prefer: [${system}], otherwise: review }`,
        take: (all) => only(all, (candidate) => systemOf(candidate) === system),
      }),
    ),
    {
      name: "newest",
      take: (all) =>
        only(all, ({ at }) => all.every((other) => other.at === at || compareIntervals(at, other.at) === 1)),
    },
  ];
}

function only(candidates: readonly Candidate[], isMeant: (candidate: Candidate) => boolean): number | null {
  const meant = candidates.flatMap((candidate, i) => (isMeant(candidate) ? [i] : []));
  return meant.length === 1 ? (meant[0] ?? null) : null;
}

function systemOf({ source }: Candidate): SystemId | null {
  return source.kind === "record" ? source.ref.system : null;
}

function isRuleAlready(rule: Rule, { name }: Speaker): boolean {
  if (rule.kind === "prefer") return name.startsWith(`{ prefer: [${rule.systems[0]}]`);
  return rule.kind === name;
}

/** The 95 % interval of a share (Wilson's score interval): honest for few decisions too. */
function wilson(agreed: number, decisions: number): readonly [number, number] {
  if (decisions === 0) return [0, 1];
  const z = 1.96;
  const share = agreed / decisions;
  const middle = share + z ** 2 / (2 * decisions);
  const width = z * Math.sqrt((share * (1 - share)) / decisions + z ** 2 / (4 * decisions ** 2));
  const scale = 1 + z ** 2 / decisions;
  return [(middle - width) / scale, (middle + width) / scale];
}
