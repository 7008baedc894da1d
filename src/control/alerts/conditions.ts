import { flowCount } from "../../core/mass-change.ts";
import { type Target, targetFor } from "../../core/targets.ts";
import { withoutValues } from "../../core/without-values.ts";
import type { StoppedFlow } from "../../engine/mass-guard.ts";
import type { Condition, Severity } from "../../model/alert.ts";
import type { EntityType } from "../../model/golden.ts";
import type { Hold } from "../../model/hold.ts";
import type { RecordRef, SystemId } from "../../model/record.ts";
import type { Instant } from "../../model/time.ts";
import type { DeadLetter, StoreCounts } from "../../ports/store.ts";
import type { Fight } from "../fights.ts";
import type { SystemReading, Trouble } from "./readings.ts";

/** Above these, people are told. Times in ms, shares in percent. */
export type Thresholds = {
  /** How long an observation may wait to be decided. */
  readonly undecidedMs: number;
  /** How long a record may differ from what is agreed on in a system that can be written. */
  readonly behindMs: number;
  /** Within how long 95 of 100 writes are to arrive. */
  readonly latencyMs: number;
  readonly deadLetters: number;
  readonly holds: number;
  readonly heldForMs: number;
  readonly duplicatesPercent: number;
  readonly driftPercent: number;
  readonly failuresPercent: number;
  /** How long a system may be out of reach. */
  readonly downMs: number;
  /** Beside those for all: of an entity, a system, or a way from one to another. */
  readonly targets: readonly Target[];
};

/** Everything that alerts are judged by, at one moment. */
export type Look = {
  readonly now: Instant;
  readonly counts: StoreCounts;
  readonly oldestHold: Hold | null;
  readonly deadLetters: readonly DeadLetter[];
  /** Some of the records that have been behind for longest, by system. */
  readonly behind: Readonly<Record<SystemId, readonly RecordRef[]>>;
  /** By system and entity: since when the oldest of its changes waits to be decided, and since when one of its records differs; what targets are about. */
  readonly waiting: readonly { readonly system: SystemId; readonly entity: EntityType; readonly since: Instant }[];
  readonly differing: readonly {
    readonly system: SystemId;
    readonly entity: EntityType;
    readonly since: Instant;
    readonly records: readonly RecordRef[];
  }[];
  readonly systems: Readonly<Record<SystemId, SystemReading>>;
  readonly storeTroubles: readonly Trouble[];
  /** How far each system's clock is before Truce's, in ms, and how far the config says that it may be off; without those that don't tell. */
  readonly clocks: Readonly<Record<SystemId, { readonly aheadMs: number; readonly allowedMs: number }>>;
  readonly flows: readonly StoppedFlow[];
  readonly fights: readonly Fight[];
  /** Routes by which the last notice could not be sent, and why. */
  readonly deafRoutes: Readonly<Record<string, string>>;
};

/** A target is warned of before it is missed. */
const warnAt = 0.8;
/** So little traffic says nothing about shares. */
const sharesMin = 20;

/** What is met now. Says it in words for people who were not there. */
export function conditionsOf(look: Look, thresholds: Thresholds): Condition[] {
  return [
    ...undecided(look, thresholds),
    ...missed(look, thresholds),
    ...held(look, thresholds),
    ...dead(look, thresholds),
    ...duplicates(look, thresholds),
    ...store(look),
    ...deaf(look),
    ...skewed(look),
    ...stopped(look),
    ...fought(look),
    ...Object.entries(look.systems).flatMap(([system, reading]) => [
      ...down(look, system, reading, thresholds),
      ...behind(look, system, thresholds),
      ...slow(system, reading, thresholds),
      ...failing(system, reading, thresholds),
      ...drifting(system, reading, thresholds),
      ...doubted(system, reading),
      ...paused(system, reading),
    ]),
  ];
}

/** `null`: below four fifths of the target. */
function severityOf(value: number, target: number): Severity | null {
  if (value >= target) return "critical";
  return value >= warnAt * target ? "warning" : null;
}

