import type { AuditEntry, AuditLog } from "../core/audit.ts";
import type { Fault, FaultBoard } from "../core/fault.ts";
import {
  addTag,
  changeAccount,
  changeContact,
  changeDeal,
  makeAccount,
  makeContact,
  makeDeal,
  makeField,
  makeTag,
  removeRecord,
  setList,
  tagsOf,
} from "./api.ts";
import type { Actor, FieldKind, State, World } from "./world.ts";

export type ObjectType = "contacts" | "accounts" | "deals";
type Cells = Readonly<Record<string, unknown>>;

/** What tests and other processes can do to a running sandbox. Cells as the API names them; custom fields by their tag, `tags` as names. */
export type ActiveCampaignAdmin = {
  /** A person of this name makes a record in the vendor's own interface. @returns its id. */
  create(user: string, object: ObjectType, cells: Cells): string;
  /** A person changes cells; `null` clears one. */
  edit(user: string, object: ObjectType, id: string, cells: Cells): void;
  /** A person deletes a record. */
  remove(user: string, object: ObjectType, id: string): void;
  /** A person puts a contact on a list ("1") or takes it off ("2"). */
  subscribe(user: string, id: string, list: string, status: "1" | "2"): void;
  /** Every record as it is, with its custom values by tag. */
  records(object: ObjectType): readonly { readonly id: string; readonly cells: Cells }[];
  /** Makes a custom field. @returns its tag. */
  addField(object: ObjectType, title: string, type: string, options?: readonly string[]): string;
  /** A field is taken away, with its values. */
  removeField(object: ObjectType, tag: string): void;
  addList(stringid: string, name: string): string;
  /** The plan's limit is passed: the deal is shown by its title only. */
  disableDeal(id: string): void;
  webhooks(): readonly { readonly url: string; readonly events: readonly string[]; readonly isActive: boolean }[];
  /** Resolves when every webhook has arrived or failed. */
  settled(): Promise<void>;
  audit(afterSeq?: number): readonly AuditEntry[];
  setFaults(faults: readonly Fault[]): void;
  faults(): readonly Fault[];
  /** Calls so far, and those refused by the limit. */
  counts(): { readonly calls: number; readonly limited: number };
  /** Writes the state to the sandbox's file. */
  save(): void;
};

const kinds: Readonly<Record<ObjectType, FieldKind>> = { contacts: "contact", accounts: "account", deals: "deal" };

export function makeAdmin(deps: {
  readonly world: World;
  readonly audit: AuditLog;
  readonly faults: FaultBoard;
  readonly counts: { readonly calls: number; readonly limited: number };
  readonly base: () => string;
  settled(): Promise<void>;
  save(): void;
}): ActiveCampaignAdmin {
  const { world, audit, faults, counts, settled, save } = deps;
  const { state } = world;
  const by = (name: string): Actor => ({ source: "admin", name });
  const call = () => ({ base: deps.base() });

  const given = (object: ObjectType, cells: Cells): Record<string, unknown> => {
    const kind = kinds[object];
    const own: Record<string, unknown> = {};
    const values: { field: string; value: unknown }[] = [];
    for (const [name, raw] of Object.entries(cells)) {
      const field = state.fields.find((one) => one.kind === kind && one.tag === name);
      if (field !== undefined) values.push({ field: field.id, value: raw ?? "" });
      else if (name !== "tags") own[name] = raw ?? "";
    }
    return kind === "contact"
      ? { ...own, fieldValues: values }
      : { ...own, fields: values.map(({ field, value }) => ({ customFieldId: field, fieldValue: value })) };
  };
  const putTags = (id: string, cells: Cells, actor: Actor) => {
    if (!Array.isArray(cells["tags"])) return;
    const wanted = cells["tags"].map(String);
    state.contactTags = state.contactTags.filter(
      ({ contact, tag }) => contact !== id || wanted.includes(state.tags.find((one) => one.id === tag)?.name ?? ""),
    );
    for (const name of wanted) {
      const { id: tag } = makeTag(world, name) as { id: string };
      addTag(world, { contact: id, tag }, actor);
    }
  };

  return {
    create(user, object, cells) {
      const make = { contacts: makeContact, accounts: makeAccount, deals: makeDeal }[object];
      const { id } = make(world, call(), given(object, cells), by(user)) as { id: string };
      putTags(id, cells, by(user));
      return id;
    },
    edit(user, object, id, cells) {
      const change = { contacts: changeContact, accounts: changeAccount, deals: changeDeal }[object];
      change(world, call(), id, given(object, cells), by(user));
      putTags(id, cells, by(user));
    },
    remove: (user, object, id) => removeRecord(world, kinds[object], id, by(user)),
    subscribe(user, id, list, status) {
      setList(world, { contact: id, list: state.lists.find((one) => one.stringid === list)?.id, status }, by(user));
    },
    records: (object) => state[object].map((row) => ({ id: row.id, cells: cellsOf(world, object, row) })),
    addField: (object, title, type, options = []) =>
      makeField(world, kinds[object], { title, type, options, fieldLabel: title, fieldType: type }).tag,
    removeField(object, tag) {
      const field = state.fields.find((one) => one.kind === kinds[object] && one.tag === tag);
      state.fields = state.fields.filter((one) => one !== field);
      state.values = state.values.filter((one) => one.field !== field?.id);
    },
    addList(stringid, name) {
      const id = world.nextId();
      state.lists.push({ id, stringid, name });
      return id;
    },
    disableDeal(id) {
      for (const deal of state.deals) if (deal.id === id) deal.isDisabled = true;
    },
    webhooks: () => state.hooks.map(({ url, events, isActive }) => ({ url, events, isActive })),
    settled,
    audit: (afterSeq) => audit.list(afterSeq),
    setFaults: (list) => faults.set(list),
    faults: () => faults.list(),
    counts: () => ({ ...counts }),
    save,
  };
}

function cellsOf(world: World, object: ObjectType, row: State[ObjectType][number]): Cells {
  const { state } = world;
  const kind = kinds[object];
  const values = state.values.filter((one) => one.kind === kind && one.record === row.id);
  const own = Object.fromEntries(
    values.map(({ field, value }) => [state.fields.find((one) => one.id === field)?.tag ?? field, value || null]),
  );
  const lists = state.contactLists
    .filter((one) => kind === "contact" && one.contact === row.id)
    .map(({ list, status }) => [`list:${state.lists.find((one) => one.id === list)?.stringid}`, status]);
  const blank = Object.fromEntries(Object.entries(row).map(([name, value]) => [name, value === "" ? null : value]));
  return {
    ...blank,
    ...own,
    ...Object.fromEntries(lists),
    ...(kind === "contact" ? { tags: tagsOf(world, row.id) } : {}),
  };
}
