import type { JournalEntry } from "../../src/model/journal.ts";
import { type RawValue, sameValue } from "../../src/model/value.ts";
import { stages } from "../scenario.ts";
import { systemOf } from "../world.ts";
import { isByPeople, type Truth } from "./truth.ts";

/** What the rules promise, by the true histories. */
export function checkRules(truth: Truth): string[] {
  return [
    ...checkCounters(truth),
    ...checkNewest(truth),
    ...checkStages(truth),
    ...checkOwners(truth),
    ...checkUnions(truth),
    ...checkNeedless(truth),
  ];
}

type Tale = {
  readonly goldenId: string;
  readonly field: string;
  readonly lines: readonly JournalEntry[];
  /** The people's changes of the field in its records, in order of true time. */
  readonly changes: readonly {
    readonly system: string;
    readonly before: RawValue;
    readonly after: RawValue;
    readonly kind: string;
    readonly at: number;
  }[];
};

/** Fields that went through nothing but the rule: no hold, no person, no merge, no delete, no refusal, no covered edit. */
function plainTales(truth: Truth, rule: string): Tale[] {
  const { world } = truth;
  const tales: Tale[] = [];
  for (const field of world.scenario.fields) {
    if (field.rule !== rule || world.rules.has(field.name) || Object.keys(field.directions).length > 0) continue;
    for (const golden of world.ledger.goldens.values()) {
      const lines = world.ledger.journal.filter((line) => line.goldenId === golden.id && line.field === field.name);
      if (world.ledger.journal.some((line) => line.goldenId === golden.id && line.kind === "merged")) continue;
      const isPlain = lines.every(
        (line) => line.kind === "set" && ["fast-forward", "first value", rule].includes(line.why),
      );
      const links = golden.links.filter((link) => link.id !== null);
      const everIts = [...world.ledger.goldensOf].filter(([, goldens]) => goldens.has(golden.id)).length;
      if (everIts !== links.length) continue;
      const isOnePerSystem = new Set(links.map((link) => link.system)).size === links.length;
      const records = links.map((link) => ({
        link,
        system: systemOf(world, link.system),
        record: systemOf(world, link.system).records.get(link.id!)!,
      }));
      const isSimple = records.every(({ link, system, record }) => {
        const isEntire = record.history.every(
          (one) =>
            ["create", "update"].includes(one.kind) && (system.profile.history || !one.unseen.includes(field.name)),
        );
        return (
          isEntire &&
          link.aliases.length === 0 &&
          link.generation === 0 &&
          link.status === "linked" &&
          link.dead === null
        );
      });
      const isJunky = records.some(({ record }) =>
        record.history.some((one) => String(one.after[field.name]).startsWith("junk")),
      );
      if (!isPlain || !isOnePerSystem || !isSimple || isJunky || golden.deletedAt !== null) continue;
      const changes = records.flatMap(({ system, record }) =>
        record.history
          .filter((one) => isByPeople(one) && field.name in one.after)
          .map((one) => ({
            system: system.name,
            kind: one.kind,
            at: one.at,
            before: one.before[field.name] ?? null,
            after: one.after[field.name] ?? null,
          })),
      );
      tales.push({ goldenId: golden.id, field: field.name, lines, changes: changes.sort((a, b) => a.at - b.at) });
    }
  }
  return tales;
}