function undecided({ now, counts }: Look, { undecidedMs }: Thresholds): Condition[] {
  const ageMs = counts.inboxOldestAt === null ? 0 : now - counts.inboxOldestAt;
  const severity = severityOf(ageMs, undecidedMs);
  if (severity === null) return [];
  return [
    {
      key: "undecided",
      severity,
      title: `Changes wait ${span(ageMs)} to be decided`,
      happened: `${number(counts.inbox)} changes that systems told of are not decided yet; the oldest came ${span(ageMs)} ago (target: ${span(undecidedMs)}).`,
      records: [],
      did: "Nothing is lost: they are stored, and decided in order, live ones first.",
      todo: "See in truce status whether the number falls. If it grows, give Truce more processor time or more processes; if it stands still, look among the alerts for an unreachable system or for masses of deletes that were stopped.",
      system: null,
    },
  ];
}

/** Targets of single entities, systems and ways that are missed, or soon will be. */
function missed({ now, waiting, differing, systems }: Look, { targets }: Thresholds): Condition[] {
  const undecidedOnes = waiting.flatMap(({ system, entity, since }) => {
    const target = targetFor(targets, { entity, from: system }, "undecidedMs");
    const happened = (age: string, limit: string) =>
      `The oldest change of a ${entity} that ${system} told of came ${age} ago and is not decided yet (target: ${limit}).`;
    const about = {
      key: `undecided/${system}/${entity}`,
      system,
      records: [],
      what: `Changes of ${entity} from ${system} wait`,
    };
    return target === null ? [] : missedBy(now - since, target, { ...about, happened });
  });
  const behindOnes = differing.flatMap(({ system, entity, since, records }) => {
    const target = targetFor(targets, { entity, to: system }, "behindMs");
    const happened = (age: string, limit: string) =>
      `A ${entity} in ${system} has not held what was agreed on for ${age} (target: ${limit}).`;
    const about = {
      key: `behind/${system}/${entity}`,
      system,
      records,
      what: `${entity} in ${system} has differed for`,
    };
    return target === null ? [] : missedBy(now - since, target, { ...about, happened });
  });
  const slowOnes = Object.entries(systems).flatMap(([system, { ways }]) =>
    ways.flatMap(({ from, entity, latencyP95Ms }) => {
      const target = targetFor(targets, { entity, from, to: system }, "latencyMs");
      const happened = (age: string, limit: string) =>
        `Of the changes of ${entity} from ${from} written to ${system} in the last hour, 5 in 100 took ${age} or longer (target: ${limit}).`;
      const about = { key: `latency/${from}/${system}/${entity}`, system, records: [] };
      const what = `Changes of ${entity} take, from ${from} to ${system},`;
      return target === null ? [] : missedBy(latencyP95Ms, target, { ...about, what, happened });
    }),
  );
  return [...undecidedOnes, ...behindOnes, ...slowOnes];
}

type Missed = Pick<Condition, "key" | "system" | "records"> & {
  readonly what: string;
  readonly happened: (age: string, limit: string) => string;
};

function missedBy(ageMs: number, targetMs: number, { what, happened, ...about }: Missed): Condition[] {
  const severity = severityOf(ageMs, targetMs);
  if (severity === null) return [];
  return [
    {
      ...about,
      severity,
      title: `${what} ${span(ageMs)}`,
      happened: happened(span(ageMs), span(targetMs)),
      did: "Nothing is lost. Live changes go before imports and sweeps.",
      todo: "See whether another alert names a system as unreachable, refusing or slow, or a rate limit as used up. If not, the target is stricter than the limits of the systems allow, or Truce needs more processor time.",
    },
  ];
}

function held({ now, counts, oldestHold }: Look, { holds, heldForMs }: Thresholds): Condition[] {
  const count = Object.values(counts.holds).reduce((sum, one) => sum + (one ?? 0), 0);
  const ageMs = oldestHold === null ? 0 : now - oldestHold.openedAt;
  if (count < holds && ageMs < heldForMs) return [];
  const kinds = Object.entries(counts.holds).map(([kind, one]) => `${number(one ?? 0)} ${kind}`);
  return [
    {
      key: "holds",
      severity: count >= 10 * holds ? "critical" : "warning",
      title: `${number(count)} decisions wait for a person`,
      happened: `Held are ${kinds.join(", ")}; the oldest has waited ${span(ageMs)}.`,
      records: oldestHold?.ref == null ? [] : [oldestHold.ref],
      did: "Each held field stays as it is in every system; all other fields and records go on.",
      todo: "Decide them: truce holds, or the console. Where many are alike, one rule in the config settles them all.",
      system: null,
    },
  ];
}

