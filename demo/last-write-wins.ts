import { createRandom } from "../sandbox/core/random.ts";
import type { SystemRecord } from "./check.ts";
import { type DemoSystem, type Edit, type EntityName, references, type Story, type Values } from "./story.ts";
import type { DemoWorld } from "./world.ts";

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
  apis: ReadonlyMap<DemoSystem, PlainApi>,
  { entities, edits, seed }: Story,
  { idOf, apply }: Pick<DemoWorld, "idOf" | "apply">,
): Promise<void> {
  const links = new Links();
  for (const entity of entities) await firstSync(apis, entity, links);
  const payloads = new Map<Edit, Values>();
  const deliveries = deliveriesOf(edits, idOf, seed);
  const events = [
    ...edits.map((edit) => ({ atMs: edit.atMs, edit })),
    ...deliveries.map((delivery) => ({ atMs: delivery.atMs, delivery })),
  ];
  events.sort((a, b) => a.atMs - b.atMs);
  const byTime = new Map(edits.map((edit) => [`${edit.atMs}/${keyOf(edit.system, edit.entity, idOf(edit))}`, edit]));
  const current = new Map<string, Values>();
  for (const [system, api] of apis)
    for (const entity of entities)
      for (const record of await api.list(entity)) current.set(keyOf(system, entity, record.id), record.values);
  for (const event of events) {
    if ("edit" in event) {
      const { edit } = event;
      const told = await apply(edit);
      const key = keyOf(edit.system, edit.entity, idOf(edit));
      const values = { ...current.get(key), ...told };
      current.set(key, values);
      payloads.set(edit, values);
      continue;
    }
    const { delivery } = event;
    const edit = byTime.get(`${delivery.editAtMs}/${keyOf(delivery.system, delivery.entity, delivery.id)}`);
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

  /** Values with what they point to by the other system's ids. What it does not have is left out. */
  translated(entity: EntityName, values: Values, from: DemoSystem, to: DemoSystem): Values {
    return Object.fromEntries(
      Object.entries(values).flatMap(([field, value]): [string, string | null][] => {
        const target = references[entity][field];
        if (target === undefined || value === null) return [[field, value]];
        const there = this.of(from, target, value).get(to);
        return there === undefined ? [] : [[field, there]];
      }),
    );
  }
}

const keys: Readonly<Record<EntityName, string>> = { contact: "email", company: "domain", deal: "title" };

async function firstSync(apis: ReadonlyMap<DemoSystem, PlainApi>, entity: EntityName, links: Links): Promise<void> {
  const systems = [...apis.keys()];
  const keyField = keys[entity];
  const all = (await Promise.all([...apis.values()].map((api) => api.list(entity)))).flat();
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
      const values = links.translated(entity, newest.values, newest.system, system);
      if (record === undefined) creates.get(system)?.push({ group, values });
      else {
        links.add(group, system, entity, record.id);
        if (record !== newest) updates.get(system)?.push({ id: record.id, values });
      }
    }
  }
  await Promise.all(
    [...apis].map(async ([system, api]) => {
      await api.update(entity, updates.get(system) ?? []);
      const wanted = creates.get(system) ?? [];
      const ids = await api.create(
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
  apis: ReadonlyMap<DemoSystem, PlainApi>,
  links: Links,
  delivery: Delivery,
  payload: Values,
  current: Map<string, Values>,
): Promise<void> {
  const { system, entity, id, dropped } = delivery;
  const told = {
    ...payload,
    ...Object.fromEntries(dropped.filter((field) => field in payload).map((field) => [field, null])),
  };
  const group = links.of(system, entity, id);
  for (const [target, api] of apis) {
    if (target === system) continue;
    const values = links.translated(entity, told, system, target);
    const known = group.get(target);
    if (known !== undefined) {
      await api.update(entity, [{ id: known, values }]);
      current.set(keyOf(target, entity, known), values);
      continue;
    }
    const [made] = await api.create(entity, [values]);
    if (made == null) continue;
    links.add(group, target, entity, made);
    current.set(keyOf(target, entity, made), values);
  }
}
