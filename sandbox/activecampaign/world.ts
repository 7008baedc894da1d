import type { AuditLog, AuditValue } from "../core/audit.ts";
import { invalid, notFound } from "./refusal.ts";

export type Contact = {
  readonly id: string;
  email: string;
  firstName: string;
  lastName: string;
  phone: string;
  readonly createdAt: number;
  updatedAt: number;
};
export type Account = {
  readonly id: string;
  name: string;
  accountUrl: string;
  owner: string;
  readonly createdAt: number;
  updatedAt: number;
};
export type Deal = {
  readonly id: string;
  title: string;
  description: string;
  /** In hundredths of the currency's unit. */
  value: string;
  currency: string;
  group: string;
  stage: string;
  owner: string;
  contact: string | null;
  account: string | null;
  percent: string;
  /** 0 open, 1 won, 2 lost. */
  status: string;
  /** Beyond what the plan allows: shown by title only. */
  isDisabled: boolean;
  readonly createdAt: number;
  updatedAt: number;
};
export type FieldKind = "contact" | "account" | "deal";
/** A custom field. `tag`: the personalization tag, upper case. */
export type Field = {
  readonly id: string;
  readonly kind: FieldKind;
  title: string;
  readonly type: string;
  readonly tag: string;
  options: readonly string[];
};
export type FieldValue = {
  readonly id: string;
  readonly kind: FieldKind;
  readonly record: string;
  readonly field: string;
  value: string;
  updatedAt: number;
};
export type Tag = { readonly id: string; readonly name: string };
export type ContactTag = { readonly id: string; readonly contact: string; readonly tag: string };
export type List = { readonly id: string; readonly stringid: string; readonly name: string };
export type ContactList = { readonly id: string; readonly contact: string; readonly list: string; status: string };
export type Stage = { readonly id: string; readonly group: string; readonly title: string };
export type Hook = {
  readonly id: string;
  readonly name: string;
  readonly url: string;
  readonly events: readonly string[];
  readonly sources: readonly string[];
  isActive: boolean;
};

export type State = {
  contacts: Contact[];
  accounts: Account[];
  deals: Deal[];
  fields: Field[];
  values: FieldValue[];
  tags: Tag[];
  contactTags: ContactTag[];
  lists: List[];
  contactLists: ContactList[];
  groups: { readonly id: string; readonly title: string }[];
  stages: Stage[];
  hooks: Hook[];
  nextId: number;
};

export type Source = "public" | "admin" | "api" | "system";
/** What happened, as a webhook tells it. */
export type News = { readonly type: string; readonly source: Source; readonly kind: FieldKind; readonly id: string };

export type World = {
  readonly state: State;
  readonly now: () => number;
  nextId(): string;
  /** Notes a change for the audit and tells the webhooks. */
  changed(change: {
    readonly kind: FieldKind;
    readonly id: string;
    readonly as: "create" | "update" | "delete";
    readonly before: Readonly<Record<string, AuditValue>>;
    readonly after: Readonly<Record<string, AuditValue>>;
    readonly actor: Actor;
    readonly event: string | null;
  }): void;
};

/** Who does it: the API, a person in the vendor's own interface, or a bulk import. */
export type Actor = { readonly source: Source; readonly name: string; readonly isSilent?: boolean };
export const api: Actor = { source: "api", name: "api" };

export function newState(): State {
  return {
    contacts: [],
    accounts: [],
    deals: [],
    fields: [],
    values: [],
    tags: [],
    contactTags: [],
    lists: [{ id: "3", stringid: "master-contact-list", name: "Master Contact List" }],
    contactLists: [],
    groups: [{ id: "1", title: "Sales Pipeline" }],
    stages: ["To Contact", "In Contact", "Follow Up"].map((title, i) => ({ id: String(i + 1), group: "1", title })),
    hooks: [],
    nextId: 10,
  };
}

export function makeWorld(
  state: State,
  { now, audit, tell }: { now: () => number; audit: AuditLog; tell: (news: News) => void },
): World {
  return {
    state,
    now,
    nextId: () => String(state.nextId++),
    changed({ kind, id, as, before, after, actor, event }) {
      const source = actor.source === "api" ? "api" : `user:${actor.name}`;
      audit.add({ at: now(), object: `${kind}s`, id, kind: as, before, after, source });
      if (event !== null && actor.isSilent !== true) tell({ type: event, source: actor.source, kind, id });
    },
  };
}

/** The row of this id. Throws the vendor's 404. */
export function found<Row extends { readonly id: string }>(
  rows: readonly Row[],
  resource: string,
  id: string,
  isDelete = false,
): Row {
  const row = rows.find((one) => one.id === id);
  if (row === undefined) throw notFound(resource, id, isDelete);
  return row;
}

/** Takes away what hangs on a record. */
export function forget(state: State, kind: FieldKind, id: string): void {
  state.values = state.values.filter((one) => one.kind !== kind || one.record !== id);
  if (kind !== "contact") return;
  state.contactTags = state.contactTags.filter((one) => one.contact !== id);
  state.contactLists = state.contactLists.filter((one) => one.contact !== id);
}

/** Sets a custom field's value as the vendor keeps it; "" takes it away. Throws where it has no such option or form. */
export function setValue(world: World, kind: FieldKind, record: string, fieldId: string, raw: unknown): FieldValue {
  const { state } = world;
  const field = state.fields.find((one) => one.kind === kind && one.id === fieldId);
  if (field === undefined) throw invalid("The field does not exist", "related_missing", "field");
  const value = storedForm(field, raw);
  const present = state.values.find((one) => one.kind === kind && one.record === record && one.field === fieldId);
  if (present !== undefined) {
    present.value = value;
    present.updatedAt = world.now();
    return present;
  }
  const made = { id: world.nextId(), kind, record, field: fieldId, value, updatedAt: world.now() };
  state.values.push(made);
  return made;
}

/** Times are converted to the account's zone, several options are put between double bars. */
function storedForm(field: Field, raw: unknown): string {
  const isMany = ["checkbox", "listbox", "multiselect"].includes(field.type);
  const text = Array.isArray(raw) ? `||${raw.join("||")}||` : String(raw ?? "");
  if (text === "" || text === "||||") return "";
  const options = isMany ? text.split("||").filter(Boolean) : [text];
  if (field.options.length > 0 && options.some((one) => !field.options.includes(one)))
    throw invalid("The value is not one of the field's options", "invalid_option", "value");
  if (field.type === "date" && !/^\d{4}-\d\d-\d\d$/u.test(text)) throw invalid("Invalid date", "invalid", "value");
  if (["number", "currency"].includes(field.type) && !/^-?\d+(?:\.\d+)?$/u.test(text))
    throw invalid("Invalid number", "invalid", "value");
  if (field.type !== "datetime") return text;
  if (Number.isNaN(Date.parse(text))) throw invalid("Invalid date", "invalid", "value");
  return accountTime(Date.parse(text));
}

const zoneMs = -5 * 3_600_000;

/** "2026-05-28T03:05:54-05:00": whole seconds, in the account's zone. */
export function accountTime(at: number): string {
  return `${new Date(at + zoneMs).toISOString().slice(0, 19)}-05:00`;
}
