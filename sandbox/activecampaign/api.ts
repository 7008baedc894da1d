import { invalid, notFound, Refusal } from "./refusal.ts";
import {
  showAccount,
  showContact,
  showCustomData,
  showDeal,
  showField,
  showFieldValue,
  showMeta,
  showOptions,
} from "./render.ts";
import {
  type Account,
  type Actor,
  accountTime,
  api,
  type Contact,
  type Deal,
  type FieldKind,
  forget as forgetValues,
  found,
  setValue,
  type World,
} from "./world.ts";

export type Call = {
  readonly method: string;
  /** After `/api/3`, each decoded. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  readonly body: Record<string, unknown>;
  readonly base: string;
};
export type Answer = { readonly status: number; readonly body: object };

/** Answers a call as API v3 does. Throws `Refusal`. */
export function answerCall(world: World, call: Call): Answer {
  const [resource = "", id, part] = call.path;
  const method = call.method === "PATCH" ? "PUT" : call.method;
  switch (`${method} ${resource}${id === undefined ? "" : "/"}${part === undefined ? "" : `/${part}`}`) {
    case "GET contacts":
      return ok(listContacts(world, call));
    case "GET contacts/":
      return ok(oneContact(world, call, id ?? ""));
    case "GET contacts//contactTags":
      return ok({ contactTags: world.state.contactTags.filter(({ contact }) => contact === id) });
    case "POST contacts":
      return { status: 201, body: { contact: makeContact(world, call, inner(call, "contact"), api) } };
    case "POST contact/":
      return id === "sync" ? syncContact(world, call) : unknown();
    case "PUT contacts/":
      return ok({ contact: changeContact(world, call, id ?? "", inner(call, "contact"), api) });
    case "DELETE contacts/":
      removeRecord(world, "contact", id ?? "", api);
      return ok({});
    case "POST import/":
      return id === "bulk_import" ? bulkImport(world, call) : unknown();
    case "GET fields":
      return ok(listFields(world, call));
    case "POST fields":
      return { status: 201, body: { field: showField(makeField(world, "contact", inner(call, "field"))) } };
    case "POST fieldRels":
      return { status: 201, body: { fieldRel: { ...inner(call, "fieldRel"), id: world.nextId() } } };
    case "DELETE fieldValues/":
      return removeValue(world, id ?? "");
    case "GET tags":
      return ok(
        page(
          call,
          "tags",
          world.state.tags.map(({ id: tagId, name }) => ({ tag: name, tagType: "contact", id: tagId })),
        ),
      );
    case "POST tags":
      return { status: 201, body: { tag: makeTag(world, text(inner(call, "tag")["tag"])) } };
    case "POST contactTags":
      return { status: 201, body: { contactTag: addTag(world, inner(call, "contactTag"), api) } };
    case "DELETE contactTags/":
      return removeTag(world, id ?? "");
    case "GET lists":
      return ok(page(call, "lists", world.state.lists));
    case "POST contactLists":
      return { status: 200, body: { contactList: setList(world, inner(call, "contactList"), api) } };
    case "GET accounts":
      return ok(
        page(
          call,
          "accounts",
          listed(world.state.accounts, call).map((one) => showAccount(call.base, one)),
        ),
      );
    case "GET accounts/":
      return ok({ account: showAccount(call.base, found(world.state.accounts, "Account", id ?? "")) });
    case "POST accounts":
      return { status: 201, body: { account: makeAccount(world, call, inner(call, "account"), api) } };
    case "PUT accounts/":
      return ok({ account: changeAccount(world, call, id ?? "", inner(call, "account"), api) });
    case "DELETE accounts/":
      removeRecord(world, "account", id ?? "", api);
      return ok({});
    case "GET deals":
      return ok(listDeals(world, call));
    case "GET deals/":
      return ok({ deal: showDeal(call.base, found(world.state.deals, "Deal", id ?? "")) });
    case "POST deals":
      return { status: 201, body: { deal: makeDeal(world, call, inner(call, "deal"), api) } };
    case "PUT deals/":
      return ok({ deal: changeDeal(world, call, id ?? "", inner(call, "deal"), api) });
    case "DELETE deals/":
      removeRecord(world, "deal", id ?? "", api);
      return ok({});
    case "GET accounts//accountCustomFieldData":
      return ok({ customerAccountCustomFieldData: customData(world, "account", id ?? "") });
    case "GET deals//dealCustomFieldData":
      return ok({ dealCustomFieldData: customData(world, "deal", id ?? "") });
    case "GET accountCustomFieldMeta":
      return ok(page(call, "accountCustomFieldMeta", world.state.fields.filter(isKind("account")).map(showMeta)));
    case "GET dealCustomFieldMeta":
      return ok(page(call, "dealCustomFieldMeta", world.state.fields.filter(isKind("deal")).map(showMeta)));
    case "POST accountCustomFieldMeta":
      return madeMeta(world, call, "account");
    case "POST dealCustomFieldMeta":
      return madeMeta(world, call, "deal");
    case "GET webhooks":
      return ok(page(call, "webhooks", world.state.hooks.map(showHook)));
    case "POST webhooks":
      return makeHook(world, inner(call, "webhook"));
    case "DELETE webhooks/":
      found(world.state.hooks, "Webhook", id ?? "", true);
      world.state.hooks = world.state.hooks.filter((one) => one.id !== id);
      return ok({});
    default:
      return unknown();
  }
}

const ok = (body: object): Answer => ({ status: 200, body });
const isKind = (kind: FieldKind) => (one: { readonly kind: FieldKind }) => one.kind === kind;
const text = (value: unknown): string => (value === null || value === undefined ? "" : String(value));

function unknown(): never {
  throw new Refusal(404, { message: "No Result found" });
}

function inner(call: Call, key: string): Record<string, unknown> {
  const value = call.body[key];
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Refusal(400, { message: `The request is missing required fields: ${key}` });
  return value as Record<string, unknown>;
}

/** One page of rows under their name; the total is a text. */
function page(call: Call, name: string, rows: readonly object[]): object {
  const limit = Math.min(Number(call.query.get("limit") ?? 20), 100);
  const offset = Number(call.query.get("offset") ?? 0);
  return { [name]: rows.slice(offset, offset + limit), meta: { total: String(rows.length) } };
}

/** In the order that is asked for: by id, upwards unless `orders[id]=DESC`. */
function listed<Row extends { readonly id: string }>(rows: readonly Row[], { query }: Call): readonly Row[] {
  const down = query.get("orders[id]") === "DESC" || query.get("orders[cdate]") === "DESC";
  return [...rows].sort((a, b) => (Number(a.id) - Number(b.id)) * (down ? -1 : 1));
}

function listContacts(world: World, call: Call): object {
  const { query, base } = call;
  const { state } = world;
  const ids = query.getAll("ids[]");
  const after = query.get("filters[updated_after]");
  const email = query.get("email");
  const rows = listed(state.contacts, call).filter(
    (one) =>
      (ids.length === 0 || ids.includes(one.id)) &&
      (email === null || one.email.toLowerCase() === email.toLowerCase()) &&
      (after === null || one.updatedAt >= Date.parse(after)) &&
      Number(one.id) > Number(query.get("id_greater") ?? 0),
  );
  const shown = page(
    call,
    "contacts",
    rows.map((one) => showContact(base, one, state)),
  ) as { contacts: Contact[] };
  const onPage = new Set(shown.contacts.map(({ id }) => id));
  const wanted = (query.get("include") ?? "").split(",");
  return {
    ...(wanted.includes("fieldValues")
      ? {
          fieldValues: state.values
            .filter(({ kind, record }) => kind === "contact" && onPage.has(record))
            .map(showFieldValue),
        }
      : {}),
    ...(wanted.includes("contactLists")
      ? { contactLists: state.contactLists.filter(({ contact }) => onPage.has(contact)) }
      : {}),
    ...(wanted.includes("contactTags")
      ? { contactTags: state.contactTags.filter(({ contact }) => onPage.has(contact)) }
      : {}),
    ...shown,
  };
}

function oneContact(world: World, { base }: Call, id: string): object {
  const { state } = world;
  const contact = found(state.contacts, "contact", id);
  return {
    contactAutomations: [],
    contactLists: state.contactLists.filter((one) => one.contact === id),
    deals: [],
    fieldValues: state.values.filter((one) => one.kind === "contact" && one.record === id).map(showFieldValue),
    contact: showContact(base, contact, state),
  };
}

const contactCells = ["email", "firstName", "lastName", "phone"] as const;

function assertEmail(world: World, email: string, own: string | null): void {
  if (!/^[^@\s]+@[^@\s]+$/u.test(email)) throw invalid("Email address is not valid.", "email_invalid", "email");
  const taken = world.state.contacts.some((one) => one.id !== own && one.email.toLowerCase() === email.toLowerCase());
  if (taken) throw invalid("Email address already exists in the system", "duplicate", "email");
}

/** Makes a contact, with its custom values, as a person or the API does. @returns it as the API shows it. */
export function makeContact(
  world: World,
  call: Pick<Call, "base">,
  given: Record<string, unknown>,
  actor: Actor,
): object {
  const email = text(given["email"]).trim();
  if (email === "") throw invalid("Email address is required.", "field_missing", "email");
  assertEmail(world, email, null);
  const at = world.now();
  const contact: Contact = {
    id: world.nextId(),
    email,
    firstName: text(given["firstName"]),
    lastName: text(given["lastName"]),
    phone: text(given["phone"]),
    createdAt: at,
    updatedAt: at,
  };
  world.state.contacts.push(contact);
  try {
    setValues(world, "contact", contact.id, valuesIn(given["fieldValues"], "field", "value"));
  } catch (error) {
    world.state.contacts = world.state.contacts.filter((one) => one !== contact);
    forgetValues(world.state, "contact", contact.id);
    throw error;
  }
  const after = Object.fromEntries(contactCells.map((name) => [name, contact[name]]));
  world.changed({ kind: "contact", id: contact.id, as: "create", before: {}, after, actor, event: "subscribe" });
  return showContact(call.base, contact, world.state);
}

/** Changes what is given and leaves the rest. */
export function changeContact(
  world: World,
  call: Pick<Call, "base">,
  id: string,
  given: Record<string, unknown>,
  actor: Actor,
): object {
  const contact = found(world.state.contacts, "contact", id);
  if (given["email"] !== undefined) assertEmail(world, text(given["email"]).trim(), id);
  const values = valuesIn(given["fieldValues"], "field", "value");
  const before = custom(world, "contact", id, values);
  setValues(world, "contact", id, values);
  for (const name of contactCells) {
    if (given[name] === undefined) continue;
    before[name] = contact[name];
    contact[name] = text(given[name]).trim();
  }
  contact.updatedAt = world.now();
  const after = { ...custom(world, "contact", id, values), ...pick(contact, Object.keys(before)) };
  world.changed({ kind: "contact", id, as: "update", before, after, actor, event: "update" });
  return showContact(call.base, contact, world.state);
}

/** By e-mail: changes the contact of that address, else makes one. */
function syncContact(world: World, call: Call): Answer {
  const given = inner(call, "contact");
  const email = text(given["email"]).trim().toLowerCase();
  const known = world.state.contacts.find((one) => one.email.toLowerCase() === email);
  if (known === undefined) return { status: 201, body: { contact: makeContact(world, call, given, api) } };
  return ok({ contact: changeContact(world, call, known.id, given, api) });
}

type Values = readonly { readonly field: string; readonly value: unknown }[];

function valuesIn(list: unknown, fieldKey: string, valueKey: string): Values {
  if (!Array.isArray(list)) return [];
  return list.map((one) => ({ field: text(one[fieldKey]), value: one[valueKey] }));
}

/** All or none. */
function setValues(world: World, kind: FieldKind, record: string, values: Values): void {
  const { state } = world;
  const kept = state.values.map((one) => ({ ...one }));
  try {
    for (const { field, value } of values) setValue(world, kind, record, field, value);
  } catch (error) {
    state.values = kept;
    throw error;
  }
}

/** Present custom values, by the field's tag, for the audit. */
function custom(world: World, kind: FieldKind, record: string, values: Values): Record<string, unknown> {
  return Object.fromEntries(
    values.map(({ field }) => {
      const tag = world.state.fields.find((one) => one.kind === kind && one.id === field)?.tag ?? field;
      const held = world.state.values.find((one) => one.kind === kind && one.record === record && one.field === field);
      return [tag, held?.value ?? ""];
    }),
  );
}

function pick(row: object, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).filter(([name]) => names.includes(name)));
}

