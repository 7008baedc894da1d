import type { AuditEntry } from "../core/audit.ts";
import type { Fault, FaultBoard } from "../core/fault.ts";
import { associateAll, associatedIds, associateOnly } from "./association-api.ts";
import type { Auth } from "./auth.ts";
import type { JsonObject } from "./body.ts";
import type { LimitOptions } from "./limits.ts";
import { addCustomTable, addProperty, type CustomObjectDraft, type Portal, type Table, tableOf } from "./portal.ts";
import { completeProperty, type Property, type PropertyDraft } from "./property.ts";
import { archiveProperty } from "./property-api.ts";
import type { Actor, StoredRecord } from "./record.ts";
import { propertyValue, type RenderedVersion, renderRecord } from "./render.ts";
import type { SavedState } from "./state.ts";
import type { Webhooks } from "./webhook.ts";
import {
  archive,
  checkValues,
  create,
  liveRecord,
  merge,
  restoreRecord,
  uniqueClash,
  update,
  type Values,
} from "./write.ts";

/** A record to seed. Times in ms. `associations` as in the create call. */
export type SeedRow = {
  readonly properties: Readonly<Record<string, string>>;
  readonly id?: string;
  readonly createdAt?: number;
  readonly associations?: readonly JsonObject[];
};

/** A record with every property that it has, and the whole history. */
export type FullRecord = {
  readonly id: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly history: Readonly<Record<string, readonly RenderedVersion[]>>;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly archived: boolean;
};

/** A user's id, or a workflow that acts by itself. */
export type By = number | { readonly workflow: string };

type Calls = { readonly [call: string]: number };

/**
 * What no API of HubSpot offers: seeding, people's edits, the audit log, the fault switches. Objects are named as in paths. Nothing here
 * counts against limits. Under `/_sandbox/<function>` for other processes.
 */
export type HubSpotAdmin = {
  /** Makes records as an import long ago would have: visible to search at once, no webhooks. Returns their ids. */
  seed(object: string, rows: readonly SeedRow[]): string[];
  /** A person creates a record in the browser. */
  createAs(by: By, object: string, properties: Readonly<Record<string, string>>): string;
  /** A person edits a record in the browser: bound to the same rules for values. */
  edit(by: By, object: string, id: string, properties: Readonly<Record<string, string>>): void;
  /** A person links a record to this one alone by a label (`null`: the association without one), or with `toId: null` to none. */
  associateAs(by: By, object: string, id: string, to: string, toId: string | null, label: string | null): void;
  /** For every live record of an object the ids that it is associated with, by this label or (`null`) at all. */
  associations(object: string, to: string, label: string | null): Readonly<Record<string, readonly string[]>>;
  archiveAs(by: By, object: string, id: string): void;
  restoreAs(by: By, object: string, id: string): void;
  /** Returns the survivor's id. */
  mergeAs(by: By, object: string, primaryId: string, loserId: string): string;
  /** All records of an object, archived ones too, by id. */
  records(object: string): FullRecord[];
  /** One record; ids that were merged away give the survivor, `null` if there is none. */
  record(object: string, id: string): FullRecord | null;
  /** Writes after entry `seq` (default: all), oldest first. */
  audit(afterSeq?: number): readonly AuditEntry[];
  setFaults(faults: readonly Fault[]): void;
  faults(): readonly Fault[];
  setLimits(limits: LimitOptions): void;
  setScopes(scopes: readonly string[]): void;
  setMergeKeepsPrimaryId(keeps: boolean): void;
  /** Whether batch reads answer ids that were merged away with the survivor; it is not known what the real thing does. */
  setBatchReadsMergedIds(reads: boolean): void;
  /** Makes search see everything now. */
  indexNow(): void;
  defineObject(draft: CustomObjectDraft): string;
  defineProperty(object: string, draft: PropertyDraft): Property;
  /** The definition goes away, as when an admin deletes it. */
  removeProperty(object: string, name: string): void;
  subscribe(
    targetUrl: string,
    subscriptions: readonly { eventType: string; propertyName?: string; objectTypeId?: string }[],
  ): void;
  /** Resolves when no webhook is on its way or waiting for a retry. */
  webhooksSettled(): Promise<void>;
  webhookCounts(): { readonly delivered: number; readonly failed: number };
  /** A consent code for the OAuth token call. */
  authorize(): string;
  /** Answered API calls by method and path pattern, such as `POST /crm/v3/objects/contacts/batch/read`. */
  calls(): Calls;
  resetCalls(): void;
  snapshot(): SavedState;
  restore(state: SavedState): void;
  /** Writes the state to the sandbox's file. */
  save(): void;
};

export type AdminDeps = {
  readonly portal: Portal;
  readonly auth: Auth;
  readonly webhooks: Webhooks;
  readonly faults: FaultBoard;
  readonly calls: Map<string, number>;
  readonly setLimits: (limits: LimitOptions) => void;
  readonly snapshot: () => SavedState;
  readonly restore: (state: SavedState) => void;
  readonly save: () => void;
};

