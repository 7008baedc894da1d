import { draftOf, emptyGolden } from "../core/draft.ts";
import { mergeGoldens } from "../core/merge-goldens.ts";
import type { FieldName, GoldenRecord } from "../model/golden.ts";
import type { Hold } from "../model/hold.ts";
import type { EntityPolicy, Policy } from "../model/policy.ts";
import type { Instant } from "../model/time.ts";
import { type FieldValue, isBlank, sameValue } from "../model/value.ts";

/** What would be agreed on if a held record and a golden record were one. */
export type Survivor = {
  readonly goldenId: string;
  readonly fields: readonly {
    readonly name: FieldName;
    readonly value: FieldValue;
    /** Whose value it is; `both`: they say the same. `rule`: a product of both. */
    readonly from: "record" | "match" | "both" | "rule";
    /** No rule decides: both values would wait for a person. */
    readonly isHeld: boolean;
  }[];
};

/**
 * The golden record that a duplicate's "same as" would leave, by the rules that decide at a first meeting. `own`: the golden record that the hold is on; `null`: it
 * is on a record that is none yet, which is then what the hold says of it. `null` where they can't be one now.
 */
export function survivorOf(
  hold: Hold,
  own: GoldenRecord | null,
  match: GoldenRecord,
  policy: Policy,
  now: Instant,
): Survivor | null {
  const entity = policy.entities[hold.entity];
  if (entity === undefined) return null;
  const record = own ?? unlinked(hold, entity);
  const context = { policy, entity, now, cause: "preview" };
  const merged = mergeGoldens(match, record, { kind: "person", name: "" }, context);
  if (merged.kind === "invalid") return null;
  const { fields, holds } = merged.survivor;
  const valueIn = (golden: Pick<GoldenRecord, "fields">, name: FieldName) => golden.fields[name]?.value ?? null;
  const names = Object.keys(entity.fields).filter((name) =>
    [match, record].some((one) => !isBlank(valueIn(one, name))),
  );
  return {
    goldenId: match.id,
    fields: names.map((name) => {
      const value = fields[name]?.value ?? null;
      const isTheirs = sameValue(value, valueIn(match, name));
      const isOwn = sameValue(value, valueIn(record, name));
      const from = isTheirs && isOwn ? "both" : isTheirs ? "match" : isOwn ? "record" : "rule";
      return { name, value, from, isHeld: holds.some((one) => one.status === "open" && one.fields.includes(name)) };
    }),
  };
}

/** As it would be if it stood alone. */
function unlinked(hold: Hold, entity: EntityPolicy): GoldenRecord {
  const golden = emptyGolden(hold.id, entity);
  const [said] = hold.candidates;
  if (said === undefined) return golden;
  const { fields } = draftOf(golden, entity);
  for (const [name, value] of Object.entries(said.values))
    fields[name] = { value, version: 1, changedAt: said.at, source: said.source };
  return { ...golden, fields };
}
