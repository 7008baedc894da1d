import { randomBytes } from "node:crypto";
import { type Base, type Row, schemas, type TableChanges, type Transaction, type User } from "./base.ts";
import { asList, asObject, type Json, type JsonObject, sameJson } from "./json.ts";
import { badRequest, notFound, refuse } from "./refusal.ts";
import { type RenderContext, showWebhookCell, wholeSecond } from "./render.ts";
import { type Field, findTable, isComputed, showField } from "./schema.ts";

/** One webhook with the payloads it has collected. Plain data, so that it can be saved. */
export type Hook = {
  readonly id: string;
  readonly macSecretBase64: string;
  readonly notificationUrl: string | null;
  readonly specification: JsonObject;
  areNotificationsEnabled: boolean;
  isHookEnabled: boolean;
  expiresAt: number;
  nextCursor: number;
  payloads: { readonly cursor: number; readonly at: number; readonly payload: JsonObject }[];
  lastSuccessfulNotificationAt: number | null;
  lastNotificationResult: JsonObject | null;
};

export type WebhookCalls = {
  create(body: JsonObject): JsonObject;
  list(): JsonObject;
  payloads(hookId: string, params: JsonObject): JsonObject;
  refresh(hookId: string): JsonObject;
  enableNotifications(hookId: string, body: JsonObject): JsonObject;
  remove(hookId: string): JsonObject;
  /** Tells every hook of a transaction. */
  publish(transaction: Transaction): void;
  /** Gives a hook the error payload after which it is dead; all hooks where no id is given. */
  breakHooks(code: "INVALID_FILTERS" | "INVALID_HOOK" | "INTERNAL_ERROR", hookId?: string): void;
};

export type WebhookDeps = {
  readonly context: RenderContext;
  readonly hooks: Hook[];
  /** Called when a hook has news to ping about. */
  news(hook: Hook): void;
};

const lifeMs = 7 * 86_400_000;
const hooksMax = 10;
const payloadPageMax = 50;
const changeTypes = ["add", "remove", "update"];
const sources = [
  "client",
  "publicApi",
  "formSubmission",
  "formPageSubmission",
  "automation",
  "system",
  "sync",
  "anonymousUser",
  "unknown",
];

/** The webhook calls of one base, and the making of payloads. */
export function makeWebhookCalls({ context, hooks, news }: WebhookDeps): WebhookCalls {
  const { base, now } = context;

  const find = (id: string): Hook => {
    const hook = hooks.find((candidate) => candidate.id === id);
    if (!hook) throw notFound();
    return hook;
  };
  const isAlive = (hook: Hook): boolean => hook.isHookEnabled && hook.expiresAt > now();
  const extend = (hook: Hook): void => {
    if (isAlive(hook)) hook.expiresAt = now() + lifeMs;
  };
  const add = (hook: Hook, payload: JsonObject): void => {
    dropOld(hook, now());
    hook.payloads.push({ cursor: hook.nextCursor++, at: now(), payload });
    news(hook);
  };
  const kill = (hook: Hook, code: string): void => {
    add(hook, {
      timestamp: new Date(now()).toISOString(),
      baseTransactionNumber: base.transactionNumber,
      payloadFormat: "v0",
      error: true,
      code,
    });
    hook.isHookEnabled = false;
  };

  return {
    create(body) {
      const specification = readSpecification(base, body);
      const url = body["notificationUrl"] ?? null;
      if (url !== null && (typeof url !== "string" || !URL.canParse(url))) throw badRequest();
      if (hooks.length >= hooksMax) {
        throw refuse(422, "TOO_MANY_WEBHOOKS_IN_BASE", "You have reached the limit of 10 webhooks for this base");
      }
      const hook: Hook = {
        id: base.ids.next("ach"),
        macSecretBase64: randomBytes(32).toString("base64"),
        notificationUrl: url,
        specification,
        areNotificationsEnabled: true,
        isHookEnabled: true,
        expiresAt: now() + lifeMs,
        nextCursor: 1,
        payloads: [],
        lastSuccessfulNotificationAt: null,
        lastNotificationResult: null,
      };
      hooks.push(hook);
      return { id: hook.id, macSecretBase64: hook.macSecretBase64, expirationTime: iso(hook.expiresAt) };
    },

    list: () => ({ webhooks: hooks.map((hook) => showHook(hook, isAlive(hook))) }),

    payloads(hookId, params) {
      const hook = find(hookId);
      const cursor = Number(params["cursor"] ?? 1);
      const limit = Number(params["limit"] ?? payloadPageMax);
      if (!Number.isInteger(cursor) || cursor < 1 || !Number.isInteger(limit) || limit < 1 || limit > payloadPageMax) {
        throw badRequest();
      }
      extend(hook);
      dropOld(hook, now());
      const start = Math.max(0, cursor - (hook.payloads[0]?.cursor ?? hook.nextCursor));
      const page = hook.payloads.slice(start, start + limit);
      return {
        payloads: page.map((entry) => entry.payload),
        cursor: (page.at(-1)?.cursor ?? hook.nextCursor - 1) + 1,
        mightHaveMore: start + page.length < hook.payloads.length,
        payloadFormat: "v0",
      };
    },

    refresh(hookId) {
      const hook = find(hookId);
      if (!isAlive(hook)) throw refuse(422, "INVALID_HOOK", "The webhook is disabled or has expired");
      extend(hook);
      return { expirationTime: iso(hook.expiresAt) };
    },

    enableNotifications(hookId, body) {
      const hook = find(hookId);
      if (typeof body["enable"] !== "boolean") throw badRequest();
      hook.areNotificationsEnabled = body["enable"];
      return {};
    },

    remove(hookId) {
      hooks.splice(hooks.indexOf(find(hookId)), 1);
      return {};
    },

    publish(transaction) {
      for (const hook of hooks) {
        if (!isAlive(hook)) continue;
        if (watchesDestroyedField(hook, transaction)) {
          kill(hook, "INVALID_FILTERS");
          continue;
        }
        const payload = payloadFor(context, hook, transaction);
        if (payload) add(hook, payload);
      }
    },

    breakHooks(code, hookId) {
      for (const hook of hooks) if (hookId === undefined || hook.id === hookId) kill(hook, code);
    },
  };
}