function dead({ counts, deadLetters }: Look, thresholds: Thresholds): Condition[] {
  if (counts.deadLetters < thresholds.deadLetters) return [];
  const reasons = [
    ...new Set(deadLetters.map(({ ref, reason }) => `${ref?.system ?? "?"}: ${withoutValues(reason)}`)),
  ].slice(0, 3);
  return [
    {
      key: "dead-letters",
      severity: counts.deadLetters >= 100 * thresholds.deadLetters ? "critical" : "warning",
      title: `${number(counts.deadLetters)} ${counts.deadLetters === 1 ? "change" : "changes"} could not be carried out`,
      happened: `They failed for good, for reasons such as: ${reasons.join("; ")}.`,
      records: deadLetters.flatMap(({ ref }) => (ref === null || ref.id === "" ? [] : [ref])),
      did: "Each is kept whole as a dead letter. Other fields and records go on.",
      todo: "See them with truce dead. Mend the cause, then truce dead replay --all; or correct or discard them one by one.",
      system: null,
    },
  ];
}

function duplicates({ counts }: Look, { duplicatesPercent }: Thresholds): Condition[] {
  const records = Object.values(counts.goldens).reduce((sum, one) => sum + one, 0);
  const found = counts.holds.duplicate ?? 0;
  const share = (100 * found) / Math.max(1, records + found);
  if (found < sharesMin || share < duplicatesPercent) return [];
  return [
    {
      key: "duplicates",
      severity: "warning",
      title: `${percent(share)} of all records look like duplicates`,
      happened: `${number(found)} records look like one that is known, and can't simply be joined to it.`,
      records: [],
      did: "They are held, and nothing is made beside them.",
      todo: "Decide them with truce holds --kind duplicate. If an import made them, undo it at its source; if they are one thing each, look at the entity's identity keys.",
      system: null,
    },
  ];
}

function store({ storeTroubles }: Look): Condition[] {
  const [first] = storeTroubles;
  return first === undefined ? [] : [storeAway(`${first.doing} fails: ${first.message}`)];
}

export function storeAway(happened: string): Condition {
  return {
    key: "store",
    severity: "critical",
    title: "Truce can't use its own store",
    happened,
    records: [],
    did: "Webhooks are answered with 503, so that their senders try again. Nothing is decided or written until the store is back.",
    todo: "Bring the database back, or make room on the disk. Truce goes on by itself.",
    system: null,
  };
}

/** Dates are whole seconds, and were written at some time before they came. */
const dateSlackMs = 2_000;

function skewed({ clocks }: Look): Condition[] {
  return Object.entries(clocks).flatMap(([system, { aheadMs, allowedMs }]) => {
    if (Math.abs(aheadMs) <= allowedMs + dateSlackMs) return [];
    const off = `${span(Math.abs(aheadMs))} ${aheadMs > 0 ? "ahead" : "behind"}`;
    return {
      key: `clock/${system}`,
      severity: "warning" as const,
      title: `The clock of ${system} is ${off}`,
      happened: `By the dates of its answers the clock of ${system} is ${off}; the config allows for ${span(allowedMs)} (clockSkew).`,
      records: [],
      did: "Causality counts before clocks: a change that had seen the present value is taken whatever its time. Only conflicts under the rule newest look at times.",
      todo: `Look at the clock of the machine that Truce runs on first, then at that of ${system}. If it stays, raise systems.${system}.clockSkew, so that such times count as the wide intervals that they are.`,
      system,
    };
  });
}

function stopped({ flows }: Look): Condition[] {
  return flows.flatMap((flow) => {
    const { key, stoppedAt, limit, samples, decision } = flow;
    const [system = "", object = "", kind = ""] = key.split("/");
    if (decision !== null || stoppedAt === null) return [];
    const what = kind === "deletes" ? "deletions" : kind === "blanks" ? "emptied fields" : "changed records";
    return {
      key: `mass-change/${key}`,
      severity: "critical" as const,
      title: `${number(flowCount(flow))} ${what} of ${object} in ${system} in one day: too many to believe`,
      happened: `More than ${number(limit)} ${what} came within a day, the last that Truce lets travel without a person's word.`,
      records: samples,
      did: `The first ${number(limit)} went on as the config says; all others wait, whole. Everything else of ${system} goes on.`,
      todo: `If they are meant: truce guard approve ${key}, or a part of them with --max. If not: truce guard hold ${key} asks about each, so that they can be put back.`,
      system,
    };
  });
}