/** Puts rows in by e-mail. Nobody is told, by webhook, of what an import does. */
function bulkImport(world: World, call: Call): Answer {
  const rows = call.body["contacts"];
  if (!Array.isArray(rows) || rows.length === 0 || rows.length > 250)
    throw new Refusal(400, { success: 0, message: "contacts must hold 1 to 250 contacts", failureReasons: [] });
  const bad = rows.filter((one) => !/^[^@\s]+@[^@\s]+$/u.test(text(one?.["email"])));
  if (bad.length > 0) {
    const failureReasons = bad.map((contact) => ({ contact, failureReason: "Invalid email" }));
    throw new Refusal(400, { success: 0, message: "Some contacts could not be imported", failureReasons });
  }
  const silent: Actor = { ...api, isSilent: true };
  for (const row of rows) {
    const email = text(row["email"]);
    const given = {
      email,
      ...(row["first_name"] === undefined ? {} : { firstName: row["first_name"] }),
      ...(row["last_name"] === undefined ? {} : { lastName: row["last_name"] }),
      ...(row["phone"] === undefined ? {} : { phone: row["phone"] }),
      fieldValues: valuesIn(row["fields"], "id", "value"),
    };
    const known = world.state.contacts.find((one) => one.email.toLowerCase() === email.toLowerCase());
    if (known === undefined) makeContact(world, call, given, silent);
    else changeContact(world, call, known.id, given, silent);
  }
  return ok({
    Success: 1,
    queued_contacts: rows.length,
    batchId: `batch-${world.nextId()}`,
    message: "Contact import queued",
  });
}

