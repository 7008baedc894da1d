import type { AuditEntry } from "../../sandbox/core/audit.ts";
import type { Fault } from "../../sandbox/core/fault.ts";
import type { ActiveCampaignOptions } from "../../src/connectors/activecampaign/options.ts";
import type { AirtableOptions } from "../../src/connectors/airtable/options.ts";
import type { HubSpotOptions } from "../../src/connectors/hubspot/options.ts";
import type { RestOptions } from "../../src/connectors/rest/options.ts";
import type { SalesforceOptions } from "../../src/connectors/salesforce/options.ts";
import type { SystemRecord, SystemWrite } from "../check.ts";
import type { PlainApi } from "../last-write-wins.ts";
import type { DemoSystem, EntityName, Values } from "../story.ts";

/** A system of the demo, running: an emulated vendor or a real database. Values are the story's, references the ids that the system has. */
export type OpenSystem = {
  readonly name: DemoSystem;
  /** For people: "HubSpot". */
  readonly label: string;
  readonly shape: SystemShape;
  /** Puts records in as they lay there before anyone came. Returns their ids. */
  seed(entity: EntityName, rows: readonly SeedRow[]): Promise<readonly string[]>;
  /** Begins the audit: what was seeded is no part of it. */
  watch(): Promise<void>;
  /** A person carries out an edit in the system's own interface. */
  edit(user: string, entity: EntityName, id: string, values: Values): Promise<void>;
  /** What it holds, read from it directly. */
  records(): Promise<readonly SystemRecord[]>;
  /** Every write since `watch`, from its own audit. */
  writes(): Promise<readonly SystemWrite[]>;
  readonly connection: Connection;
  /** Webhooks go to this address from now on, where the system has any that its connector does not set up itself. */
  listen(webhookUrl: string): void;
  /** Breaks it, or mends it with none. A database knows none of these. */
  setFaults(faults: readonly Fault[]): void;
  /** Ends every connection that Truce holds open, as a restart or a proxy would. */
  cutLines(): Promise<void>;
  /** Resolves when no webhook is on its way. */
  settled(): Promise<void>;
  /** Shows at once what it would show late. */
  showAll(): void;
  /** The system as a plain integration uses it. */
  plain(ageOf: AgeOf): PlainApi;
  close(): Promise<void>;
};

export type SeedRow = { readonly values: Values; readonly ageDays: number };

/** When a record was last changed: less is longer ago. */
export type AgeOf = (entity: EntityName, id: string) => number;

/** What a system's connector is made with; clock and name are the engine's. */
export type Connection =
  | { readonly kind: "hubspot"; readonly options: Own<HubSpotOptions> }
  | { readonly kind: "salesforce"; readonly options: Own<SalesforceOptions> }
  | { readonly kind: "activecampaign"; readonly options: Own<ActiveCampaignOptions> }
  | { readonly kind: "airtable"; readonly options: Own<AirtableOptions> }
  | { readonly kind: "rest"; readonly options: Own<RestOptions> }
  | { readonly kind: "postgres" | "mysql"; readonly options: { readonly url: string } };

type Own<Options> = Omit<Options, "system" | "clock">;

/** What a system calls the story's objects and fields. */
export type SystemShape = Readonly<Partial<Record<EntityName, ObjectShape>>>;

export type ObjectShape = {
  readonly object: string;
  readonly fields: Readonly<Record<string, FieldShape>>;
  /** What every new record must have, and the story knows nothing of. */
  readonly constants?: Readonly<Record<string, string>>;
};

/** A cell's name, or more of it. `as`: its form there. `values`: its choices by the story's names. */
export type FieldShape =
  | string
  | { readonly cell: string; readonly as?: "number" | "list"; readonly values?: Readonly<Record<string, string>> };

export type Cell = string | number | null | readonly string[];

export function cellOf(field: FieldShape): string {
  return typeof field === "string" ? field : field.cell;
}

/** Without what points to other records, and without deals. */
export function withoutRelations({ company, contact }: Required<SystemShape>): SystemShape {
  const { company: _, ...fields } = contact.fields;
  return { company, contact: { ...contact, fields } };
}

/** An object's shape; throws where the system has none. */
export function shapeOf(shape: SystemShape, entity: EntityName): ObjectShape {
  const found = shape[entity];
  if (found === undefined) throw new Error(`The demo has no ${entity} here.`);
  return found;
}

export function entitiesOf(shape: SystemShape): readonly EntityName[] {
  return Object.keys(shape) as EntityName[];
}

export function entityOf(shape: SystemShape, object: string): EntityName | undefined {
  return entitiesOf(shape).find((entity) => shape[entity]?.object === object);
}

/** The story's fields become the system's cells; fields that the system has no place for are left out. */
export function toCells({ fields }: ObjectShape, values: Values): Record<string, Cell> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => {
      const field = fields[name];
      return field === undefined ? [] : [[cellOf(field), toCell(field, value)]];
    }),
  );
}

function toCell(field: FieldShape, value: string | null): Cell {
  if (typeof field === "string" || value === null) return value;
  if (field.as === "number") return Number(value);
  if (field.as === "list") return [value];
  return field.values?.[value] ?? value;
}

/** The cells of a record become the story's fields; what is not mentioned is left out. */
export function fromCells({ fields }: ObjectShape, cells: Readonly<Record<string, unknown>>): Values {
  const values: Record<string, string | null> = {};
  for (const [name, field] of Object.entries(fields))
    if (cellOf(field) in cells) values[name] = fromCell(field, cells[cellOf(field)]);
  return values;
}

/** All fields that the system has, blank where the record has nothing. */
export function allFields({ fields }: ObjectShape, cells: Readonly<Record<string, unknown>>): Values {
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [name, fromCell(field, cells[cellOf(field)])]),
  );
}

function fromCell(field: FieldShape, cell: unknown): string | null {
  const one = Array.isArray(cell) ? cell.join(";") : cell;
  if (one === undefined || one === null || one === "") return null;
  const names = typeof field === "string" ? undefined : field.values;
  return Object.entries(names ?? {}).find(([, value]) => value === one)?.[0] ?? String(one);
}

export function withoutBlanks<Value>(cells: Readonly<Record<string, Value | null>>): Record<string, Value> {
  return Object.fromEntries(Object.entries(cells).flatMap(([name, value]) => (value === null ? [] : [[name, value]])));
}

/** An entry of a sandbox's audit, as the check wants it; none for what was seeded or concerns nobody. */
export function auditWrite(system: DemoSystem, shape: SystemShape, entry: AuditEntry): SystemWrite[] {
  const entity = entityOf(shape, entry.object);
  if (entity === undefined || entry.source === "seed") return [];
  const object = shapeOf(shape, entity);
  return [
    {
      system,
      entity,
      id: entry.id,
      atMs: entry.at,
      kind: entry.kind === "create" || entry.kind === "update" ? entry.kind : "delete",
      by: entry.source === "api" ? "sync" : "person",
      before: fromCells(object, entry.before),
      after: fromCells(object, entry.after),
    },
  ];
}

/** One call of a plain integration: no second try, no second look. */
export async function plainCall(
  url: string,
  headers: Readonly<Record<string, string>>,
  method: string,
  body?: unknown,
): Promise<{ readonly ok: boolean; readonly data: Record<string, unknown> }> {
  const response = await fetch(url, {
    method,
    headers: { "content-type": "application/json", ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { ok: response.ok, data: (await response.json().catch(() => ({}))) as Record<string, unknown> };
}

export function chunks<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size));
}
