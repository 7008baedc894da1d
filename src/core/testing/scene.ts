import type { GoldenRecord } from "../../model/golden.ts";
import { type Choice, type Hold, heldRecord } from "../../model/hold.ts";
import type { JournalEntry } from "../../model/journal.ts";
import { type RawUpsert, revisionOf } from "../../model/observation.ts";
import { mappingOf, type Policy } from "../../model/policy.ts";
import { type RecordRef, recordKey } from "../../model/record.ts";
import type { RawValue } from "../../model/value.ts";
import { dueAt } from "../behind.ts";
import { compose } from "../compose.ts";
import { type Decided, decide, linkIndexOf } from "../decide.ts";
import { goldenOf as draftedGolden } from "../draft.ts";
import { finish } from "../finish.ts";
import { judge } from "../judge.ts";
import { cellsOf } from "../mapping/cells-of.ts";
import { identitiesOf } from "../match/identity.ts";
import type { Model } from "../match/scored/model.ts";
import { observe } from "../observe.ts";
import { settle } from "../settle.ts";
import { splitGolden } from "../split-golden.ts";

type Cells = Readonly<Record<string, RawValue>>;

/**
 * A small world for tests of decisions: systems say things, golden records follow, writes are composed and answered at once. No store, no
 * engine; time is a counter that the scene advances by a second with each step.
 */
