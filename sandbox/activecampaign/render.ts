import {
  type Account,
  accountTime,
  type Contact,
  type Deal,
  type Field,
  type FieldValue,
  type State,
} from "./world.ts";

/** "2026-05-28 03:05:54": the account's digits, whatever the name of the field that holds them says. */
function digits(at: number): string {
  return accountTime(at).slice(0, 19).replace("T", " ");
}

function link(base: string, path: string): string {
  return `${base}/api/3/${path}`;
}

export function showContact(base: string, one: Contact, state: State): object {
  const ids = (rows: readonly { readonly id: string }[]) => rows.map(({ id }) => id);
  const path = `contacts/${one.id}`;
  return {
    cdate: accountTime(one.createdAt),
    email: one.email,
    phone: one.phone,
    firstName: one.firstName,
    lastName: one.lastName,
    orgid: "0",
    orgname: "",
    segmentio_id: "",
    bounced_hard: "0",
    bounced_soft: "0",
    bounced_date: null,
    deleted: "0",
    anonymized: "0",
    udate: accountTime(one.updatedAt),
    created_utc_timestamp: digits(one.createdAt),
    updated_utc_timestamp: digits(one.updatedAt),
    created_timestamp: digits(one.createdAt),
    updated_timestamp: digits(one.updatedAt),
    sms_consent_updated_at: "0000-00-00 00:00:00",
    contactLists: ids(state.contactLists.filter(({ contact }) => contact === one.id)),
    fieldValues: ids(state.values.filter(({ kind, record }) => kind === "contact" && record === one.id)),
    links: {
      contactLists: link(base, `${path}/contactLists`),
      contactTags: link(base, `${path}/contactTags`),
      fieldValues: link(base, `${path}/fieldValues`),
    },
    id: one.id,
    organization: null,
  };
}

export function showFieldValue(one: FieldValue): object {
  const at = accountTime(one.updatedAt);
  return {
    contact: one.record,
    field: one.field,
    value: one.value,
    cdate: at,
    udate: at,
    owner: one.record,
    id: one.id,
  };
}

export function showAccount(base: string, one: Account): object {
  return {
    name: one.name,
    accountUrl: one.accountUrl === "" ? null : one.accountUrl,
    createdTimestamp: accountTime(one.createdAt),
    updatedTimestamp: accountTime(one.updatedAt),
    owner: one.owner,
    links: { accountCustomFieldData: link(base, `accounts/${one.id}/accountCustomFieldData`) },
    id: one.id,
  };
}

export function showDeal(base: string, one: Deal): object {
  if (one.isDisabled) return { title: one.title, status: one.status, id: one.id, isDisabled: true };
  return {
    owner: one.owner,
    contact: one.contact,
    organization: null,
    group: one.group,
    stage: one.stage,
    title: one.title,
    description: one.description,
    percent: one.percent,
    cdate: accountTime(one.createdAt),
    mdate: accountTime(one.updatedAt),
    value: one.value,
    currency: one.currency,
    status: one.status,
    links: { dealCustomFieldData: link(base, `deals/${one.id}/dealCustomFieldData`) },
    id: one.id,
    isDisabled: false,
    account: one.account,
    customerAccount: one.account,
  };
}

/** A custom field of contacts. */
export function showField(one: Field): object {
  return {
    title: one.title,
    descript: null,
    type: one.type,
    isrequired: "0",
    perstag: one.tag,
    defval: null,
    visible: "1",
    options: one.options.map((_, i) => `${one.id}${i}`),
    id: one.id,
  };
}

export function showOptions(one: Field): readonly object[] {
  return one.options.map((value, i) => ({
    field: one.id,
    orderid: String(i + 1),
    value,
    label: value,
    isdefault: "0",
    id: `${one.id}${i}`,
  }));
}

/** A custom field of accounts and deals. */
export function showMeta(one: Field): object {
  return {
    fieldLabel: one.title,
    fieldType: one.type,
    fieldOptions: one.options.length === 0 ? null : one.options,
    fieldDefault: null,
    personalization: one.tag,
    isFormVisible: "1",
    id: one.id,
  };
}

/** Numbers and lists of these come as they are, not as texts. */
export function showCustomData(one: FieldValue, field: Field): object {
  const isMany = ["checkbox", "listbox", "multiselect"].includes(field.type);
  const value =
    one.value === ""
      ? null
      : isMany
        ? one.value.split("||").filter(Boolean)
        : ["number", "currency"].includes(field.type)
          ? Number(one.value)
          : one.value;
  const owner = one.kind === "deal" ? { dealId: Number(one.record) } : { accountId: Number(one.record) };
  return { id: one.id, ...owner, customFieldId: Number(one.field), fieldValue: value };
}