function fought({ fights }: Look): Condition[] {
  const [first, ...more] = fights;
  if (first === undefined) return [];
  const fields = [...new Set(fights.map(({ field }) => field))].join(", ");
  const others = more.length === 0 ? "" : `; so it is with ${number(more.length)} more`;
  return [
    {
      key: "fights",
      severity: "warning",
      title: `${first.parties} fight over ${fields}`,
      happened: `They changed ${first.field} of one record back and forth within an hour${others}.`,
      records: fights.flatMap(({ records }) => records).slice(0, 5),
      did: "The field is held in these records, and nothing else: each system keeps the value it has.",
      todo: "Find the workflow or formula that rewrites the field, and end it; or make one system the field's owner, or read-only there. Then decide the holds: truce holds.",
      system: null,
    },
  ];
}

function deaf({ deafRoutes }: Look): Condition[] {
  return Object.entries(deafRoutes).map(([route, reason]) => ({
    key: `route/${route}`,
    severity: "warning" as const,
    title: `Alerts can't be sent by route ${route}`,
    happened: `The last notice was not taken: ${reason}`,
    records: [],
    did: "The notice was tried three times. Other routes have it.",
    todo: `Mend the route in settings.alerts, then try it: truce alerts test ${route}`,
    system: null,
  }));
}

function down({ now }: Look, system: SystemId, { troubles }: SystemReading, { downMs }: Thresholds): Condition[] {
  const conditions: Condition[] = [];
  const locked = troubles.find(({ code }) => code === "UNAUTHORIZED");
  const changed = troubles.find(({ code }) => code === "SCHEMA");
  const away = troubles.filter(
    ({ code, since }) => code !== "SCHEMA" && code !== "UNAUTHORIZED" && now - since >= downMs,
  );
  if (locked !== undefined) {
    conditions.push({
      key: `unauthorized/${system}`,
      severity: "critical",
      title: `${system} does not let Truce in`,
      happened: `${locked.doing} was refused: ${locked.message}`,
      records: [],
      did: "Nothing is read from or written to it. What is to be written there waits, and no try is used up.",
      todo: `Renew the token or the permissions, put it where the config refers to, and restart truce. truce check tells whether it is right.`,
      system,
    });
  }
  if (changed !== undefined) {
    conditions.push({
      key: `schema/${system}`,
      severity: "critical",
      title: `${system} has changed its fields`,
      happened: `${changed.doing}: ${changed.message}`,
      records: [],
      did: "What the config maps and is not there any more is neither read nor written; no value is taken for blank.",
      todo: "Bring the field back, or change the mapping. truce check names every mapped field that is missing.",
      system,
    });
  }
  const [first] = away.toSorted((a, b) => a.since - b.since);
  if (first !== undefined && locked === undefined) {
    conditions.push({
      key: `down/${system}`,
      severity: "critical",
      title: `${system} can't be reached`,
      happened: `${first.doing} has failed for ${span(now - first.since)}: ${first.message}`,
      records: [],
      did: "It is left alone, and one call now and then finds out whether it is back. What is to be written there waits; the other systems go on.",
      todo: "See whether the system, the network to it and its address in the config are well. Truce makes up for everything by itself once it answers.",
      system,
    });
  }
  return conditions;
}

function behind(look: Look, system: SystemId, { behindMs }: Thresholds): Condition[] {
  const { count = 0, oldestAt = null } = look.counts.behind[system] ?? {};
  const ageMs = oldestAt === null ? 0 : look.now - oldestAt;
  const severity = severityOf(ageMs, behindMs);
  if (severity === null) return [];
  return [
    {
      key: `behind/${system}`,
      severity,
      title: `${system} has differed from the others for ${span(ageMs)}`,
      happened: `${number(count)} records of ${system} do not yet hold what was agreed on; the oldest difference is ${span(ageMs)} old (target: ${span(behindMs)}).`,
      records: look.behind[system] ?? [],
      did: "They are written as fast as the system takes them, the present value each time.",
      todo: `See whether another alert names ${system} as unreachable, refusing or slow. If not, its rate limit may be too low for the number of changes.`,
      system,
    },
  ];
}