/** counter: the value is what it began with and every difference that anyone made. */
function checkCounters(truth: Truth): string[] {
  return plainTales(truth, "counter").flatMap(({ goldenId, field, changes, lines }) => {
    const beginnings = changes.filter((one) => one.kind === "create").map((one) => truth.canon(field, one.after));
    const edits = changes.filter((one) => one.kind !== "create");
    const isBlankAnywhere = edits.some((one) => one.before === null || one.after === null);
    if (new Set(beginnings).size > 1 || beginnings[0] == null || isBlankAnywhere) return [];
    // A user who comes to the number that was agreed on, and a write of ours of the same number that got no answer: nothing tells them apart.
    const reached = edits.map((one) => truth.canon(field, one.after));
    const isUnsure = [...truth.world.ledger.attempts.values()].some(
      (one) =>
        one.goldenId === goldenId && one.fields.includes(field) && ["lost", "UNKNOWN_OUTCOME"].includes(one.result),
    );
    if (isOnUnanswered(truth, goldenId, field)) return [];
    const products = lines
      .filter((line) => line.why === "counter")
      .map((line) => truth.canon(field, line.to as RawValue));
    if (isUnsure && reached.some((one, i) => products.includes(one) || reached.indexOf(one) < i)) return [];
    const sum = edits.reduce((all, one) => all + Number(one.after) - Number(one.before), Number(beginnings[0]));
    const value = truth.world.ledger.goldens.get(goldenId)?.fields[field]?.value;
    truth.world.marks.add("check/counter");
    return value === String(sum) ? [] : [`I2: counter ${goldenId}.${field} is ${value}, the edits come to ${sum}`];
  });
}

/** An edit on top of a write of ours that got no answer: without history nothing tells from what it was counted. */
function isOnUnanswered(truth: Truth, goldenId: string, field: string): boolean {
  return truth.world.systems.some((system) =>
    [...system.records.values()].some((record) => {
      if (system.profile.history || !truth.goldensOf(system.name, record.id).has(goldenId)) return false;
      const changes = record.history.filter((one) => field in one.after);
      return changes.some((one, i) => {
        const isUnanswered =
          one.by === "truce" && truth.world.ledger.attempts.get(one.attempt ?? "")?.result !== "written";
        return isUnanswered && changes[i + 1] !== undefined && isByPeople(changes[i + 1]!);
      });
    }),
  );
}

/** union: what someone added and nobody took out again is there. */
function checkUnions(truth: Truth): string[] {
  return plainTales(truth, "union").flatMap(({ goldenId, field, changes }) => {
    const members = (value: RawValue) => truth.canon(field, value)?.split(";") ?? [];
    const taken = new Set(
      changes.flatMap((one) => members(one.before).filter((item) => !members(one.after).includes(item))),
    );
    const added = changes.flatMap((one) => members(one.after).filter((item) => !members(one.before).includes(item)));
    const value = new Set((truth.world.ledger.goldens.get(goldenId)?.fields[field]?.value ?? []) as readonly string[]);
    const lost = added.filter((item) => !value.has(item) && !taken.has(item));
    truth.world.marks.add("check/union");
    return lost.map((item) => `I2: ${item}, added to ${goldenId}.${field}, is lost`);
  });
}

/** newest: the side that wins was changed later, by true time. */
function checkNewest(truth: Truth): string[] {
  return truth.world.ledger.journal.flatMap((line) => {
    if (
      line.why !== "newest" ||
      line.field === null ||
      truth.isGrouped(line.field) ||
      truth.typeOf(line.field).kind !== "text" ||
      isMetLate(truth, line)
    )
      return [];
    const [winner, loser] = line.kind === "set" ? [line.to, line.other] : [line.to, line.other];
    const won = timesOf(truth, line, winner as RawValue);
    const lost = timesOf(truth, line, loser as RawValue);
    if (won.length === 0 || lost.length === 0 || [...won, ...lost].some(Number.isNaN)) return [];
    truth.world.marks.add("check/newest");
    // A value may have been entered in several records; then one fitting order is enough.
    return Math.max(...won) >= Math.min(...lost)
      ? []
      : [`newest: ${line.goldenId}.${line.field} kept ${winner}, though ${loser} came later`];
  });
}

/** One of the two values was first seen when its record was: the record's time then stands for the value's, for want of better. */
function isMetLate({ world, canon }: Truth, { goldenId, field, to, other }: JournalEntry): boolean {
  const { journal } = world.ledger;
  const is = (value: unknown) =>
    [to, other].some((one) => canon(field!, one as RawValue) === canon(field!, value as RawValue));
  const said = journal.filter(
    (line) => line.goldenId === goldenId && line.field === field && (is(line.to) || is(line.other)),
  );
  const causes = new Set(said.map((line) => line.cause));
  return journal.some((line) => line.kind === "linked" && line.goldenId === goldenId && causes.has(line.cause));
}

