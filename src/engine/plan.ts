import { isLeftAlone } from "../core/behind.ts";
import { compose } from "../core/compose.ts";
import type { GoldenRecord, Link } from "../model/golden.ts";
import type { Hold } from "../model/hold.ts";
import { mappingOf } from "../model/policy.ts";
import type { ObjectName, SystemId } from "../model/record.ts";
import type { FieldValue } from "../model/value.ts";
import { connectorOf, type Deps } from "./deps.ts";
import { encoderOf } from "./dispatch.ts";
import { parentsFirst } from "./parents-first.ts";
import { referredFrom } from "./referred-from.ts";
import { firstScan } from "./scan.ts";
import { createWorker } from "./work.ts";

/** One record that a run would touch. */
export type PlanSample = {
  readonly goldenId: string;
  readonly recordId: string | null;
  readonly changes: readonly {
    readonly field: string;
    readonly from: FieldValue;
    readonly to: FieldValue;
    readonly why: string;
  }[];
};

export type PlanObject = {
  readonly system: SystemId;
  readonly object: ObjectName;
  readonly read: number;
  readonly linked: number;
  readonly create: number;
  readonly update: number;
  /** How many updates touch each field. */
  readonly fields: Readonly<Record<string, number>>;
  readonly creates: readonly PlanSample[];
  readonly updates: readonly PlanSample[];
};

/** Holds of one kind on one field with one reason: what one rule could settle. */
export type PlanHolds = {
  readonly kind: Hold["kind"];
  readonly entity: string;
  readonly fields: readonly string[];
  readonly reason: string;
  readonly count: number;
  readonly samples: readonly Hold[];
};

/** Values of one field in one object that can't be read as what the field is, for one reason. They count as blank and stay in the journal. */
export type PlanRefused = {
  readonly system: SystemId;
  readonly object: ObjectName;
  readonly field: string;
  readonly reason: string;
  readonly count: number;
  readonly samples: readonly { readonly recordId: string; readonly value: string }[];
};

export type Plan = {
  readonly objects: readonly PlanObject[];
  readonly goldens: Readonly<Record<string, number>>;
  readonly holds: readonly PlanHolds[];
  readonly refused: readonly PlanRefused[];
};

/**
 * A dry run: reads everything, decides everything on the given (empty, in-memory) store, writes nothing. Says per object what a run would create
 * and update, and groups what would be held by field and reason.
 */
export async function plan(deps: Deps, samplesMax: number, signal: AbortSignal): Promise<Plan> {
  await Promise.all(
    [...deps.connectors.keys()].map(async (system) => {
      for (const object of parentsFirst(deps.policy, system).flat()) await firstScan(deps, system, object, signal);
    }),
  );
  const worker = createWorker(
    deps,
    () => undefined,
    () => undefined,
  );
  while (!signal.aborted) {
    const claimed = await worker.step(500);
    await worker.settled();
    if (claimed === 0) break;
  }
  const objects = new Map<string, MutablePlanObject>();
  const goldens: Record<string, number> = {};
  let after: string | null = null;
  for (;;) {
    const page: readonly GoldenRecord[] = await deps.store.goldens(null, after, 500);
    const last = page.at(-1);
    if (last === undefined) break;
    after = last.id;
    const { goldens: goldensById } = await deps.store.load({
      records: [],
      keys: [],
      ids: [...new Set(page.flatMap((golden) => referredFrom(deps.policy, golden)))],
    });
    for (const golden of page) {
      goldens[golden.entity] = (goldens[golden.entity] ?? 0) + 1;
      for (const link of golden.links) addLink(deps, objects, golden, link, samplesMax, (id) => goldensById.get(id));
    }
  }
  return {
    objects: [...objects.values()],
    goldens,
    holds: await groupHolds(deps, samplesMax),
    refused: await groupRefused(deps, samplesMax),
  };
}

type MutablePlanObject = {
  system: SystemId;
  object: ObjectName;
  read: number;
  linked: number;
  create: number;
  update: number;
  fields: Record<string, number>;
  creates: PlanSample[];
  updates: PlanSample[];
};