function slow(system: SystemId, { latencyP95Ms }: SystemReading, { latencyMs }: Thresholds): Condition[] {
  const severity = latencyP95Ms === null ? null : severityOf(latencyP95Ms, latencyMs);
  if (latencyP95Ms === null || severity === null) return [];
  return [
    {
      key: `latency/${system}`,
      severity: severity === "critical" ? "warning" : "info",
      title: `Changes take ${span(latencyP95Ms)} to reach ${system}`,
      happened: `Of the changes written in the last hour, 5 in 100 took ${span(latencyP95Ms)} or longer (target: ${span(latencyMs)}).`,
      records: [],
      did: "Live changes go before imports and sweeps.",
      todo: "Look for rate limits in use and for a first scan or an import under way; both end by themselves.",
      system,
    },
  ];
}

function failing(system: SystemId, { written, failed }: SystemReading, { failuresPercent }: Thresholds): Condition[] {
  const share = (100 * failed) / Math.max(1, written + failed);
  if (failed < sharesMin || share < failuresPercent) return [];
  return [
    {
      key: `failures/${system}`,
      severity: share >= 2.5 * failuresPercent ? "critical" : "warning",
      title: `${percent(share)} of the writes to ${system} fail`,
      happened: `In the last 15 minutes ${number(failed)} of ${number(written + failed)} writes failed.`,
      records: [],
      did: "Those that may pass are tried again, with growing pauses; those that were refused are dead letters.",
      todo: "truce dead --kind write says what the system objects to. If there is nothing, the system itself has trouble.",
      system,
    },
  ];
}

function drifting(system: SystemId, { sweeps }: SystemReading, { driftPercent }: Thresholds): Condition[] {
  return Object.entries(sweeps).flatMap(([object, { scanned, drifted }]) => {
    const share = (100 * drifted) / Math.max(1, scanned);
    if (drifted < sharesMin || share < driftPercent) return [];
    return {
      key: `drift/${system}/${object}`,
      severity: "warning" as const,
      title: `${percent(share)} of ${object} in ${system} had drifted`,
      happened: `A full comparison found ${number(drifted)} of ${number(scanned)} records with values that ${system} had not told of.`,
      records: [],
      did: "The differences go through the ordinary rules now, like any other change.",
      todo: `See whether the webhooks or the change feed of ${system} work: these changes should have come by themselves.`,
      system,
    };
  });
}

function doubted(system: SystemId, reading: SystemReading): Condition[] {
  return Object.entries(reading.doubted).map(([object, { missing, known }]) => ({
    key: `missing/${system}/${object}`,
    severity: "critical" as const,
    title: `${number(missing)} of ${number(known)} ${object} are gone from ${system}, or were not shown`,
    happened: `A full reading of ${object} did not show ${number(missing)} of the ${number(known)} records that are known.`,
    records: [],
    did: "None of them is taken for deleted, and nothing is deleted elsewhere.",
    todo: `Look in ${system}: if someone deleted them, restore them there or delete them where they shall go too; if they are there, the token may see less than before. Then truce sweep ${system}.`,
    system,
  }));
}

function paused(system: SystemId, reading: SystemReading): Condition[] {
  return Object.entries(reading.paused).map(([object, { fields, problems }]) => ({
    key: `paused/${system}/${object}`,
    severity: "critical" as const,
    title: `${fields.join(", ") || "Some cells"} of ${object} in ${system} ${fields.length === 1 ? "is" : "are"} paused`,
    happened: `${system} does not have ${problems.length === 1 ? "a cell" : "cells"} as the config says: ${problems.map(({ cell, message }) => `${cell}: ${message}`).join("; ")}.`,
    records: [],
    did: "These fields are neither read from nor written to it, and no value is taken for blank. All other fields go on.",
    todo: `Bring the field back in ${system} (its name, its type, its options), or change the mapping and restart truce. It goes on by itself and catches up, in minutes.`,
    system,
  }));
}

function number(value: number): string {
  return value.toLocaleString("en-US");
}

function percent(share: number): string {
  return `${share.toLocaleString("en-US", { maximumFractionDigits: 1 })} %`;
}

/** "40 s", "3 min", "5 h", "2 d" */
function span(ms: number): string {
  if (ms < 120_000) return `${Math.round(ms / 1_000)} s`;
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`;
  return ms < 172_800_000 ? `${Math.round(ms / 3_600_000)} h` : `${Math.round(ms / 86_400_000)} d`;
}
