import { type AuditEntry, type AuditLog, createAuditLog } from "../core/audit.ts";
import { type ApiRequest, allScopes, makeApi, type Token } from "./api.ts";
import type { Base, Row, TableState, Transaction, User } from "./base.ts";
import { makeIds } from "./ids.ts";
import type { JsonObject } from "./json.ts";
import { type Lister, makeLister } from "./list.ts";
import { makeMetaCalls } from "./meta.ts";
import { makeRecordCalls, type RecordCalls } from "./records.ts";
import type { RenderContext } from "./render.ts";
import { makeTables, type Table, type TableInput } from "./schema.ts";
import { type Hook, makeWebhookCalls, type WebhookCalls } from "./webhooks.ts";

/** All that Airtable remembers, as plain JSON. Offsets of lists under way are not in it. */
export type Snapshot = {
  readonly base: { readonly id: string; readonly name: string; readonly transactionNumber: number };
  readonly idState: number;
  readonly users: readonly User[];
  readonly tokens: readonly Token[];
  readonly tables: readonly {
    readonly schema: Table;
    readonly rows: readonly Row[];
    readonly nextAutoNumber: number;
  }[];
  readonly hooks: readonly Hook[];
  readonly audit: readonly AuditEntry[];
};

/** The emulated Airtable without its network: one base with its tables, users, tokens and webhooks. */
export type World = {
  readonly base: Base;
  readonly context: RenderContext;
  readonly tokens: Token[];
  readonly hooks: Hook[];
  readonly audit: AuditLog;
  readonly lister: Lister;
  readonly records: RecordCalls;
  readonly webhooks: WebhookCalls;
  answer(request: ApiRequest): JsonObject;
  published(transaction: Transaction): void;
  snapshot(): Snapshot;
};

export type WorldDeps = {
  now(): number;
  /** How many times faster than Airtable. */
  readonly speed: number;
  /** Called when a webhook has something to ping about. */
  news(hook: Hook): void;
};

const attachmentUrlMs = 2 * 3_600_000;
const iteratorMs = 5 * 60_000;

/** A new base with the given tables, one user and one token that may do everything. */
export function newSnapshot(schema: readonly TableInput[], seed: number): Snapshot {
  const ids = makeIds(seed);
  const user: User = { id: ids.next("usr"), email: "truce@example.com", name: "Truce" };
  return {
    base: { id: ids.next("app"), name: "Sandbox", transactionNumber: 0 },
    users: [user],
    tokens: [{ token: `${ids.next("pat")}.sandbox`, user, scopes: allScopes }],
    tables: makeTables(schema, ids).map((table) => ({ schema: table, rows: [], nextAutoNumber: 1 })),
    hooks: [],
    audit: [],
    idState: ids.state(),
  };
}

/** Brings a snapshot to life. The snapshot is copied, so it can be used again. */
export function makeWorld(saved: Snapshot, { now, speed, news }: WorldDeps): World {
  const { base: saidBase, users, tokens, tables, hooks, audit: savedAudit, idState } = structuredClone(saved);
  const ids = makeIds(idState);
  const base: Base = {
    ...saidBase,
    users: new Map(users.map((user) => [user.id, user])),
    tables: tables.map(
      ({ schema, rows, nextAutoNumber }): TableState => ({
        schema,
        rows: new Map(rows.map((row) => [row.id, row])),
        order: rows.map((row) => row.id).sort(),
        nextAutoNumber,
      }),
    ),
    ids,
  };
  const context: RenderContext = { base, now, attachmentUrlMs: attachmentUrlMs / speed };
  const lister = makeLister(context, ids, iteratorMs / speed);
  const hookList = [...hooks];
  const audit = createAuditLog();
  audit.restore(savedAudit);
  const tokenList = [...tokens];
  const webhooks = makeWebhookCalls({ context, hooks: hookList, news });
  const published = (transaction: Transaction): void => webhooks.publish(transaction);
  const records = makeRecordCalls({ context, lister, published, audit });
  const meta = makeMetaCalls({ base, now, published });

  return {
    base,
    context,
    tokens: tokenList,
    hooks: hookList,
    audit,
    lister,
    records,
    webhooks,
    answer: makeApi({ base, records, meta, webhooks }),
    published,
    snapshot: () =>
      structuredClone({
        base: { id: base.id, name: base.name, transactionNumber: base.transactionNumber },
        idState: ids.state(),
        users: [...base.users.values()],
        tokens: tokenList,
        tables: base.tables.map((table) => ({
          schema: table.schema,
          rows: [...table.rows.values()],
          nextAutoNumber: table.nextAutoNumber,
        })),
        hooks: hookList,
        audit: audit.list(),
      }),
  };
}