function listFields(world: World, call: Call): object {
  const fields = world.state.fields.filter(isKind("contact"));
  return { fieldOptions: fields.flatMap(showOptions), fieldRels: [], ...page(call, "fields", fields.map(showField)) };
}

/** Makes a custom field. */
export function makeField(world: World, kind: FieldKind, given: Record<string, unknown>) {
  const title = text(given["title"] ?? given["fieldLabel"]);
  const options = given["options"] ?? given["fieldOptions"] ?? [];
  const field = {
    id: world.nextId(),
    kind,
    title,
    type: text(given["type"] ?? given["fieldType"]) || "text",
    tag: (text(given["perstag"]) || title).toUpperCase().replaceAll(/[^A-Z0-9]+/gu, "_"),
    options: Array.isArray(options) ? options.map(String) : [],
  };
  world.state.fields.push(field);
  return field;
}

function madeMeta(world: World, call: Call, kind: "account" | "deal"): Answer {
  const name = `${kind}CustomFieldMetum`;
  const given = inner(call, name);
  // A word of the vendor's own goes before the tag.
  const perstag = `${kind === "deal" ? "DEAL" : "ACCT"}_${text(given["personalization"]) || text(given["fieldLabel"])}`;
  return { status: 201, body: { [name]: showMeta(makeField(world, kind, { ...given, perstag })) } };
}

