import type { FieldName, GoldenRecord, Source } from "../model/golden.ts";
import type { Candidate, Hold } from "../model/hold.ts";
import type { JournalEntry } from "../model/journal.ts";
import type { Instant } from "../model/time.ts";
import { type FieldValue, sameValue } from "../model/value.ts";
import { type Context, draftOf, freezes, goldenOf, putHold, write } from "./draft.ts";

/** One time that a field was changed, or changed in vain. */
export type Bout = {
  readonly at: Instant;
  readonly value: FieldValue;
  readonly source: Source;
  readonly cause: string;
};

const windowMs = 60 * 60_000;
/** So many within an hour, between so few values, coming back to one that was left so often, are a fight. */
const boutsMin = 6;
const valuesMax = 3;
const returnsMin = 4;

/** What a journal line says of its field's struggle; `null` when nothing. */
export function boutOf({ kind, at, to, other, source, cause }: JournalEntry): Bout | null {
  if (kind === "set") return source.kind === "record" ? { at, value: to, source, cause } : null;
  return kind === "put-back" || kind === "kept" ? { at, value: other, source, cause } : null;
}

/** The bouts of the last hour, when they are a fight; else `null`. */
export function fightIn(bouts: readonly Bout[], now: Instant): readonly Bout[] | null {
  const recent = bouts.filter(({ at }) => at > now - windowMs);
  if (recent.length < boutsMin) return null;
  const seen: FieldValue[] = [];
  let returns = 0;
  for (const { value } of recent) {
    if (seen.some((one) => sameValue(one, value))) returns++;
    else seen.push(value);
  }
  return seen.length <= valuesMax && returns >= returnsMin ? recent : null;
}

/** Who fights: "the workflow Sync in crm, and desk". */
export function partiesOf(bouts: readonly Bout[]): string {
  const names = bouts.map(({ source }) => {
    if (source.kind !== "record") return "truce";
    return source.author === null ? source.ref.system : `${source.author} in ${source.ref.system}`;
  });
  return [...new Set(names)].join(" and ");
}

/** What setting a field apart comes to; `null`: it is held already, or is not there. */
export type Quarantined = {
  readonly golden: GoldenRecord;
  readonly hold: Hold;
  readonly journal: readonly JournalEntry[];
};

/** Holds a field that is fought over, and nothing else, with the last word of each value's side. The systems keep what they have. */
export function quarantine(
  golden: GoldenRecord,
  field: FieldName,
  bouts: readonly Bout[],
  context: Context,
): Quarantined | null {
  const current = golden.fields[field];
  if (current === undefined || golden.deletedAt !== null || freezes(golden.holds, field) !== undefined) return null;
  const draft = draftOf(golden, context.entity);
  const minutes = Math.max(1, Math.round((context.now - (bouts[0]?.at ?? context.now)) / 60_000));
  const reason = `a fight over ${field}: ${partiesOf(bouts)} changed it ${bouts.length} times in ${minutes} min, back and forth`;
  const mine: Candidate = {
    values: { [field]: current.value },
    source: current.source,
    at: current.changedAt,
    cause: `version ${current.version}`,
  };
  const others = bouts
    .filter(({ value }) => !sameValue(value, current.value))
    .map(({ value, source, at, cause }) => ({
      values: { [field]: value },
      source,
      at: { from: at, until: at },
      cause,
    }));
  const last = others.filter(
    ({ values }, i) => !others.slice(i + 1).some((later) => sameValue(later.values[field], values[field])),
  );
  const hold: Hold = {
    ...{
      id: `${golden.id}.${field}.fight.${context.now}`,
      kind: "conflict",
      entity: golden.entity,
      goldenId: golden.id,
    },
    ...{ ref: null, fields: [field], base: {}, candidates: [mine, ...last], matches: [], reason, fight: true },
    ...{ openedAt: context.now, updatedAt: context.now, revision: 1, status: "open", closed: null },
  };
  putHold(draft, hold);
  write(draft, context, {
    kind: "held",
    field,
    other: last[0]?.values[field] ?? null,
    why: reason,
    source: current.source,
  });
  return { golden: goldenOf(draft), hold, journal: draft.journal };
}
