import type { CellName, RecordId } from "../../model/record.ts";
import { type SyncError, SyncFailure } from "../../model/sync-error.ts";
import { type RawValue, sameRaw } from "../../model/value.ts";
import type { Clock } from "../../ports/clock.ts";
import type { WriteRequest, WriteResult } from "../../ports/connector.ts";
import { contactText, dealStatus, dealValue, listStatus } from "./cell.ts";
import { type Client, RefusedCall } from "./client.ts";
import { type Json, objectOf, textOf } from "./json.ts";
import type { Looked, Reader } from "./read.ts";
import { cellsOf, createKeyOf, customValueOf, type Held, upsertOf } from "./records.ts";
import { type Bound, type Field, isMany, type Name } from "./schema.ts";

export type WriteDeps = {
  readonly system: string;
  readonly client: Client;
  readonly reader: Reader;
  readonly clock: Clock;
};

type Update = WriteRequest & { readonly kind: "update" };
type Create = WriteRequest & { readonly kind: "create" };
type Delete = WriteRequest & { readonly kind: "delete" };
type Cells = Readonly<Record<CellName, RawValue>>;
type Results = Map<WriteRequest, WriteResult>;

const singular: Readonly<Record<Name, string>> = { contacts: "contact", accounts: "account", deals: "deal" };

/**
 * Writes records one by one, as the vendor takes them, between two readings of all of them: just before, to see that they still hold what was
 * expected, and after, to tell what they hold now.
 */
export async function writeRecords(
  deps: WriteDeps,
  bound: Bound,
  requests: readonly WriteRequest[],
): Promise<readonly WriteResult[]> {
  const results: Results = new Map();
  const written = new Map<WriteRequest, { readonly id: RecordId; readonly created: boolean }>();
  const changes = requests.filter((one): one is Update | Delete => one.kind !== "create");
  const held = await deps.reader.look(
    bound,
    changes.map((one) => one.id),
  );
  await Promise.all([
    ...changes.map(async (request, i) => {
      const outcome = await change(deps, bound, request, held[i] ?? null);
      if (outcome === "sent") written.set(request, { id: request.id, created: false });
      else results.set(request, outcome);
    }),
    ...requests
      .filter((one): one is Create => one.kind === "create")
      .map(async (request) => {
        const outcome = await orFailed(create(deps, bound, request));
        if ("kind" in outcome) results.set(request, outcome);
        else written.set(request, outcome);
      }),
  ]);
  await readBack(deps, bound, written, results);
  return requests.map((one) => results.get(one) ?? failed({ code: "UNKNOWN_OUTCOME", message: "no result" }));
}

function failed(error: SyncError): WriteResult {
  return { kind: "failed", error };
}

async function orFailed<Result>(work: Promise<Result>): Promise<Result | WriteResult> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof SyncFailure) return failed(error.error);
    throw error;
  }
}

async function readBack(
  { reader, clock }: WriteDeps,
  bound: Bound,
  written: ReadonlyMap<WriteRequest, { readonly id: RecordId; readonly created: boolean }>,
  results: Results,
): Promise<void> {
  const entries = [...written];
  const after = await reader.look(
    bound,
    entries.map(([, { id }]) => id),
  );
  for (const [i, [request, { id, created }]] of entries.entries()) {
    const now = after[i] ?? null;
    if (now === null || now instanceof SyncFailure) {
      const why = now?.message ?? "it is not there any more";
      results.set(request, failed({ code: "UNKNOWN_OUTCOME", message: `reading back ${bound.name} ${id}: ${why}` }));
      continue;
    }
    const cells = cellsOf(bound, now);
    const complete = bound.object.cells.every(({ cell }) => Object.hasOwn(cells, cell));
    results.set(request, {
      kind: "written",
      id,
      cells,
      complete,
      revision: null,
      observedAt: clock.now(),
      covered: {},
      created,
    });
  }
}

async function change(
  deps: WriteDeps,
  bound: Bound,
  request: Update | Delete,
  held: Looked,
): Promise<WriteResult | "sent"> {
  const { client, clock } = deps;
  if (held instanceof SyncFailure) return failed(held.error);
  if (held === null) return request.kind === "delete" ? gone(request.id, clock) : { kind: "missing" };
  const cells = cellsOf(bound, held);
  const expected = Object.keys(request.base).filter(
    (cell) => request.kind === "delete" || Object.hasOwn(request.patch, cell),
  );
  if (expected.some((cell) => cell in cells && !sameRaw(cells[cell], request.base[cell])))
    return { kind: "changed", observation: upsertOf(deps.system, bound, held) };
  const path = `${bound.name}/${encodeURIComponent(request.id)}`;
  const what = `${request.kind === "delete" ? "deleting" : "changing"} ${singular[bound.name]} ${request.id}`;
  const work = async (): Promise<WriteResult | "sent"> => {
    if (request.kind === "delete") {
      await orGone(client.call({ method: "DELETE", path, effect: "write", what }));
      return gone(request.id, clock);
    }
    const parts = partsOf(bound, request.patch, held);
    if (Object.keys(parts.body).length > 0) {
      const body = { [singular[bound.name]]: parts.body };
      const answer = await orGone(client.call({ method: "PUT", path, body, effect: "write", what }));
      if (answer === null) return { kind: "missing" };
    }
    await putBeside(deps, request.id, parts, held, what);
    return "sent";
  };
  let refused: unknown = null;
  const outcome = await orFailed(
    work().catch((error: unknown) => {
      refused = error;
      throw error;
    }),
  );
  if (outcome === "sent" || outcome.kind !== "failed" || request.kind === "delete") return outcome;
  const error = named(bound, request.patch, outcome.error);
  const takenBy = isTaken(refused) ? await ownerOf(deps, bound, request) : null;
  return failed(takenBy === null || error.code !== "REJECTED" ? error : { ...error, takenBy });
}

