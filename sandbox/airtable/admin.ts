import type { AuditEntry } from "../core/audit.ts";
import type { Fault, FaultBoard } from "../core/fault.ts";
import { allScopes, type Scope } from "./api.ts";
import { type Actor, commitSchema, destroyField, insertRows, schemas, type TableState, tableNamed } from "./base.ts";
import type { JsonObject } from "./json.ts";
import type { Limiter } from "./limits.ts";
import { knownField } from "./list.ts";
import { renameField } from "./meta.ts";
import { showRow } from "./render.ts";
import { addInverse, type FieldInput, makeField, showTable } from "./schema.ts";
import type { Snapshot, World } from "./world.ts";

/** What tests and other processes can do to a running sandbox. All tables and fields by name or id. */
export type AirtableAdmin = {
  /** Puts records in, telling nobody: no webhook, no audit, no limit. @returns their ids. */
  seed(table: string, records: readonly JsonObject[]): readonly string[];
  /** A person of this name makes a record in Airtable's own interface. @returns its id. */
  create(user: string, table: string, fields: JsonObject): string;
  /** A person edits cells; `null` clears one. */
  edit(user: string, table: string, id: string, fields: JsonObject): void;
  /** A person deletes a record. */
  remove(user: string, table: string, id: string): void;
  /** Every record of a table as it is, cells by field name. */
  records(table: string): readonly { readonly id: string; readonly fields: JsonObject }[];
  /** Writes through the API (`source` "api") and by people (`user:<id>`), with the cells before and after; delete is "delete". */
  audit(afterSeq?: number): readonly AuditEntry[];
  setFaults(faults: readonly Fault[]): void;
  /** The faults that have not worn off. */
  faults(): readonly Fault[];
  /** The tables as the meta API shows them. */
  schema(): readonly JsonObject[];
  addField(table: string, field: FieldInput): string;
  renameField(table: string, field: string, name: string): void;
  destroyField(table: string, field: string): void;
  /** Another token; by default of a new user with every scope. */
  addToken(user: string, scopes?: readonly Scope[]): string;
  /** Moves the sandbox's clock ahead. */
  advanceClock(ms: number): void;
  /** Gives every webhook the error payload after which it is dead. */
  breakWebhooks(code: "INVALID_FILTERS" | "INVALID_HOOK" | "INTERNAL_ERROR"): void;
  /** All offsets of lists under way die. */
  forgetOffsets(): void;
  /** Whether the month's calls are used up. */
  setBillingLimit(reached: boolean): void;
  /** Requests so far, those refused by a limit, and those made during a penalty. */
  counts(): Limiter["counts"];
  snapshot(): Snapshot;
  restore(snapshot: Snapshot): void;
  /** Writes the state to the sandbox's file. */
  save(): void;
};

export type AdminDeps = {
  world(): World;
  readonly faults: FaultBoard;
  readonly limiter: Limiter;
  advanceClock(ms: number): void;
  setBillingLimit(reached: boolean): void;
  restore(snapshot: Snapshot): void;
  save(): void;
};

/** The admin functions of a sandbox, acting on the world as it is at each call. */
export function makeAdmin({
  world,
  faults,
  limiter,
  advanceClock,
  setBillingLimit,
  restore,
  save,
}: AdminDeps): AirtableAdmin {
  const tableOf = (key: string): TableState => {
    const table = tableNamed(world().base, key);
    if (!table) throw new Error(`no table ${key}`);
    return table;
  };

  const actor = (name: string): Actor => {
    const { users, ids } = world().base;
    const known = [...users.values()].find((user) => [user.id, user.email, user.name].includes(name));
    const user = known ?? {
      id: ids.next("usr"),
      email: `${name.toLowerCase().replace(/\W+/g, ".")}@example.com`,
      name,
    };
    users.set(user.id, user);
    return { source: "client", user };
  };

  return {
    seed(key, records) {
      const { base, context, records: calls } = world();
      const table = tableOf(key);
      const by = [...base.users.keys()][0]!;
      const at = context.now();
      const rows = records.map((fields) => ({
        id: base.ids.next("rec"),
        createdAt: at,
        createdBy: by,
        autoNumber: table.nextAutoNumber++,
        modifiedAt: at,
        modifiedBy: by,
        cells: calls.parse(table, fields),
        cellModifiedAt: {},
      }));
      insertRows(base, table, rows);
      return rows.map((row) => row.id);
    },
    create: (user, key, fields) => String(world().records.create(tableOf(key), actor(user), { fields })["id"]),
    edit(user, key, id, fields) {
      world().records.updateOne(tableOf(key), actor(user), id, { fields }, { replace: false });
    },
    remove(user, key, id) {
      world().records.removeOne(tableOf(key), actor(user), id);
    },
    records(key) {
      const table = tableOf(key);
      return table.order.map((id) => {
        const shown = showRow(world().context, table, table.rows.get(id)!, { byFieldId: false });
        return { id, fields: shown["fields"] as JsonObject };
      });
    },
    audit: (afterSeq) => world().audit.list(afterSeq),
    setFaults: (list) => faults.set(list),
    faults: () => faults.list(),
    schema: () => schemas(world().base).map((table) => showTable(table, false)),
    addField(key, input) {
      const { base, context, published } = world();
      const table = tableOf(key);
      const field = makeField(input, schemas(base), base.ids);
      if (typeof field === "string") throw new Error(field);
      table.schema.fields.push(field);
      addInverse(table.schema, field, schemas(base), base.ids);
      const by = actor("Owner");
      const transaction = commitSchema(base, by, context.now(), table, (changes) => changes.createdFields.push(field));
      if (transaction) published(transaction);
      return field.id;
    },
    renameField(key, fieldKey, name) {
      const { base, context, published } = world();
      const table = tableOf(key);
      const field = knownField(table, fieldKey);
      const transaction = renameField(base, actor("Owner"), context.now(), table, field, { name });
      if (transaction) published(transaction);
    },
    destroyField(key, fieldKey) {
      const { base, context, published } = world();
      const table = tableOf(key);
      const field = knownField(table, fieldKey);
      destroyField(table, field);
      const by = actor("Owner");
      const transaction = commitSchema(base, by, context.now(), table, (changes) =>
        changes.destroyedFields.push(field),
      );
      if (transaction) published(transaction);
    },
    addToken(name, scopes = allScopes) {
      const { tokens, base } = world();
      const token = `${base.ids.next("pat")}.sandbox`;
      tokens.push({ token, user: actor(name).user, scopes });
      return token;
    },
    advanceClock,
    breakWebhooks: (code) => world().webhooks.breakHooks(code),
    forgetOffsets: () => world().lister.forgetIterators(),
    setBillingLimit,
    counts: () => limiter.counts,
    snapshot: () => world().snapshot(),
    restore,
    save,
  };
}