export function scene(
  policy: Policy,
  /** Scored matching, with all golden records as candidates. */
  model: Model | null = null,
  linkFrom: number | null = 5,
) {
  const goldens = new Map<string, GoldenRecord>();
  const holds = new Map<string, Hold>();
  const journal: JournalEntry[] = [];
  const pins = new Map<string, string>();
  let now = 1_000_000;
  let ids = 0;

  const commit = (golden: GoldenRecord) => {
    const entity = policy.entities[golden.entity]!;
    goldens.set(golden.id, finish(golden, entity, now).golden);
  };
  /** "crm" names the contacts of a system, "crm/companies" another of its objects. */
  const refOf = (where: string, id: string): RecordRef => {
    const [system = "", object = "contacts"] = where.split("/");
    return { system, object, id };
  };
  const goldenOf = (ref: RecordRef) => [...goldens.values()].find((one) => linkIndexOf(one, ref) !== -1);
  const take = (decided: Decided) => {
    for (const golden of decided.goldens) commit(golden);
    for (const hold of decided.holds) holds.set(hold.id, hold);
    journal.push(...decided.journal);
    return decided.outcome;
  };
  const state = (ref: RecordRef) => ({
    golden: goldenOf(ref) ?? null,
    goldenByKey: (key: string) =>
      [...goldens.values()].find((one) =>
        identitiesOf(policy.entities[one.entity]!, (field) => one.fields[field]?.value).some(
          (identity) => identity.text === key,
        ),
      ),
    goldenById: (one: string) => goldens.get(one),
    goldenByRecord: goldenOf,
    hold:
      [...holds.values()].find((hold) => recordKey(heldRecord(hold) ?? { ...ref, id: "" }) === recordKey(ref)) ?? null,
    pin: pins.get(`${ref.system}/${ref.id}`) ?? null,
    scoring: model === null ? null : { model, linkFrom, candidates: [...goldens.values()] },
    freshId: `g${++ids}`,
  });

  return {
    goldens,
    journal,
    pins,
    /** A system says what a record holds. Returns the outcome. */
    says(system: string, id: string, cells: Cells, more: Partial<RawUpsert> = {}) {
      now += 1_000;
      const ref = refOf(system, id);
      const raw: RawUpsert = {
        kind: "upsert",
        ref,
        cells,
        complete: true,
        revision: revisionOf(now),
        observedAt: now,
        changedAt: null,
        author: null,
        ...more,
      };
      const { entity, mapping } = mappingOf(policy, ref.system, ref.object)!;
      return take(decide(state(ref), observe(raw, entity, mapping), policy, now, `o${now}`));
    },
    deletes(system: string, id: string) {
      now += 1_000;
      const ref = refOf(system, id);
      return take(
        decide(
          state(ref),
          { kind: "delete", ref, revision: revisionOf(now), observedAt: now, confirmed: true },
          policy,
          now,
          `o${now}`,
        ),
      );
    },
    merges(system: string, id: string, losers: readonly string[]) {
      now += 1_000;
      const ref = refOf(system, id);
      return take(
        decide(
          state(ref),
          { kind: "merge", ref, losers, revision: revisionOf(now), observedAt: now },
          policy,
          now,
          `o${now}`,
        ),
      );
    },
    /** A person decides a hold. Says what was wrong with that, or "done". */
    decides(hold: Hold, choice: Choice): string {
      now += 1_000;
      const golden = goldens.get(hold.goldenId ?? "") ?? null;
      const decision = { holdId: hold.id, revision: hold.revision, by: "ann", choice };
      const judged = judge(golden, (id) => goldens.get(id), hold, decision, policy, now);
      if (judged.kind !== "done") return judged.kind === "invalid" ? judged.reason : judged.kind;
      for (const one of judged.goldens) commit(one);
      for (const one of [judged.hold, ...judged.also]) holds.set(one.id, one);
      if (judged.pin !== null) pins.set(`${judged.pin.ref.system}/${judged.pin.ref.id}`, judged.pin.goldenId);
      journal.push(...judged.journal);
      return "done";
    },
    /** A person takes records out of a golden record. Says what was wrong with that, or "done". */
    splits(goldenId: string, ...records: readonly (readonly [system: string, id: string])[]): string {
      now += 1_000;
      const golden = goldens.get(goldenId)!;
      const refs = records.map(([system, id]) => ({ system, object: "contacts", id }));
      const lines = journal.filter((line) => line.goldenId === goldenId);
      const entity = policy.entities[golden.entity]!;
      const context = { policy, entity, now, cause: `s${now}` };
      const split = splitGolden(golden, refs, lines, `g${++ids}`, { kind: "person", name: "ann" }, context);
      if (split.kind === "invalid") return split.reason;
      for (const draft of [split.rest, split.parted]) {
        commit(draftedGolden(draft));
        journal.push(...draft.journal);
      }
      return "done";
    },
    /** Writes to every link that is behind, with each write taking effect as sent. Returns what was written, as `system: cells`. */
    dispatch(answer: (patch: Cells) => Cells = (patch) => patch) {
      now += 1_000;
      const sent: string[] = [];
      for (const id of [...goldens.keys()]) {
        const golden = goldens.get(id)!;
        golden.links.forEach((link) => {
          const { entity, mapping } = mappingOf(policy, link.system, link.object)!;
          const current = goldens.get(id)!;
          const index = current.links.findIndex(
            (one) => one.system === link.system && one.object === link.object && one.id === link.id,
          );
          if (index === -1) return;
          const due = dueAt(current, current.links[index]!, entity);
          if (due === null || due > now) return;
          const at = { id: `a${now}${link.system}`, startedAt: now, expiresAt: now + 1 };
          const next = compose(
            current,
            current.links[index]!,
            entity,
            mapping,
            { encode: (_f, _c, value) => value as RawValue, policy, goldenById: (one) => goldens.get(one) },
            at,
          );
          if (next.kind === "unread") {
            sent.push(`${link.system}: read first`);
            return;
          }
          if (next.kind === "settled" || next.kind === "unplaced") {
            commit({ ...current, links: current.links.with(index, next.link) });
            return;
          }
          const { kind, into, patch } = next.inFlight;
          const what = into === undefined ? "deleted" : `merged into ${into}`;
          sent.push(`${link.system}: ${kind === "delete" ? what : JSON.stringify(patch)}`);
          const written = { ...current, links: current.links.with(index, next.link) };
          const isNew = next.inFlight.kind === "create";
          const blank = Object.fromEntries(
            Object.values(mapping.fields).flatMap((one) => cellsOf(one).map((cell) => [cell, null])),
          );
          const recordId = next.inFlight.into ?? next.link.id ?? `${link.system}-${id}`;
          const receipt = {
            kind: "written" as const,
            id: recordId,
            cells: { ...(isNew ? blank : {}), ...answer(next.inFlight.patch) },
            complete: isNew,
            revision: revisionOf(now),
            observedAt: now,
            covered: {},
            created: true,
          };
          const settled = settle(written, index, receipt, {
            policy,
            entity,
            mapping,
            now,
            jitter: 0,
            goldenOf: (ref) => goldenOf(ref)?.id,
          });
          journal.push(...settled.journal);
          commit(settled.golden);
        });
      }
      return sent;
    },
    /** Time goes by. */
    passes(ms: number) {
      now += ms;
    },
    goldenOf: (where: string, id: string) => goldenOf(refOf(where, id)),
    /** The only golden record, with its values. */
    values(): Record<string, unknown> {
      const [golden, ...more] = [...goldens.values()];
      if (golden === undefined || more.length > 0) throw new Error(`There are ${goldens.size} golden records.`);
      return Object.fromEntries(Object.entries(golden.fields).map(([field, version]) => [field, version.value]));
    },
    holdWith: (id: string) => holds.get(id),
    /** The values of the golden record that has this record. */
    valuesOf(system: string, id: string): Record<string, unknown> {
      const golden = goldenOf(refOf(system, id));
      return Object.fromEntries(Object.entries(golden?.fields ?? {}).map(([field, version]) => [field, version.value]));
    },
    openHolds: () => [
      ...[...holds.values()].filter((hold) => hold.status === "open" && hold.goldenId === null),
      ...[...goldens.values()].flatMap((golden) => golden.holds),
    ],
  };
}