function removeValue(world: World, id: string): Answer {
  const value = found(world.state.values, "FieldValue", id, true);
  world.state.values = world.state.values.filter((one) => one !== value);
  return ok({});
}

/** The tag of this name, made where there is none. */
export function makeTag(world: World, name: string): object {
  if (name === "") throw invalid("The tag needs a name", "field_missing", "tag");
  const known = world.state.tags.find((one) => one.name === name);
  const tag = known ?? { id: world.nextId(), name };
  if (known === undefined) world.state.tags.push(tag);
  return { tag: tag.name, description: "", tagType: "contact", id: tag.id };
}

export function addTag(world: World, given: Record<string, unknown>, actor: Actor): object {
  const { state } = world;
  const contact = found(state.contacts, "contact", text(given["contact"]));
  const tag = found(state.tags, "Tag", text(given["tag"]));
  const known = state.contactTags.find((one) => one.contact === contact.id && one.tag === tag.id);
  if (known !== undefined) return known;
  const made = { id: world.nextId(), contact: contact.id, tag: tag.id };
  const before = { tags: tagsOf(world, contact.id) };
  state.contactTags.push(made);
  contact.updatedAt = world.now();
  const after = { tags: tagsOf(world, contact.id) };
  world.changed({ kind: "contact", id: contact.id, as: "update", before, after, actor, event: "contact_tag_added" });
  return made;
}

