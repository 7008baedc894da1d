import type { AuditEntry } from "../core/audit.ts";
import type { Fault, FaultBoard } from "../core/fault.ts";
import type { Auth } from "./auth.ts";
import type { JsonObject } from "./body.ts";
import { completeField, type Field, type FieldDraft } from "./field.ts";
import type { LimitOptions } from "./limits.ts";
import {
  type Actor,
  addField,
  addTable,
  type DuplicateRule,
  findRecord,
  type Org,
  type StoredRecord,
  type Table,
  tableOf,
} from "./org.ts";
import { type EventLog, entityOf, type GapKind } from "./pubsub/event-log.ts";
import { renderRecord } from "./render.ts";
import { personAccountFields } from "./standard-objects.ts";
import type { SavedState } from "./state.ts";
import { createRecord, deleteRecord, mergeRecords, undeleteRecord, updateRecord } from "./write.ts";

/** A record with all its fields, as REST shows them. */
export type FullRecord = Readonly<Record<string, unknown>> & { readonly Id: string };

/**
 * What no API of Salesforce offers: seeding, people's edits, the audit log, the fault switches. Nothing here counts against limits. Under
 * `/_sandbox/<function>` for other processes.
 */
export type SalesforceAdmin = {
  /** Makes records as an import long ago would have: no change events. Returns their ids. */
  seed(object: string, rows: readonly JsonObject[], at?: number): string[];
  /** A person creates a record in the browser. `at`: when the transaction began that commits now. */
  createAs(userId: string, object: string, values: JsonObject, at?: number): string;
  edit(userId: string, object: string, id: string, values: JsonObject, at?: number): void;
  deleteAs(userId: string, object: string, id: string): void;
  undeleteAs(userId: string, object: string, id: string): void;
  /** Master keeps its id; `values` are what the person chose for it. */
  mergeAs(userId: string, object: string, masterId: string, loserIds: readonly string[], values?: JsonObject): void;
  /** Empties the recycle bin of an object: its deleted records can't be queried any more. */
  emptyBin(object: string): void;
  /** The log behind `deleted` is purged: what was deleted until now is not listed any more. */
  purgeDeleteLog(): void;
  /** Live records of an object. */
  records(object: string): FullRecord[];
  /** A record, deleted or not; `null` if there is none. */
  record(object: string, id: string): FullRecord | null;
  audit(afterSeq?: number): readonly AuditEntry[];
  setFaults(faults: readonly Fault[]): void;
  faults(): readonly Fault[];
  setLimits(limits: LimitOptions): void;
  /** Ends every session that a token call gave. */
  expireSessions(): void;
  setDuplicateRules(rules: readonly DuplicateRule[]): void;
  /** A custom object, with a text name. `name` ends in `__c`. */
  defineObject(draft: { readonly name: string; readonly label?: string; readonly fields: readonly FieldDraft[] }): void;
  defineField(object: string, draft: FieldDraft): Field;
  /** The unique external id field that Truce asks an admin for. Does nothing where it is there already. */
  defineKeyField(object: string): void;
  /** Whether the integration user may change the set-up: make fields, give permissions. Default: true. */
  setMayCustomize(may: boolean): void;
  /** The field is deleted, or hidden from the integration user. */
  removeField(object: string, name: string): void;
  /** Returns the record type's id. The first one of an object is the integration user's default. */
  defineRecordType(object: string, developerName: string): string;
  /** Selects objects for Change Data Capture, besides those that are. */
  selectForCapture(...objects: readonly string[]): void;
  /** Tells of changes whose values are lost, as Salesforce does in trouble. */
  addGap(kind: GapKind, object: string, ids: readonly string[]): void;
  /** Forgets all events, as three days later: places before now are not known any more. */
  expireEvents(): void;
  /** Ends all streams of events. */
  dropStreams(): void;
  /** Switches person accounts on, which can't be undone. */
  enablePersonAccounts(): void;
  /** Answered API calls by method and path pattern, such as `POST /composite/sobjects`. */
  calls(): Readonly<Record<string, number>>;
  resetCalls(): void;
  snapshot(): SavedState;
  restore(state: SavedState): void;
  /** Writes the state to the sandbox's file. */
  save(): void;
};

export type AdminDeps = {
  readonly org: Org;
  readonly auth: Auth;
  readonly faults: FaultBoard;
  readonly calls: Map<string, number>;
  readonly tooling: Org;
  readonly log: EventLog;
  readonly dropStreams: () => void;
  readonly setLimits: (limits: LimitOptions) => void;
  readonly snapshot: () => SavedState;
  readonly restore: (state: SavedState) => void;
  readonly save: () => void;
};

const dayMs = 86_400_000;

