import type { GoldenId, GoldenRecord, Link } from "../../model/golden.ts";
import type { MatchScore } from "../../model/hold.ts";
import type { EntityPolicy, ObjectMapping } from "../../model/policy.ts";
import type { RecordRef } from "../../model/record.ts";
import { type FieldValue, isBlank, sameValue } from "../../model/value.ts";
import { identitiesOf } from "./identity.ts";
import { profileOf } from "./profile.ts";
import type { Model } from "./scored/model.ts";
import { contradictionOf, findingsText, scoreOf, type Weighed, weighCandidates } from "./weigh-candidates.ts";

/** What an unlinked record turned out to be. */
export type Match =
  | { readonly kind: "new" }
  | { readonly kind: "link"; readonly golden: GoldenRecord; readonly by: string }
  | {
      readonly kind: "hold";
      readonly matches: readonly GoldenId[];
      readonly reason: string;
      readonly scores: readonly MatchScore[];
    };

/** What scored matching needs besides the record: how to score, from which log odds to link, and whom to compare with. */
export type Scoring = {
  readonly model: Model;
  /** `null`: never without a person. */
  readonly linkFrom: number | null;
  /** Golden records that may be the same as the record that is decided on, by their common blocking keys. */
  readonly candidates: readonly GoldenRecord[];
};

/** What was found, and what comparing showed where candidates were asked for. */
export type Matched = { readonly match: Match; readonly asked: Asked | null };

/** What can be learned from comparing a record with its candidates. */
export type Asked = {
  /** Of the best candidate that nothing speaks against; `null` without one. */
  readonly logOdds: number | null;
  /** Of each candidate how likely it is the same, and how its records compared: levels by feature. */
  readonly compared: readonly { readonly logOdds: number; readonly comparisons: readonly Int8Array[] }[];
};

/**
 * Matches an unlinked record. Exact keys first: one golden record under its strongest key is it. More than one, or a weaker key against a
 * stronger one that differs (a recycled phone, a family's landline), or a key whose owner is plainly somebody else: a person decides. Without a
 * key in common, by how much it agrees with the candidates, where the config asks for it. A second record of one system is held too, unless the config
 * lets such duplicates share a golden record.
 */
export function match(
  fields: Readonly<Record<string, FieldValue>>,
  ref: RecordRef,
  entity: EntityPolicy,
  mapping: ObjectMapping,
  goldenByKey: (key: string) => GoldenRecord | undefined,
  scoring: Scoring | null,
): Matched {
  const found = identitiesOf(entity, (field) => fields[field])
    .map((identity) => ({ identity, golden: goldenByKey(identity.text) }))
    .filter(
      (hit): hit is typeof hit & { golden: GoldenRecord } => hit.golden !== undefined && hit.golden.deletedAt === null,
    );
  const strongest = found[0];
  if (strongest === undefined) return matchScored(fields, ref, entity, mapping, scoring);
  const { golden, identity } = strongest;
  const by = identity.key.fields.join(" + ");
  const matches = [...new Set(found.map((hit) => hit.golden.id))];
  const hold = (reason: string): Matched => ({ match: { kind: "hold", matches, reason, scores: [] }, asked: null });
  if (matches.length > 1) return hold("its identity fields point to different golden records");
  const against =
    strongerKeyAgainst(fields, golden, entity, identity.rank) ?? contradiction(fields, ref, golden, entity, scoring);
  if (against !== null) return hold(`same ${by}, but ${against}`);
  const twin = twinOf(golden, ref, entity, mapping);
  if (twin !== undefined) return hold(`same ${by} as record ${twin.id ?? ""} of ${ref.system}`);
  return { match: { kind: "link", golden, by: `same ${by}` }, asked: null };
}

/** Another record of the same system that the golden record has already. */
function twinOf(
  golden: GoldenRecord,
  ref: RecordRef,
  { duplicates }: EntityPolicy,
  mapping: ObjectMapping,
): Link | undefined {
  const twin = liveLinkIn(golden, mapping);
  return twin === undefined || twin.id === ref.id || duplicates === "link" ? undefined : twin;
}