function removeTag(world: World, id: string): Answer {
  const { state } = world;
  const link = found(state.contactTags, "ContactTag", id, true);
  const before = { tags: tagsOf(world, link.contact) };
  state.contactTags = state.contactTags.filter((one) => one !== link);
  const contact = state.contacts.find((one) => one.id === link.contact);
  if (contact !== undefined) contact.updatedAt = world.now();
  const after = { tags: tagsOf(world, link.contact) };
  world.changed({
    kind: "contact",
    id: link.contact,
    as: "update",
    before,
    after,
    actor: api,
    event: "contact_tag_removed",
  });
  return ok({});
}

/** Names of a contact's tags. */
export function tagsOf({ state }: World, contact: string): readonly string[] {
  return state.contactTags
    .filter((one) => one.contact === contact)
    .map(({ tag }) => state.tags.find((one) => one.id === tag)?.name ?? "")
    .sort();
}

/** 1 puts a contact on a list, 2 takes it off; it can't be as if it had never been there. */
export function setList(world: World, given: Record<string, unknown>, actor: Actor): object {
  const { state } = world;
  const contact = found(state.contacts, "contact", text(given["contact"]));
  const list = found(state.lists, "List", text(given["list"]));
  const status = text(given["status"]);
  if (status !== "1" && status !== "2") throw invalid("The status is not valid", "invalid", "status");
  const known = state.contactLists.find((one) => one.contact === contact.id && one.list === list.id);
  const entry = known ?? { id: world.nextId(), contact: contact.id, list: list.id, status };
  const name = `list:${list.stringid}`;
  const before = { [name]: known?.status ?? "" };
  entry.status = status;
  if (known === undefined) state.contactLists.push(entry);
  contact.updatedAt = world.now();
  const event = status === "1" ? "subscribe" : "unsubscribe";
  world.changed({ kind: "contact", id: contact.id, as: "update", before, after: { [name]: status }, actor, event });
  // The answer to this call alone holds the status as a number.
  return { ...entry, status: Number(status) };
}

const accountCells = ["name", "accountUrl", "owner"] as const;