/** Payloads are kept for seven days. */
function dropOld(hook: Hook, now: number): void {
  const kept = hook.payloads.findIndex((entry) => entry.at > now - lifeMs);
  hook.payloads.splice(0, kept < 0 ? hook.payloads.length : kept);
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function showHook(hook: Hook, isHookEnabled: boolean): JsonObject {
  return {
    id: hook.id,
    specification: hook.specification,
    notificationUrl: hook.notificationUrl,
    cursorForNextPayload: hook.nextCursor,
    lastNotificationResult: hook.lastNotificationResult,
    areNotificationsEnabled: hook.areNotificationsEnabled,
    lastSuccessfulNotificationTime:
      hook.lastSuccessfulNotificationAt === null ? null : iso(hook.lastSuccessfulNotificationAt),
    isHookEnabled,
    expirationTime: iso(hook.expiresAt),
  };
}

type Filters = {
  readonly dataTypes: readonly string[];
  readonly scope: string | undefined;
  readonly changeTypes: readonly string[];
  readonly fromSources: readonly string[] | undefined;
  readonly watched: readonly string[] | undefined;
  readonly watchedSchemas: readonly string[] | undefined;
  readonly included: "all" | readonly string[];
  readonly previous: boolean;
  readonly previousDefinitions: boolean;
};

function filtersOf(specification: JsonObject): Filters {
  const options = asObject(specification["options"]) ?? {};
  const filters = asObject(options["filters"]) ?? {};
  const includes = asObject(options["includes"]) ?? {};
  const strings = (value: Json | undefined): readonly string[] | undefined => asList(value)?.map(String);
  const scope = filters["recordChangeScope"];
  return {
    dataTypes: strings(filters["dataTypes"]) ?? [],
    scope: typeof scope === "string" ? scope : undefined,
    changeTypes: strings(filters["changeTypes"]) ?? changeTypes,
    fromSources: strings(filters["fromSources"]),
    watched: strings(filters["watchDataInFieldIds"]),
    watchedSchemas: strings(filters["watchSchemasOfFieldIds"]),
    included:
      includes["includeCellValuesInFieldIds"] === "all"
        ? "all"
        : (strings(includes["includeCellValuesInFieldIds"]) ?? []),
    previous: includes["includePreviousCellValues"] === true,
    previousDefinitions: includes["includePreviousFieldDefinitions"] === true,
  };
}

function readSpecification(base: Base, body: JsonObject): JsonObject {
  const specification = asObject(body["specification"]);
  const options = asObject(specification?.["options"]);
  if (!specification || !asObject(options?.["filters"])) throw badRequest();
  const filters = filtersOf(specification);
  const fieldIds = new Set(schemas(base).flatMap((table) => table.fields.map((field) => field.id)));
  const named = [...(filters.watched ?? []), ...(filters.watchedSchemas ?? [])];
  const isGood =
    filters.dataTypes.length > 0 &&
    filters.dataTypes.every((type) => ["tableData", "tableFields", "tableMetadata"].includes(type)) &&
    filters.changeTypes.every((type) => changeTypes.includes(type)) &&
    (filters.fromSources ?? []).every((source) => sources.includes(source)) &&
    (filters.scope === undefined || findTable(schemas(base), filters.scope)?.id === filters.scope) &&
    named.every((id) => fieldIds.has(id)) &&
    (filters.included === "all" || filters.included.every((id) => fieldIds.has(id)));
  if (!isGood) throw badRequest();
  return specification;
}

function watchesDestroyedField(hook: Hook, transaction: Transaction): boolean {
  const filters = filtersOf(hook.specification);
  const watched = [...(filters.watched ?? []), ...(filters.watchedSchemas ?? [])];
  return [...transaction.tables.values()].some((changes) =>
    changes.destroyedFields.some((field) => watched.includes(field.id)),
  );
}

function payloadFor(context: RenderContext, hook: Hook, transaction: Transaction): JsonObject | null {
  const filters = filtersOf(hook.specification);
  const { source, user } = transaction.actor;
  if (filters.fromSources && !filters.fromSources.includes(source)) return null;
  const tables: Record<string, JsonObject> = {};
  for (const [tableId, changes] of transaction.tables) {
    if (filters.scope !== undefined && filters.scope !== tableId) continue;
    const shown = { ...dataChanges(context, filters, changes), ...fieldChanges(filters, changes) };
    if (Object.keys(shown).length > 0) tables[tableId] = shown;
  }
  if (Object.keys(tables).length === 0) return null;
  return {
    timestamp: iso(transaction.at),
    baseTransactionNumber: transaction.number,
    actionMetadata: { source, sourceMetadata: { user: showActor(user) } },
    payloadFormat: "v0",
    changedTablesById: tables,
  };
}

function showActor(user: User): JsonObject {
  return { id: user.id, email: user.email, permissionLevel: "create", name: user.name };
}

function dataChanges(context: RenderContext, filters: Filters, changes: TableChanges): JsonObject {
  if (!filters.dataTypes.includes("tableData")) return {};
  const { table } = changes;
  const shown: Record<string, Json> = {};
  const fields = table.schema.fields;
  const watchedFields = filters.watched ? fields.filter((field) => filters.watched?.includes(field.id)) : fields;

  if (filters.changeTypes.includes("add") && changes.created.size > 0) {
    shown["createdRecordsById"] = Object.fromEntries(
      [...changes.created].map((id) => {
        const row = table.rows.get(id)!;
        const filled = fields.filter((field) => showWebhookCell(context, table, row, field) !== null);
        return [
          id,
          { createdTime: wholeSecond(row.createdAt), cellValuesByFieldId: cellsOf(context, changes, row, filled) },
        ];
      }),
    );
  }
  if (filters.changeTypes.includes("update")) {
    const entries = [...changes.changed].flatMap(([id, before]) => {
      const entry = changedRecord(context, filters, changes, watchedFields, before, table.rows.get(id)!);
      return entry ? [[id, entry] as const] : [];
    });
    if (entries.length > 0) shown["changedRecordsById"] = Object.fromEntries(entries);
  }
  if (filters.changeTypes.includes("remove") && changes.destroyed.size > 0) {
    shown["destroyedRecordIds"] = [...changes.destroyed.keys()];
  }
  return shown;
}

function changedRecord(
  context: RenderContext,
  filters: Filters,
  changes: TableChanges,
  watchedFields: readonly Field[],
  before: Row,
  after: Row,
): JsonObject | null {
  const { table } = changes;
  const differs = (field: Field): boolean =>
    isComputed(field)
      ? !sameJson(showWebhookCell(context, table, before, field), showWebhookCell(context, table, after, field))
      : before.cells[field.id] !== after.cells[field.id];
  const changed = watchedFields.filter(differs);
  if (changed.length === 0) return null;
  const unchanged = table.schema.fields.filter(
    (field) => (filters.included === "all" || filters.included.includes(field.id)) && !changed.includes(field),
  );
  return {
    current: { cellValuesByFieldId: cellsOf(context, changes, after, changed) },
    ...(filters.previous ? { previous: { cellValuesByFieldId: cellsOf(context, changes, before, changed) } } : {}),
    ...(unchanged.length > 0
      ? { unchanged: { cellValuesByFieldId: cellsOf(context, changes, after, unchanged) } }
      : {}),
  };
}

function cellsOf(context: RenderContext, changes: TableChanges, row: Row, fields: readonly Field[]): JsonObject {
  return Object.fromEntries(fields.map((field) => [field.id, showWebhookCell(context, changes.table, row, field)]));
}

function fieldChanges(filters: Filters, changes: TableChanges): JsonObject {
  if (!filters.dataTypes.includes("tableFields")) return {};
  const shown: Record<string, Json> = {};
  const isWatched = (field: Field): boolean => !filters.watchedSchemas || filters.watchedSchemas.includes(field.id);
  if (changes.createdFields.length > 0) {
    shown["createdFieldsById"] = Object.fromEntries(
      changes.createdFields.map((field) => [field.id, { name: field.name, type: showField(field)["type"]! }]),
    );
  }
  const changedFields = changes.changedFields.filter(({ field }) => isWatched(field));
  if (changedFields.length > 0) {
    shown["changedFieldsById"] = Object.fromEntries(
      changedFields.map(({ field, current, previous }) => [
        field.id,
        filters.previousDefinitions ? { current, previous } : { current },
      ]),
    );
  }
  if (changes.destroyedFields.length > 0) shown["destroyedFieldIds"] = changes.destroyedFields.map((field) => field.id);
  return shown;
}