/** Another record has what is unique there. */
function isTaken(error: unknown): boolean {
  return error instanceof RefusedCall && error.refusal.codes.includes("duplicate");
}

/** The record that has the e-mail or name that an update wanted; `null` where that can't be told now. */
async function ownerOf(deps: WriteDeps, bound: Bound, { attemptId, patch }: Update): Promise<RecordId | null> {
  const asCreate = { kind: "create", attemptId, key: "", patch, identity: [], lookFirst: false } as const;
  const found = await orFailed(findMade(deps, bound, asCreate));
  return found !== null && "id" in found ? found.id : null;
}

function gone(id: RecordId, clock: Clock): WriteResult {
  return {
    kind: "written",
    id,
    cells: {},
    complete: false,
    revision: null,
    observedAt: clock.now(),
    covered: {},
    created: false,
  };
}

async function orGone(call: Promise<Json>): Promise<Json | null> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof RefusedCall && error.status === 404) return null;
    throw error;
  }
}

/** A patch in the parts that the API takes by different calls. */
type Parts = {
  readonly body: Json;
  /** Ids of values to take away: of a contact's, an empty text may not do it. */
  readonly cleared: readonly RecordId[];
  readonly tags: readonly string[] | null;
  readonly lists: readonly { readonly list: string; readonly status: "1" | "2" }[];
};

function partsOf(bound: Bound, patch: Cells, held: Held | null): Parts {
  const body: Record<string, unknown> = {};
  const values: unknown[] = [];
  const cleared: RecordId[] = [];
  const lists: { list: string; status: "1" | "2" }[] = [];
  let tags: readonly string[] | null = null;
  for (const [cell, raw] of Object.entries(patch)) {
    const field = fieldOf(bound, cell);
    const { source } = field;
    if (source.kind === "own") Object.assign(body, ownPart(bound.name, cell, source.name, raw));
    else if (source.kind === "tags") tags = Array.isArray(raw) ? raw.map(String) : [];
    else if (source.kind === "list") lists.push({ list: source.id, status: listStatus(cell, raw) });
    else {
      const known = held === null ? undefined : textOf(customValueOf(held, source.id)?.["id"]);
      if (bound.name === "contacts" && raw === null && known != null) cleared.push(known);
      else values.push(valuePart(bound.name, source.id, source.type, raw));
    }
  }
  if (values.length > 0) body[bound.name === "contacts" ? "fieldValues" : "fields"] = values;
  return { body, cleared, tags, lists };
}

function fieldOf({ object, fields, name }: Bound, cell: CellName): Field {
  const field = fields[object.cells.findIndex((one) => one.cell === cell)];
  if (field === undefined) throw new SyncFailure({ code: "SCHEMA", message: `${name} have no mapped field ${cell}` });
  return field;
}

function ownPart(name: Name, cell: CellName, own: string, raw: RawValue): Json {
  if (name === "deals" && own === "value") return dealValue(cell, raw);
  if (name === "deals" && own === "status") return { status: dealStatus(cell, raw) };
  return { [own]: raw === null ? "" : String(raw) };
}

function valuePart(name: Name, id: string, type: string, raw: RawValue): Json {
  if (name === "contacts") return { field: id, value: contactText(raw) };
  const isSeveral = isMany(type);
  return { customFieldId: Number(id), fieldValue: raw === null ? (isSeveral ? [] : "") : raw };
}

async function putBeside(
  { client, reader }: WriteDeps,
  contact: RecordId,
  { cleared, tags, lists }: Parts,
  held: Held | null,
  what: string,
): Promise<void> {
  for (const id of cleared)
    await orGone(client.call({ method: "DELETE", path: `fieldValues/${id}`, effect: "write", what }));
  const present = held?.tags ?? [];
  for (const { link, name } of tags === null ? [] : present)
    if (tags?.includes(name) === false)
      await orGone(client.call({ method: "DELETE", path: `contactTags/${link}`, effect: "write", what }));
  for (const name of tags ?? []) {
    if (present.some((one) => one.name === name)) continue;
    const body = { contactTag: { contact, tag: await reader.tagId(name) } };
    await client.call({ method: "POST", path: "contactTags", body, effect: "write", what });
  }
  for (const { list, status } of lists) {
    const body = { contactList: { contact, list, status } };
    await client.call({ method: "POST", path: "contactLists", body, effect: "write", what });
  }
}

