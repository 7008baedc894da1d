import { createRandom } from "../sandbox/core/random.ts";
import type { SystemRecord } from "./check.ts";
import { entityNames } from "./shape.ts";
import { type DemoSystem, type Edit, type EntityName, systems, type Values } from "./story.ts";

/** What a plain integration does with a system: list, create, overwrite. One call takes many records. */
export type PlainApi = {
  list(entity: EntityName): Promise<readonly (SystemRecord & { readonly changedAt: number })[]>;
  /** Ids in order; `null` where the system refused. */
  create(entity: EntityName, records: readonly Values[]): Promise<readonly (string | null)[]>;
  update(entity: EntityName, changes: readonly { readonly id: string; readonly values: Values }[]): Promise<void>;
};

/** A change event as an integration gets it: the whole record, perhaps half of it, perhaps late, perhaps twice. */
type Delivery = {
  readonly atMs: number;
  readonly system: DemoSystem;
  readonly entity: EntityName;
  readonly id: string;
  readonly dropped: readonly string[];
  readonly editAtMs: number;
};

/** How often events arrive in which shape; the same rates that the sandbox's webhooks are given for Truce. */
export const deliveryOdds = { late: 0.25, lateMs: 2_500, twice: 0.15, half: 0.12, lost: 0.02 } as const;

/**
 * A last-write-wins sync, as most integrations are built: match by e-mail or domain as written, the newest record wins as a whole, each event's
 * payload is written to the others as it came. It runs on systems of its own that start the same and see the same edits.
 */
export async function lastWriteWins(
  apis: Readonly<Record<DemoSystem, PlainApi>>,
  edits: readonly Edit[],
  idOf: (edit: Edit) => string,
  apply: (edit: Edit) => Promise<void>,
  seed: number,
): Promise<void> {
  const links = new Links();
  for (const entity of entityNames) await firstSync(apis, entity, links);
  const payloads = new Map<Edit, Values>();
  const deliveries = deliveriesOf(edits, idOf, seed);
  const events = [
    ...edits.map((edit) => ({ atMs: edit.atMs, edit })),
    ...deliveries.map((delivery) => ({ atMs: delivery.atMs, delivery })),
  ];
  events.sort((a, b) => a.atMs - b.atMs);
  const byTime = new Map(edits.map((edit) => [`${edit.atMs}/${edit.system}/${idOf(edit)}`, edit]));
  const current = new Map<string, Values>();
  for (const api of systems)
    for (const entity of entityNames)
      for (const record of await apis[api].list(entity)) current.set(keyOf(api, entity, record.id), record.values);
  for (const event of events) {
    if ("edit" in event) {
      const { edit } = event;
      await apply(edit);
      const key = keyOf(edit.system, edit.entity, idOf(edit));
      const values = { ...current.get(key), ...edit.values };
      current.set(key, values);
      payloads.set(edit, values);
      continue;
    }
    const { delivery } = event;
    const edit = byTime.get(`${delivery.editAtMs}/${delivery.system}/${delivery.id}`);
    const payload = edit === undefined ? undefined : payloads.get(edit);
    if (payload !== undefined) await forward(apis, links, delivery, payload, current);
  }
}

function keyOf(system: DemoSystem, entity: EntityName, id: string): string {
  return `${system}/${entity}/${id}`;
}

/** Which records the integration believes to be one. */
class Links {
  private readonly groups = new Map<string, Map<DemoSystem, string>>();

  of(system: DemoSystem, entity: EntityName, id: string): Map<DemoSystem, string> {
    const key = keyOf(system, entity, id);
    const group = this.groups.get(key) ?? new Map<DemoSystem, string>([[system, id]]);
    this.groups.set(key, group);
    return group;
  }

  add(group: Map<DemoSystem, string>, system: DemoSystem, entity: EntityName, id: string): void {
    group.set(system, id);
    this.groups.set(keyOf(system, entity, id), group);
  }
}

async function firstSync(
  apis: Readonly<Record<DemoSystem, PlainApi>>,
  entity: EntityName,
  links: Links,
): Promise<void> {
  const keyField = entity === "contact" ? "email" : "domain";
  const all = (await Promise.all(systems.map((system) => apis[system].list(entity)))).flat();
  // Records without a key are each a thing of their own; HubSpot keeps e-mails in lower case, the others as typed.
  const groups = Map.groupBy(all, (record) => record.values[keyField] ?? `${record.system}/${record.id}`);
  const creates = new Map<DemoSystem, { group: Map<DemoSystem, string>; values: Values }[]>(
    systems.map((system) => [system, []]),
  );
  const updates = new Map<DemoSystem, { id: string; values: Values }[]>(systems.map((system) => [system, []]));
  for (const records of groups.values()) {
    const newest = records.reduce((a, b) => (b.changedAt > a.changedAt ? b : a));
    const group = links.of(newest.system, entity, newest.id);
    for (const system of systems) {
      const record = records.find((one) => one.system === system);
      if (record === undefined) creates.get(system)?.push({ group, values: newest.values });
      else {
        links.add(group, system, entity, record.id);
        if (record !== newest) updates.get(system)?.push({ id: record.id, values: newest.values });
      }
    }
  }
  await Promise.all(
    systems.map(async (system) => {
      await apis[system].update(entity, updates.get(system) ?? []);
      const wanted = creates.get(system) ?? [];
      const ids = await apis[system].create(
        entity,
        wanted.map(({ values }) => values),
      );
      ids.forEach((id, i) => {
        if (id !== null) links.add(wanted[i]!.group, system, entity, id);
      });
    }),
  );
}

/** When each edit's event arrives, in what shape. */
function deliveriesOf(edits: readonly Edit[], idOf: (edit: Edit) => string, seed: number): Delivery[] {
  const random = createRandom(seed + 1);
  return edits.flatMap((edit) => {
    if (random.chance(deliveryOdds.lost)) return [];
    const delay = () => 50 + (random.chance(deliveryOdds.late) ? random.below(deliveryOdds.lateMs) : random.below(200));
    const others = ["phone", "jobTitle", "city", "industry", "notes"].filter((field) => !(field in edit.values));
    const dropped = random.chance(deliveryOdds.half) ? random.shuffle(others).slice(0, 2) : [];
    const one: Delivery = {
      atMs: edit.atMs + delay(),
      editAtMs: edit.atMs,
      system: edit.system,
      entity: edit.entity,
      id: idOf(edit),
      dropped,
    };
    return random.chance(deliveryOdds.twice) ? [one, { ...one, atMs: one.atMs + 500 + random.below(3_000) }] : [one];
  });
}

async function forward(
  apis: Readonly<Record<DemoSystem, PlainApi>>,
  links: Links,
  delivery: Delivery,
  payload: Values,
  current: Map<string, Values>,
): Promise<void> {
  const { system, entity, id, dropped } = delivery;
  const values = {
    ...payload,
    ...Object.fromEntries(dropped.filter((field) => field in payload).map((field) => [field, null])),
  };
  const group = links.of(system, entity, id);
  for (const target of systems) {
    if (target === system) continue;
    const known = group.get(target);
    if (known !== undefined) {
      await apis[target].update(entity, [{ id: known, values }]);
      current.set(keyOf(target, entity, known), values);
      continue;
    }
    const [made] = await apis[target].create(entity, [values]);
    if (made == null) continue;
    links.add(group, target, entity, made);
    current.set(keyOf(target, entity, made), values);
  }
}