export function makeAccount(
  world: World,
  call: Pick<Call, "base">,
  given: Record<string, unknown>,
  actor: Actor,
): object {
  const name = text(given["name"]);
  if (name === "") throw invalid("The account name was not provided.", "field_missing", "name");
  if (world.state.accounts.some((one) => one.name === name))
    throw invalid("An account with this name already exists.", "duplicate", "name");
  const at = world.now();
  const account: Account = {
    id: world.nextId(),
    name,
    accountUrl: text(given["accountUrl"]),
    owner: text(given["owner"]) || "1",
    createdAt: at,
    updatedAt: at,
  };
  const values = valuesIn(given["fields"], "customFieldId", "fieldValue");
  setValues(world, "account", account.id, values);
  world.state.accounts.push(account);
  const after = { ...pick(account, accountCells), ...custom(world, "account", account.id, values) };
  world.changed({ kind: "account", id: account.id, as: "create", before: {}, after, actor, event: "account_add" });
  return showAccount(call.base, account);
}

export function changeAccount(
  world: World,
  call: Pick<Call, "base">,
  id: string,
  given: Record<string, unknown>,
  actor: Actor,
): object {
  const account = found(world.state.accounts, "Account", id);
  const name = given["name"];
  if (name !== undefined && text(name) === "")
    throw invalid("The account name was not provided.", "field_missing", "name");
  if (name !== undefined && world.state.accounts.some((one) => one.id !== id && one.name === name))
    throw invalid("An account with this name already exists.", "duplicate", "name");
  const values = valuesIn(given["fields"], "customFieldId", "fieldValue");
  const before = custom(world, "account", id, values);
  setValues(world, "account", id, values);
  for (const cell of accountCells) {
    if (given[cell] === undefined) continue;
    before[cell] = account[cell];
    account[cell] = text(given[cell]);
  }
  account.updatedAt = world.now();
  const after = { ...custom(world, "account", id, values), ...pick(account, Object.keys(before)) };
  world.changed({ kind: "account", id, as: "update", before, after, actor, event: "account_update" });
  return { ...showAccount(call.base, account), customFieldSaveStatus: { status: "success" }, fields: [] };
}

function listDeals(world: World, call: Call): object {
  const after = call.query.get("filters[updated_after]");
  const rows = listed(world.state.deals, call).filter((one) => after === null || one.updatedAt >= Date.parse(after));
  const shown = page(
    call,
    "deals",
    rows.map((one) => showDeal(call.base, one)),
  );
  // Of deals alone the total is a number.
  return { ...shown, meta: { currencies: {}, total: rows.length } };
}

const dealCells = [
  "title",
  "description",
  "value",
  "currency",
  "group",
  "stage",
  "owner",
  "contact",
  "account",
  "percent",
  "status",
] as const;

export function makeDeal(world: World, call: Pick<Call, "base">, given: Record<string, unknown>, actor: Actor): object {
  for (const cell of ["title", "value", "currency"]) {
    if (text(given[cell]) === "") throw invalid(`The deal ${cell} was not provided.`, "field_missing", cell);
  }
  if (text(given["contact"]) === "" && text(given["account"]) === "")
    throw invalid("The deal needs a contact or an account.", "field_missing", "contact");
  const stage = text(given["stage"]) || (world.state.stages[0]?.id ?? "");
  const at = world.now();
  const deal: Deal = {
    id: world.nextId(),
    title: text(given["title"]),
    description: text(given["description"]),
    value: text(given["value"]),
    currency: text(given["currency"]).toLowerCase(),
    group: world.state.stages.find((one) => one.id === stage)?.group ?? "",
    stage,
    owner: text(given["owner"]) || "1",
    contact: text(given["contact"]) || null,
    account: text(given["account"]) || null,
    percent: text(given["percent"]) || "0",
    status: text(given["status"]) || "0",
    isDisabled: false,
    createdAt: at,
    updatedAt: at,
  };
  assertDeal(world, deal);
  const values = valuesIn(given["fields"], "customFieldId", "fieldValue");
  setValues(world, "deal", deal.id, values);
  world.state.deals.push(deal);
  const after = { ...pick(deal, dealCells), ...custom(world, "deal", deal.id, values) };
  world.changed({ kind: "deal", id: deal.id, as: "create", before: {}, after, actor, event: "deal_add" });
  return showDeal(call.base, deal);
}

