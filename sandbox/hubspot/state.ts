import type { AuditEntry } from "../core/audit.ts";
import type { SavedAssociation } from "./association.ts";
import type { Auth, SavedAuth } from "./auth.ts";
import type { ObjectType } from "./object-type.ts";
import { addTable, type Portal, store } from "./portal.ts";
import type { Property } from "./property.ts";
import type { StoredRecord } from "./record.ts";
import type { SavedWebhooks, Webhooks } from "./webhook.ts";

/** Everything that a restart must not lose. */
export type SavedState = {
  readonly tables: readonly {
    readonly type: ObjectType;
    readonly properties: readonly Property[];
    readonly groups: readonly (readonly [string, string])[];
    readonly records: readonly StoredRecord[];
    readonly aliases: readonly (readonly [string, string])[];
  }[];
  readonly associations: readonly SavedAssociation[];
  readonly audit: readonly AuditEntry[];
  readonly usedIds: readonly string[];
  readonly mergeKeepsPrimaryId: boolean;
  readonly auth: SavedAuth;
  readonly webhooks: SavedWebhooks;
};

type Parts = { readonly portal: Portal; readonly auth: Auth; readonly webhooks: Webhooks };

export function snapshotOf({ portal, auth, webhooks }: Parts): SavedState {
  return {
    tables: [...portal.tables.values()].map((table) => ({
      type: table.type,
      properties: [...table.properties.values()],
      groups: [...table.groups],
      records: [...table.records.values()],
      aliases: [...table.aliases],
    })),
    associations: portal.associations.snapshot(),
    audit: portal.audit.list(),
    usedIds: [...portal.usedIds],
    mergeKeepsPrimaryId: portal.mergeKeepsPrimaryId,
    auth: auth.snapshot(),
    webhooks: webhooks.snapshot(),
  };
}

/** Replaces the state by a saved one. The search index has caught up by then. */
export function restoreState({ portal, auth, webhooks }: Parts, saved: SavedState): void {
  portal.tables.clear();
  portal.usedIds.clear();
  for (const id of saved.usedIds) portal.usedIds.add(id);
  for (const { type, properties, groups, records, aliases } of saved.tables) {
    const table = addTable(portal, type, properties);
    for (const [name, label] of groups) table.groups.set(name, label);
    for (const record of records) store(table, record);
    for (const [id, survivor] of aliases) table.aliases.set(id, survivor);
    table.index.catchUp();
  }
  portal.associations.restore(saved.associations);
  portal.audit.restore(saved.audit);
  portal.mergeKeepsPrimaryId = saved.mergeKeepsPrimaryId;
  auth.restore(saved.auth);
  webhooks.restore(saved.webhooks);
}