function objectFor(objects: Map<string, MutablePlanObject>, { system, object }: Link): MutablePlanObject {
  const key = `${system}/${object}`;
  const found = objects.get(key) ?? {
    system,
    object,
    read: 0,
    linked: 0,
    create: 0,
    update: 0,
    fields: {},
    creates: [],
    updates: [],
  };
  objects.set(key, found);
  return found;
}

function addLink(
  deps: Deps,
  objects: Map<string, MutablePlanObject>,
  golden: GoldenRecord,
  link: Link,
  samplesMax: number,
  goldenById: (id: string) => GoldenRecord | undefined,
): void {
  const found = mappingOf(deps.policy, link.system, link.object);
  if (found === null) return;
  const object = objectFor(objects, link);
  if (link.status === "linked") {
    object.read++;
    if (golden.links.some((other) => other !== link && other.status === "linked")) object.linked++;
  }
  if (isLeftAlone(golden, link, found.entity, found.mapping)) return;
  const next = compose(
    golden,
    link,
    found.entity,
    found.mapping,
    { encode: encoderOf(deps, connectorOf(deps, link.system), link.object), policy: deps.policy, goldenById },
    { id: "plan", startedAt: 0, expiresAt: 0 },
  );
  if (next.kind === "settled" || next.kind === "unread" || (link.status === "wanted" && !found.mapping.create)) return;
  const changes = Object.entries(next.kind === "write" ? next.inFlight.values : next.values).map(([field, to]) => ({
    field,
    from: link.shadow[field] ?? null,
    to,
    why: whyOf(golden, field),
  }));
  if (link.status === "wanted") {
    object.create++;
    if (object.creates.length < samplesMax) object.creates.push({ goldenId: golden.id, recordId: null, changes });
    return;
  }
  object.update++;
  for (const { field } of changes) object.fields[field] = (object.fields[field] ?? 0) + 1;
  if (object.updates.length < samplesMax) object.updates.push({ goldenId: golden.id, recordId: link.id, changes });
}

function whyOf(golden: GoldenRecord, field: string): string {
  const source = golden.fields[field]?.source;
  if (source === undefined) return "";
  return source.kind === "record"
    ? `from ${source.ref.system}`
    : source.kind === "rule"
      ? `rule ${source.rule}`
      : source.name;
}

async function groupHolds(deps: Deps, samplesMax: number): Promise<PlanHolds[]> {
  const groups = new Map<string, PlanHolds & { samples: Hold[] }>();
  let after: string | undefined;
  for (;;) {
    const page = await deps.store.holds({ status: "open", limit: 500, ...(after === undefined ? {} : { after }) });
    const last = page.at(-1);
    if (last === undefined) break;
    after = last.id;
    for (const hold of page) {
      // Ids of records make a reason unique; what is grouped is its pattern.
      const reason = hold.reason.replace(/\brecord \S+/gu, "a record");
      const key = JSON.stringify([hold.kind, hold.entity, hold.fields, reason]);
      const group = groups.get(key) ?? {
        kind: hold.kind,
        entity: hold.entity,
        fields: hold.fields,
        reason,
        count: 0,
        samples: [],
      };
      if (group.samples.length < samplesMax) group.samples.push(hold);
      groups.set(key, { ...group, count: group.count + 1 });
    }
  }
  return [...groups.values()].sort((a, b) => b.count - a.count);
}

async function groupRefused(deps: Deps, samplesMax: number): Promise<PlanRefused[]> {
  const groups = new Map<string, PlanRefused>();
  for (let after = 0; ; ) {
    const lines = await deps.store.journal({ after, limit: 5_000 });
    const last = lines.at(-1);
    if (last === undefined) break;
    after = last.sequence;
    for (const { kind, ref, field, why, other } of lines) {
      if (kind !== "refused" || ref === null || field === null) continue;
      const value = typeof other === "string" ? other : JSON.stringify(other);
      // The value makes a reason unique; what is grouped is its pattern.
      const reason = why.replace(JSON.stringify(value), "it");
      const { system, object } = ref;
      const key = JSON.stringify([system, object, field, reason]);
      const group = groups.get(key) ?? { system, object, field, reason, count: 0, samples: [] };
      const samples =
        group.samples.length < samplesMax ? [...group.samples, { recordId: ref.id, value }] : group.samples;
      groups.set(key, { ...group, count: group.count + 1, samples });
    }
  }
  return [...groups.values()].sort((a, b) => b.count - a.count);
}