function timesOf(truth: Truth, line: JournalEntry, value: RawValue): number[] {
  const field = line.field!;
  const wanted = truth.canon(field, value);
  return truth.world.systems.flatMap((system) =>
    system.log
      .filter((one) => isByPeople(one) && field in one.after && truth.canon(field, one.after[field]) === wanted)
      .filter((one) => truth.goldensOf(system.name, one.id).has(line.goldenId))
      .map((one) => (one.kind === "create" ? Number.NaN : one.at)),
  );
}

/** forward-only: nobody but a person in Truce moves back. */
function checkStages(truth: Truth): string[] {
  const { world } = truth;
  const fields = world.scenario.fields.filter((one) => one.rule === "forward-only" && !world.rules.has(one.name));
  return world.ledger.journal.flatMap((line) => {
    if (line.kind !== "set" || line.source.kind === "person" || !fields.some((one) => one.name === line.field))
      return [];
    if (line.from === null || stages.indexOf(String(line.to)) >= stages.indexOf(String(line.from))) return [];
    return [`forward-only: ${line.goldenId}.${line.field} went from ${line.from} back to ${line.to}`];
  });
}

/** owner: while the owner has something to say, nobody else does. */
function checkOwners(truth: Truth): string[] {
  const { world } = truth;
  const owner = world.scenario.systems[0]?.name;
  const fields = world.scenario.fields.filter((one) => one.rule === "owner" && !world.rules.has(one.name));
  return world.ledger.journal.flatMap((line) => {
    if (line.kind !== "set" || line.source.kind !== "record" || !fields.some((one) => one.name === line.field))
      return [];
    if (line.source.ref.system === owner || line.from === null || line.why === "first value") return [];
    const before = world.ledger.journal.findLast(
      (one) =>
        one.kind === "set" &&
        one.goldenId === line.goldenId &&
        one.field === line.field &&
        one.version === line.version - 1,
    );
    const isOwners = before?.source.kind === "record" && before.source.ref.system === owner;
    return isOwners
      ? [`owner: ${line.goldenId}.${line.field} was the owner's, and ${line.source.ref.system} changed it`]
      : [];
  });
}

/** review: nobody is asked about an edit by someone who had the agreed value. */
function checkNeedless(truth: Truth): string[] {
  const { journal } = truth.world.ledger;
  return journal.flatMap(({ goldenId, field, why, base, from, other, source }) => {
    if (
      field === null ||
      why !== "review does not decide" ||
      base === null ||
      !sameValue(base, from) ||
      truth.isGrouped(field)
    )
      return [];
    if (source.kind !== "record" || isAnyUnanswered(truth, goldenId, source.ref.system)) return [];
    const same = (raw: RawValue | undefined, value: unknown) =>
      truth.canon(field, raw) === truth.canon(field, value as RawValue);
    // What a write of ours covered was not made on what we wrote.
    const edit = truth.world.systems
      .find((system) => system.name === source.ref.system)
      ?.records.get(source.ref.id)
      ?.history.find((one) => isByPeople(one) && same(one.after[field], other));
    // A value that came back is not what was seen of it before.
    const times = journal.filter(
      (line) => line.kind === "set" && line.goldenId === goldenId && line.field === field && sameValue(line.to, base),
    );
    return times.length > 1 || edit === undefined || !same(edit.before[field], base)
      ? []
      : [`review: ${goldenId}.${field} is held (${other}), though the edit was made on ${base}, which was agreed`];
  });
}

/** Without an answer nobody knows what a system had seen when it was edited. */
function isAnyUnanswered({ world }: Truth, goldenId: string, system: string): boolean {
  return [...world.ledger.attempts.values()].some(
    (one) =>
      one.goldenId === goldenId &&
      one.system === system &&
      !["written", "changed", "RATE_LIMITED"].includes(one.result),
  );
}