function assertDeal({ state }: World, deal: Deal): void {
  if (!/^-?\d+$/u.test(deal.value)) throw invalid("The deal value must be an integer, in cents.", "invalid", "value");
  if (!/^[a-z]{3}$/u.test(deal.currency)) throw invalid("The deal currency is not valid.", "invalid", "currency");
  if (!["0", "1", "2"].includes(deal.status)) throw invalid("The deal status is not valid.", "invalid", "status");
  if (!state.stages.some((one) => one.id === deal.stage))
    throw invalid("The deal stage does not exist.", "related_missing", "stage");
  if (deal.contact !== null && !state.contacts.some((one) => one.id === deal.contact))
    throw invalid("The contact does not exist.", "related_missing", "contact");
  if (deal.account !== null && !state.accounts.some((one) => one.id === deal.account))
    throw invalid("The account does not exist.", "related_missing", "account");
}

export function changeDeal(
  world: World,
  call: Pick<Call, "base">,
  id: string,
  given: Record<string, unknown>,
  actor: Actor,
): object {
  const deal = found(world.state.deals, "Deal", id);
  const next: Deal = { ...deal };
  const before: Record<string, unknown> = {};
  for (const cell of dealCells) {
    if (given[cell] === undefined) continue;
    before[cell] = deal[cell];
    const given_ = text(given[cell]);
    if (cell === "contact" || cell === "account") next[cell] = given_ || null;
    else next[cell] = cell === "currency" ? given_.toLowerCase() : given_;
  }
  if (next.title === "") throw invalid("The deal title was not provided.", "field_missing", "title");
  assertDeal(world, next);
  const values = valuesIn(given["fields"], "customFieldId", "fieldValue");
  Object.assign(before, custom(world, "deal", id, values));
  setValues(world, "deal", id, values);
  Object.assign(deal, next, { updatedAt: world.now() });
  const after = { ...custom(world, "deal", id, values), ...pick(deal, Object.keys(before)) };
  world.changed({ kind: "deal", id, as: "update", before, after, actor, event: "deal_update" });
  return showDeal(call.base, deal);
}

function customData(world: World, kind: "account" | "deal", id: string): readonly object[] {
  const { state } = world;
  const rows = kind === "deal" ? state.deals : state.accounts;
  if (!rows.some((one) => one.id === id)) throw notFound(kind === "deal" ? "Deal" : "Account", id);
  return state.values
    .filter((one) => one.kind === kind && one.record === id)
    .flatMap((one) => {
      const field = state.fields.find((candidate) => candidate.kind === kind && candidate.id === one.field);
      return field === undefined ? [] : [showCustomData(one, field)];
    });
}

/** Takes a record away. No webhook tells of it. */
export function removeRecord(world: World, kind: FieldKind, id: string, actor: Actor): void {
  const { state } = world;
  const rows: { readonly id: string }[] =
    kind === "contact" ? state.contacts : kind === "deal" ? state.deals : state.accounts;
  const row = found(rows, kind, id, true);
  rows.splice(rows.indexOf(row), 1);
  forgetValues(state, kind, id);
  world.changed({ kind, id, as: "delete", before: { ...row }, after: {}, actor, event: null });
}

function makeHook(world: World, given: Record<string, unknown>): Answer {
  const url = text(given["url"]);
  if (!/^https?:\/\//u.test(url)) throw invalid("The url is not valid", "invalid", "url");
  const list = (value: unknown) => (Array.isArray(value) ? value.map(String) : []);
  const hook = {
    id: world.nextId(),
    name: text(given["name"]),
    url,
    events: list(given["events"]),
    sources: list(given["sources"]),
    isActive: true,
  };
  world.state.hooks.push(hook);
  return { status: 201, body: { webhook: showHook(hook) } };
}

function showHook({ isActive, ...hook }: { readonly id: string; readonly isActive: boolean }): object {
  return { ...hook, state: isActive ? "1" : "0", cdate: accountTime(0) };
}