export function makeAdmin(deps: AdminDeps): HubSpotAdmin {
  const { portal, faults, webhooks } = deps;
  const table = (object: string) => tableOf(portal, object);
  const anyRecord = (object: string, id: string) => {
    const record = table(object).records.get(id);
    if (record === undefined) throw new Error(`No ${object} ${id}.`);
    return record;
  };
  return {
    seed: (object, rows) => rows.map((row) => seedOne(portal, table(object), row)),
    createAs: (by, object, properties) =>
      create(portal, table(object), checked(table(object), properties, null), actorOf(by)).id,
    edit: (by, object, id, properties) => {
      const record = liveRecord(table(object), id);
      update(portal, table(object), record, checked(table(object), properties, record), actorOf(by));
    },
    associateAs: (by, object, id, to, toId, label) => {
      const from = { table: table(object), id: liveRecord(table(object), id).id };
      associateOnly(portal, from, { table: table(to), id: toId }, label, actorOf(by));
    },
    associations: (object, to, label) => {
      const own = table(object);
      const ids = own.live.page(null, own.live.size);
      return Object.fromEntries(ids.map((id) => [id, associatedIds(portal, { table: own, id }, table(to), label)]));
    },
    archiveAs: (by, object, id) => archive(portal, table(object), liveRecord(table(object), id), actorOf(by)),
    restoreAs: (by, object, id) => restoreRecord(portal, table(object), anyRecord(object, id), actorOf(by)),
    mergeAs: (by, object, primaryId, loserId) => merge(portal, table(object), primaryId, loserId, actorOf(by)).id,
    records: (object) => {
      const { live, archived, records } = table(object);
      const ids = [...live.page(null, live.size), ...archived.page(null, archived.size)];
      return ids.map((id) => fullRecord(portal, table(object), records.get(id)!));
    },
    record: (object, id) => {
      const own = table(object);
      const found = own.records.get(id) ?? own.records.get(survivorOf(own, id));
      return found === undefined ? null : fullRecord(portal, own, found);
    },
    audit: (afterSeq) => portal.audit.list(afterSeq),
    setFaults: (wanted) => faults.set(wanted),
    faults: () => faults.list(),
    setLimits: deps.setLimits,
    setScopes: (scopes) => deps.auth.setScopes(scopes),
    setMergeKeepsPrimaryId: (keeps) => {
      portal.mergeKeepsPrimaryId = keeps;
    },
    setBatchReadsMergedIds: (reads) => {
      portal.batchReadsMergedIds = reads;
    },
    indexNow: () => {
      for (const one of portal.tables.values()) one.index.catchUp();
    },
    defineObject: (draft) => addCustomTable(portal, draft).type.id,
    defineProperty: (object, draft) => {
      const own = table(object);
      const property = completeProperty(draft, own.type.groupName, new Date(portal.now()).toISOString());
      addProperty(own, property);
      return property;
    },
    removeProperty: (object, name) => archiveProperty(table(object), name),
    subscribe: (targetUrl, subscriptions) => webhooks.subscribe(targetUrl, subscriptions),
    webhooksSettled: () => webhooks.settled(),
    webhookCounts: () => webhooks.counts(),
    authorize: () => deps.auth.authorize(),
    calls: () => Object.fromEntries(deps.calls),
    resetCalls: () => deps.calls.clear(),
    snapshot: deps.snapshot,
    restore: deps.restore,
    save: deps.save,
  };
}

function actorOf(by: By): Actor {
  if (typeof by === "number") {
    return { sourceType: "CRM_UI", sourceId: `userId:${by}`, userId: by, source: `user:${by}` };
  }
  return {
    sourceType: "AUTOMATION_PLATFORM",
    sourceId: by.workflow,
    userId: null,
    source: `workflow:${by.workflow}`,
  };
}

const seeder: Actor = { sourceType: "IMPORT", sourceId: null, userId: null, source: "seed" };

function seedOne(portal: Portal, table: Table, row: SeedRow): string {
  const listeners = portal.listeners.splice(0);
  try {
    const values = checked(table, row.properties, null);
    const given = {
      ...(row.id === undefined ? {} : { id: row.id }),
      ...(row.createdAt === undefined ? {} : { at: row.createdAt }),
    };
    const record = create(portal, table, values, seeder, given);
    associateAll(portal, table, record.id, row.associations ?? [], seeder);
    return record.id;
  } finally {
    portal.listeners.push(...listeners);
    table.index.catchUp();
  }
}

/** Values that HubSpot would take in the browser too. Throws with the reason. */
function checked(table: Table, properties: Readonly<Record<string, string>>, record: StoredRecord | null): Values {
  const { values, problems } = checkValues(table, properties, record);
  const clash = uniqueClash(table, values, record?.id ?? null);
  const reasons = [...problems.map(({ message }) => message), ...(clash === null ? [] : [clash.refusal.message])];
  if (reasons.length > 0) throw new Error(reasons.join("; "));
  return values;
}

function survivorOf(table: Table, id: string): string {
  let at = id;
  for (let next = table.aliases.get(at); next !== undefined; next = table.aliases.get(at)) at = next;
  return at;
}

function fullRecord(portal: Portal, table: Table, record: StoredRecord): FullRecord {
  const names = [...table.properties.keys()];
  const { id, propertiesWithHistory, createdAt, updatedAt, archived } = renderRecord(portal, table, record, {
    properties: [],
    propertiesWithHistory: names,
  });
  const properties: Record<string, string> = {};
  for (const name of names) {
    const value = propertyValue(table, record, name);
    if (value !== null) properties[name] = value;
  }
  const history = Object.fromEntries(
    Object.entries(propertiesWithHistory ?? {}).filter(([, versions]) => versions.length > 0),
  );
  return { id, properties, history, createdAt, updatedAt, archived };
}