function contradiction(
  fields: Readonly<Record<string, FieldValue>>,
  ref: RecordRef,
  golden: GoldenRecord,
  { matching }: EntityPolicy,
  scoring: Scoring | null,
): string | null {
  if (matching === null || scoring === null) return null;
  return contradictionOf(profileOf(fields, ref.system, matching), golden, matching, scoring.model);
}

/** The fields of a stronger key that both sides have, with different values. */
function strongerKeyAgainst(
  fields: Readonly<Record<string, FieldValue>>,
  golden: GoldenRecord,
  entity: EntityPolicy,
  rank: number,
): string | null {
  for (const key of entity.identity.slice(0, rank)) {
    const both = key.fields.every((field) => !isBlank(fields[field]) && !isBlank(golden.fields[field]?.value));
    const differ = key.fields.some((field) => !sameValue(fields[field], golden.fields[field]?.value));
    if (both && differ) return `another ${key.fields.join(" + ")}`;
  }
  return null;
}

/** How much likelier the best candidate must be than another likely one, in log odds (55 to 1): else the record may be either. */
const leadMin = 4;
/** Enough of a lead where a person said that the two are not one thing. */
const leadOfDistinct = 1;

function matchScored(
  fields: Readonly<Record<string, FieldValue>>,
  ref: RecordRef,
  entity: EntityPolicy,
  mapping: ObjectMapping,
  scoring: Scoring | null,
): Matched {
  const { matching } = entity;
  if (matching === null || scoring === null) return { match: { kind: "new" }, asked: null };
  const record = profileOf(fields, ref.system, matching);
  const living = scoring.candidates.filter((golden) => golden.deletedAt === null);
  const weighed = weighCandidates(record, living, matching, scoring.model);
  const best = weighed[0];
  const clear = weighed.find(({ doubt }) => doubt === null);
  const asked = { logOdds: clear?.logOdds ?? null, compared: weighed };
  const reviewFrom = Math.log(matching.review / (1 - matching.review));
  if (best === undefined || best.logOdds < reviewFrom) return { match: { kind: "new" }, asked };
  const rivals = weighed.slice(1).filter((one) => one.logOdds >= reviewFrom && !isBehind(one, best));
  const twin = twinOf(best.golden, ref, entity, mapping);
  const against =
    scoring.linkFrom === null || best.logOdds < scoring.linkFrom
      ? ""
      : (best.doubt ??
        (rivals.length > 0
          ? "another one is as likely"
          : twin === undefined
            ? null
            : `as record ${twin.id ?? ""} of ${ref.system}`));
  const scores = [best, ...rivals].map((one) => scoreOf(record, one, scoring.model));
  const text = textOf(scores[0]);
  if (against === null) return { match: { kind: "link", golden: best.golden, by: text }, asked };
  const reason = against === "" ? text : `${text}; ${against}`;
  const matches = scores.map(({ goldenId }) => goldenId);
  return { match: { kind: "hold", matches, reason, scores }, asked };
}

function isBehind(one: Weighed, best: Weighed): boolean {
  const lead = areDistinct(one.golden, best.golden) ? leadOfDistinct : leadMin;
  return best.logOdds - one.logOdds >= lead;
}

/** True when a person said that the two are not one thing. */
export function areDistinct(a: GoldenRecord, b: GoldenRecord): boolean {
  return a.distinctFrom?.includes(b.id) === true || b.distinctFrom?.includes(a.id) === true;
}

function textOf(score: MatchScore | undefined): string {
  if (score === undefined) return "";
  const percent = (Math.floor(score.probability * 1000) / 10).toFixed(1);
  return `likely the same (${percent} %): ${findingsText(score)}`;
}

export function liveLinkIn(golden: GoldenRecord, mapping: ObjectMapping): Link | undefined {
  return golden.links.find(
    (link) => link.system === mapping.system && link.object === mapping.object && link.status === "linked",
  );
}