/** A refusal names what it minds by the API's words: by the cells that are mapped to them. Of a custom value it names none. */
function named({ object, fields }: Bound, patch: Cells, error: SyncError): SyncError {
  if (error.code !== "REJECTED") return error;
  const given = Object.keys(patch);
  const cells = Object.entries(error.cells).flatMap(([word, message]): [CellName, string][] => {
    if (given.includes(word)) return [[word, message]];
    const cell = object.cells.find((_, i) => {
      const source = fields[i]?.source;
      return source?.kind === "own" && (source.name === word || (source.name === "value" && word === "currency"));
    })?.cell;
    return cell !== undefined && given.includes(cell) ? [[cell, message]] : [];
  });
  return { ...error, cells: Object.fromEntries(cells) };
}

type Made = { readonly id: RecordId; readonly created: boolean };

async function create(deps: WriteDeps, bound: Bound, request: Create): Promise<Made | WriteResult> {
  const { client } = deps;
  const { name, keyField } = bound;
  if (keyField === null)
    throw new SyncFailure({
      code: "SCHEMA",
      message: `${name} have no field for Truce's create key: run truce check --prepare`,
    });
  const known = request.lookFirst ? await findMade(deps, bound, request) : null;
  if (known !== null) return known;
  const parts = partsOf(bound, request.patch, null);
  const listName = name === "contacts" ? "fieldValues" : "fields";
  const values = [
    ...((parts.body[listName] as unknown[] | undefined) ?? []),
    valuePart(name, keyField, "text", request.key),
  ];
  const body = { [singular[name]]: { ...parts.body, [listName]: values } };
  const what = `making a ${singular[name]}`;
  try {
    const answer = await client.call({ method: "POST", path: name, body, effect: "write", what });
    const id = textOf(objectOf(answer[singular[name]])?.["id"]);
    if (id === null) throw new SyncFailure({ code: "UNKNOWN_OUTCOME", message: `${what}: the answer has no id` });
    await putBeside(deps, id, parts, null, what);
    return { id, created: true };
  } catch (error) {
    const other = isTaken(error) ? await findMade(deps, bound, request) : null;
    if (other !== null) return other;
    throw error instanceof SyncFailure ? new SyncFailure(named(bound, request.patch, error.error)) : error;
  }
}

/**
 * The record that an earlier try made, or another one that has what is unique: a contact's e-mail, an account's name. A deal has nothing unique; it is
 * known by its title and Truce's key, among all of them, newest first.
 */
async function findMade(deps: WriteDeps, bound: Bound, request: Create): Promise<Made | WriteResult | null> {
  const { name } = bound;
  const judge = (held: Held): Made | WriteResult =>
    createKeyOf(bound, held) === request.key ? { id: held.id, created: false } : { kind: "exists", id: held.id };
  if (name === "contacts") {
    const email = textOf(own(bound, request.patch, "email"));
    if (email === null) return null;
    const query = `email=${encodeURIComponent(email)}`;
    const all = await deps.reader.contactsBy(bound, query, "looking for a contact");
    const match = all.find((one) => textOf(one.record["email"])?.toLowerCase() === email.toLowerCase());
    if (match !== undefined) return judge(match);
    return request.lookFirst ? findNewest(deps, bound, request.key) : null;
  }
  const cell = name === "accounts" ? "name" : "title";
  const wanted = textOf(own(bound, request.patch, cell));
  const isAlike = (record: Json) => textOf(record[cell])?.trim().toLowerCase() === wanted?.trim().toLowerCase();
  const query = name === "accounts" ? "orders[id]=DESC" : "orders[cdate]=DESC";
  for (let place: { after: string } | null = null; ; ) {
    const page: Awaited<ReturnType<Reader["page"]>> = await deps.reader.page(bound, {
      place,
      query,
      withKey: true,
      wanted: isAlike,
    });
    const mine = page.held.find((one) => createKeyOf(bound, one) === request.key);
    if (mine !== undefined) return { id: mine.id, created: false };
    const [other] = name === "accounts" ? page.held : [];
    if (other !== undefined) return judge(other);
    if (page.next === null) return null;
    place = page.next;
  }
}

const newestMax = 300;

/** A contact that was made a moment ago, and whose e-mail was changed since. */
async function findNewest({ reader }: WriteDeps, bound: Bound, key: string): Promise<Made | null> {
  for (let offset = 0; offset < newestMax; offset += 100) {
    const query = `orders[id]=DESC&offset=${offset}`;
    const all = await reader.contactsBy(bound, query, "looking for a contact by its key");
    const mine = all.find((one) => createKeyOf(bound, one) === key);
    if (mine !== undefined) return { id: mine.id, created: false };
    if (all.length < 100) return null;
  }
  return null;
}

function own({ object, fields }: Bound, patch: Cells, name: string): RawValue {
  const cell = object.cells.find((_, i) => {
    const source = fields[i]?.source;
    return source?.kind === "own" && source.name === name;
  });
  return cell === undefined ? null : (patch[cell.cell] ?? null);
}
