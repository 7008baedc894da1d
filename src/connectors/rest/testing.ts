import { createFaultBoard } from "../../../sandbox/core/fault.ts";
import { createRandom } from "../../../sandbox/core/random.ts";
import { serve } from "../../../sandbox/core/serve.ts";
import { createRestSandbox, type RestSandbox } from "../../../sandbox/rest/sandbox.ts";
import type { StyleName } from "../../../sandbox/rest/style.ts";
import type { ObjectInput } from "../../../sandbox/rest/world.ts";
import { machineClock } from "../../clock/machine.ts";
import type { FieldType } from "../../model/field-type.ts";
import type { Connector, MappedCell, MappedObject } from "../../ports/connector.ts";
import { createRestConnector } from "./connector.ts";
import type { ObjectSettings, RestOptions } from "./options.ts";

const contacts: ObjectInput = {
  fields: {
    name: "text",
    notes: "text",
    email: "email",
    score: "number",
    active: "boolean",
    born: "date",
    nextCall: "datetime",
    stage: "text",
    tags: "list",
    truceId: "text",
  },
  unique: ["email", "truceId"],
  options: { stage: ["lead", "won"] },
};

const types: Readonly<Record<string, FieldType>> = {
  email: { kind: "email" },
  score: { kind: "number" },
  active: { kind: "boolean" },
  born: { kind: "date" },
  nextCall: { kind: "datetime" },
  stage: { kind: "choice", options: ["lead", "won"] },
  tags: { kind: "set" },
};

/** What the config says of `contacts` in every style. */
const common: ObjectSettings = {
  fields: {
    id: { type: "number", readOnly: true },
    name: { type: "text" },
    notes: { type: "text" },
    email: { type: "email", unique: true },
    score: { type: "number" },
    active: { type: "boolean" },
    born: { type: "date" },
    nextCall: { type: "datetime" },
    stage: { type: "text" },
    tags: { type: "list" },
    updatedAt: { type: "datetime", readOnly: true },
  },
  absent: "blank",
  key: "truceId",
  keyUnique: true,
  lookup: { truceId: "truceId={value}", email: "email={value}" },
};

const since = { type: "since", query: { updated_since: "{since}" } } as const;
const enveloped = { items: "data", total: "meta.total" } as const;

/** How each style of the sandbox is spoken with. */
export const shapes: Readonly<Record<StyleName, ObjectSettings>> = {
  "page-put": {
    ...common,
    modifiedAt: "updatedAt",
    list: { ...enveloped, paging: { type: "page", sizeParam: "limit", size: 5 } },
    read: { record: "data" },
    update: { method: "PUT", clear: "omit" },
    changes: since,
  },
  "cursor-patch-etag": {
    ...common,
    modifiedAt: "updatedAt",
    version: "etag",
    list: { ...enveloped, paging: { type: "cursor", param: "cursor", next: "meta.next" } },
    read: { record: "data" },
    changes: since,
  },
  "offset-soft-delete": {
    ...common,
    modifiedAt: "updatedAt",
    deleted: { field: "deletedAt" },
    list: { paging: { type: "offset", sizeParam: "limit", size: 50 } },
    changes: { ...since, query: { updated_since: "{since}", with_deleted: "true" } },
  },
  "link-patch": { ...common, list: { paging: { type: "link" } }, changes: { type: "list" } },
  couch: {
    ...common,
    id: "_id",
    version: { field: "_rev", in: "body" },
    keyUnique: false,
    list: {
      path: "/contacts/_all_docs",
      query: { include_docs: true },
      items: "rows",
      record: "doc",
      paging: { type: "after", param: "startkey", value: "{json}", query: { skip: 1 }, sizeParam: "limit", size: 8 },
    },
    lookup: {},
    read: { many: "keys={json}" },
    create: { method: "PUT", path: "/contacts/{key}" },
    update: { method: "PUT", clear: "omit" },
    delete: { query: { rev: "{version}" } },
    changes: {
      type: "token",
      path: "/contacts/_changes",
      query: { include_docs: true, limit: 20 },
      param: "since",
      start: "now",
      next: "last_seq",
      items: "results",
      id: "id",
      record: "doc",
      deleted: "deleted",
      more: "pending",
    },
  },
};

/** A mapped cell of contacts, written and read unless said otherwise. */
export function cell(name: string, rest: Partial<MappedCell> = {}): MappedCell {
  return { cell: name, field: name, type: types[name] ?? { kind: "text" }, direction: "both", ...rest };
}

/** Contacts with these cells mapped. */
export function mapped(...names: readonly string[]): MappedObject {
  return { object: "contacts", create: true, cells: names.map((name) => cell(name)) };
}

export const allCells = ["name", "notes", "email", "score", "active", "born", "nextCall", "stage", "tags"];

export type Setting = { readonly sandbox: RestSandbox; readonly connector: Connector };

/** A sandbox of a style and a connector to it. */
export async function setUp(
  style: StyleName,
  shape: ObjectSettings = {},
  options: Partial<RestOptions> = {},
): Promise<Setting> {
  const sandbox = await createRestSandbox({ objects: { contacts }, style });
  return { sandbox, connector: connectTo(sandbox, { ...shapes[style], ...shape }, options) };
}

/** A connector to a sandbox, as after a restart. */
export function connectTo(sandbox: RestSandbox, shape: ObjectSettings, options: Partial<RestOptions> = {}): Connector {
  return createRestConnector(
    {
      system: "tool",
      clock: machineClock,
      url: sandbox.url,
      auth: { type: "bearer", token: sandbox.token },
      timeoutMs: 1_000,
      objects: { contacts: shape },
      ...options,
    },
    [mapped(...allCells)],
  );
}

export type Asked = {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};
export type Answered = {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
};

/** A small tool of one's own on 127.0.0.1, with a note of what it was asked; gone after the test. */
export async function toolThat(
  answer: (asked: Asked) => Answered,
  onEnd: (close: () => Promise<void>) => void,
): Promise<{ readonly url: string; readonly asked: readonly Asked[] }> {
  const asked: Asked[] = [];
  const server = await serve({
    port: 0,
    faults: createFaultBoard(createRandom(1)),
    handle: ({ method, path, query, headers, body }) => {
      asked.push({ method, path, query, headers, body: body.toString() });
      const { status = 200, headers: extra = {}, body: answered = null } = answer(asked.at(-1)!);
      return { status, headers: extra, body: answered as object | string | null };
    },
    admin: () => ({ status: 404, body: null }),
    rateLimited: () => ({ status: 429, body: null }),
    serverError: (status) => ({ status, body: null }),
  });
  onEnd(() => server.close());
  return { url: server.url, asked };
}

/** A connector to a tool at an address. */
export function connectorAt(
  url: string,
  shape: ObjectSettings,
  options: Partial<RestOptions> = {},
  cells: readonly string[] = ["name"],
): Connector {
  const settings = { system: "tool", clock: machineClock, url, timeoutMs: 1_000, objects: { contacts: shape } };
  return createRestConnector({ ...settings, ...options }, [mapped(...cells)]);
}