export function makeAdmin(deps: AdminDeps): SalesforceAdmin {
  const { org, faults } = deps;
  const table = (object: string) => tableOf(org, object);
  const existing = (object: string, id: string): StoredRecord => {
    const record = findRecord(table(object), id);
    if (record === null) throw new Error(`No ${object} ${id}.`);
    return record;
  };
  const atOf = (at: number | undefined) => (at === undefined ? {} : { at });
  return {
    seed: (object, rows, at = org.now() - dayMs) => {
      const actor: Actor = { userId: org.integrationUserId, source: "seed", origin: "" };
      const listeners = org.listeners.splice(0);
      const ids = rows.map((row) => createRecord(org, table(object), row, actor, { at }).id);
      org.listeners.push(...listeners);
      return ids;
    },
    createAs: (userId, object, values, at) =>
      createRecord(org, table(object), values, personOf(userId), { allowDuplicates: true, ...atOf(at) }).id,
    edit: (userId, object, id, values, at) =>
      updateRecord(org, table(object), existing(object, id), values, personOf(userId), {
        allowDuplicates: true,
        ...atOf(at),
      }),
    deleteAs: (userId, object, id) => deleteRecord(org, table(object), existing(object, id), personOf(userId)),
    undeleteAs: (userId, object, id) => undeleteRecord(org, table(object), existing(object, id), personOf(userId)),
    mergeAs: (userId, object, masterId, loserIds, values = {}) => {
      const losers = loserIds.map((id) => existing(object, id));
      mergeRecords(org, table(object), existing(object, masterId), losers, values, personOf(userId));
    },
    emptyBin: (object) => {
      const own = table(object);
      for (const record of [...own.records.values()]) if (record.isDeleted) own.records.delete(record.id);
    },
    purgeDeleteLog: () => {
      org.deletesKnownSince = org.now();
      for (const own of org.tables.values()) own.deleteLog = [];
    },
    records: (object) => {
      const own = table(object);
      return [...own.records.values()].filter(({ isDeleted }) => !isDeleted).map((record) => fullRecord(own, record));
    },
    record: (object, id) => {
      const found = findRecord(table(object), id);
      return found === null ? null : fullRecord(table(object), found);
    },
    audit: (afterSeq) => org.audit.list(afterSeq),
    setFaults: (wanted) => faults.set(wanted),
    faults: () => faults.list(),
    setLimits: deps.setLimits,
    expireSessions: () => deps.auth.expireAll(),
    setDuplicateRules: (rules) => {
      org.duplicateRules = rules;
    },
    defineObject: ({ name, label = name.replace(/__c$/u, ""), fields }) => {
      if (!name.endsWith("__c")) throw new Error("The name of a custom object ends in __c.");
      const named: FieldDraft = {
        name: "Name",
        type: "string",
        length: 80,
        required: true,
        defaulted: true,
        nameField: true,
      };
      const owner: FieldDraft = {
        name: "OwnerId",
        type: "reference",
        referenceTo: ["User"],
        required: true,
        defaulted: true,
      };
      const customs = [...org.tables.values()].filter(({ type }) => type.name.endsWith("__c")).length;
      const keyPrefix = `a${String(customs).padStart(2, "0")}`;
      addTable(org, { name, label, keyPrefix, recordTypes: true, fields: [named, ...fields, owner] });
    },
    defineField: (object, draft) => addField(table(object), draft),
    defineKeyField: (object) => {
      const name = "Truce_ID__c";
      const own = table(object);
      if (own.fields.has(name)) return;
      addField(own, { name, type: "string", length: 255, unique: true, externalId: true, caseSensitive: true });
    },
    setMayCustomize: (may) => {
      org.mayCustomize = may;
    },
    removeField: (object, name) => {
      table(object).fields.delete(name);
      table(object).unique.delete(name);
    },
    defineRecordType: (object, developerName) => {
      const values = {
        Name: developerName,
        DeveloperName: developerName,
        SobjectType: table(object).type.name,
        IsActive: true,
      };
      const actor: Actor = { userId: org.integrationUserId, source: "seed", origin: "" };
      return createRecord(org, table("RecordType"), values, actor).id;
    },
    selectForCapture: (...objects) => {
      const members = tableOf(deps.tooling, "PlatformEventChannelMember");
      for (const object of objects) {
        const entity = entityOf(table(object));
        if (org.selectedEntities.has(entity)) continue;
        org.selectedEntities.add(entity);
        const values = { EventChannel: "ChangeEvents", SelectedEntity: entity };
        createRecord(deps.tooling, members, values, { userId: org.integrationUserId, source: "seed", origin: "" });
      }
    },
    addGap: (kind, object, ids) => deps.log.addGap(kind, table(object), ids),
    expireEvents: () => deps.log.expire(),
    dropStreams: deps.dropStreams,
    enablePersonAccounts: () => {
      const accounts = table("Account");
      for (const draft of personAccountFields) accounts.fields.set(draft.name, completeField(draft));
      addField(table("Contact"), { name: "IsPersonAccount", type: "boolean", readOnly: true });
    },
    calls: () => Object.fromEntries(deps.calls),
    resetCalls: () => deps.calls.clear(),
    snapshot: deps.snapshot,
    restore: deps.restore,
    save: deps.save,
  };
}

function personOf(userId: string): Actor {
  return { userId, source: `user:${userId}`, origin: "com/salesforce/api/soap/66.0;client=SfdcInternalAPI/" };
}

function fullRecord(table: Table, record: StoredRecord): FullRecord {
  const { attributes: _, ...values } = renderRecord(table, record, [...table.fields.values()], "66.0");
  return values as FullRecord;
}
