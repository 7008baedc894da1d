import type { SeededRandom } from "../sandbox/core/random.ts";
import { denormalizeValue } from "../src/core/normalize/denormalize-value.ts";
import type { FieldType } from "../src/model/field-type.ts";
import { type FieldValue, type RawValue, sameRaw } from "../src/model/value.ts";
import { canonical } from "./canonical.ts";
import { keptValue, type Profile, profiles } from "./profile.ts";
import type { CellEdit, Scenario, SystemSetup, Values } from "./scenario.ts";
import type { Timer, VirtualClock } from "./virtual-clock.ts";

export type Cells = Readonly<Record<string, RawValue>>;

export type SimRecord = {
  readonly id: string;
  cells: Record<string, RawValue>;
  /** By the system's own clock. */
  changedAt: number;
  order: number;
  /** The create key that it carries. */
  readonly key: string | null;
  deleted: boolean;
  mergedInto: string | null;
  readonly history: Change[];
};

/** A change as the system's own log has it: the truth that checkers go by. */
export type Change = {
  readonly order: number;
  /** True time. */
  readonly at: number;
  /** When the feed shows it. */
  readonly visibleAt: number;
  readonly id: string;
  readonly by: "user" | "automation" | "truce";
  readonly kind: "create" | "update" | "delete" | "undelete" | "merge" | "merged-away";
  readonly before: Cells;
  readonly after: Cells;
  /** What was asked for, before the system gave it its own form. */
  readonly asked: Cells;
  /** The attempt that made it. */
  readonly attempt: string | null;
  /** Cells in which a write replaced something else than it was based on: what falls between reading and writing. */
  readonly unseen: readonly string[];
  /** Merges: the record merged away, or its survivor. */
  readonly other: string | null;
};

export type SimSystem = {
  readonly name: string;
  readonly setup: SystemSetup;
  readonly profile: Profile;
  readonly records: Map<string, SimRecord>;
  readonly log: Change[];
  /** Cells that are gone from the schema for now. */
  readonly droppedCells: Set<string>;
  /** Reading this record's next event fails inside Truce. */
  readonly poisoned: Set<string>;
  /** Feed places before this one are lost. */
  feedFrom: number;
  downUntil: number;
  /** Order of the last change. */
  order(): number;
  live(id: string): SimRecord | undefined;
  liveRecords(): SimRecord[];
  kept(cell: string, value: RawValue): RawValue;
  refuses(cell: string, value: RawValue): boolean;
  raw(field: string, value: FieldValue): RawValue;
  /** Changes a record; `by` and `attempt` say whose it is. */
  change(record: SimRecord, change: Pick<Change, "by" | "kind"> & Partial<Change> & { readonly after: Cells }): void;
  create(by: Change["by"], cells: Cells, key: string | null, attempt?: string): SimRecord;
  userCreate(values: Values): SimRecord | null;
  userEdit(id: string, edits: Readonly<Record<string, CellEdit>>): Cells;
  userDelete(id: string): void;
  userUndelete(id: string): void;
  userMerge(loser: string, survivor: string): void;
  /** Calls once at the next change, or after `ms`, or when what it returns is called. */
  onNews(ms: number, action: () => void): () => void;
};

/** A system in memory, with its users. */
export function simulatedSystem(
  scenario: Scenario,
  setup: SystemSetup,
  clock: VirtualClock,
  chance: SeededRandom,
  tell: (system: string, change: Change) => void,
): SimSystem {
  const { name } = setup;
  const keys = setup.keyless ? { createKey: false, uniqueEmail: false } : {};
  const profile: Profile = { ...profiles[setup.kind], ...keys };
  const records = new Map<string, SimRecord>();
  const log: Change[] = [];
  const types = new Map(scenario.fields.map((field): [string, FieldType] => [field.name, field.type]));
  const listeners = new Set<() => void>();
  let order = 0;
  let nextId = 1;
  let automations = setup.automation?.times ?? 0;

  const system: SimSystem = {
    name,
    setup,
    profile,
    records,
    log,
    droppedCells: new Set(),
    poisoned: new Set(),
    feedFrom: 0,
    downUntil: 0,
    order: () => order,
    live: (id) => {
      const record = records.get(id);
      return record === undefined || record.deleted ? undefined : record;
    },
    liveRecords: () => [...records.values()].filter((record) => !record.deleted),
    kept: (cell, value) => keptValue(profile, cell, value, setup.lengthMax),
    refuses: (cell, value) =>
      setup.refuses !== null && cell === "phone" && typeof value === "string" && value.endsWith(setup.refuses),
    raw: (field, value) => denormalizeValue(types.get(field)!, value, profile.form),
    change,
    create,
    userCreate(values) {
      const cells = Object.fromEntries(
        Object.entries(values).map(([field, value]) => [field, system.raw(field, value)]),
      );
      if (Object.entries(cells).some(([cell, raw]) => system.refuses(cell, raw))) return null;
      if (profile.uniqueEmail && emailTaken(cells["email"], null)) return null;
      return create("user", cells, null);
    },
    userEdit(id, edits) {
      const record = system.live(id);
      if (record === undefined) return {};
      const after: Record<string, RawValue> = {};
      for (const [cell, edit] of Object.entries(edits)) {
        const raw = edited(record, cell, edit);
        const taken = cell === "email" && profile.uniqueEmail && emailTaken(raw, record);
        const useless = system.droppedCells.has(cell) || system.refuses(cell, raw) || taken;
        if (!useless && !sameRaw(system.kept(cell, raw), record.cells[cell] ?? null)) after[cell] = raw;
      }
      if (Object.keys(after).length > 0) change(record, { by: "user", kind: "update", after });
      return after;
    },
    userDelete(id) {
      const record = system.live(id);
      if (record !== undefined) change(record, { by: "user", kind: "delete", after: {} });
    },
    userUndelete(id) {
      const record = records.get(id);
      if (record === undefined || !record.deleted || record.mergedInto !== null) return;
      if (profile.uniqueEmail && emailTaken(record.cells["email"], record)) return;
      change(record, { by: "user", kind: "undelete", after: {} });
    },
    userMerge(loserId, survivorId) {
      const [loser, survivor] = [system.live(loserId), system.live(survivorId)];
      if (loser === undefined || survivor === undefined || loser === survivor) return;
      loser.mergedInto = survivor.id;
      change(loser, { by: "user", kind: "merged-away", after: {}, other: survivor.id });
      const filled = Object.entries(loser.cells).filter(
        ([cell, value]) => value !== null && (survivor.cells[cell] ?? null) === null,
      );
      change(survivor, { by: "user", kind: "merge", after: Object.fromEntries(filled), other: loser.id });
    },
    onNews(ms, action) {
      let timer: Timer | null = null;
      const heard = () => {
        timer?.cancel();
        listeners.delete(heard);
        action();
      };
      timer = clock.after(ms, heard);
      listeners.add(heard);
      return heard;
    },
  };
  return system;

  function change(record: SimRecord, one: Pick<Change, "by" | "kind"> & Partial<Change> & { readonly after: Cells }) {
    const before = Object.fromEntries(Object.keys(one.after).map((cell) => [cell, record.cells[cell] ?? null]));
    const after = Object.fromEntries(Object.entries(one.after).map(([cell, raw]) => [cell, system.kept(cell, raw)]));
    Object.assign(record.cells, after);
    record.changedAt = clock.now() + setup.skewMs;
    record.order = ++order;
    if (one.kind === "delete" || one.kind === "merged-away") record.deleted = true;
    if (one.kind === "undelete") record.deleted = false;
    const visibleAt = clock.now() + (profile.lagMs === 0 ? 0 : chance.below(profile.lagMs));
    const entry: Change = {
      attempt: null,
      unseen: [],
      other: null,
      ...one,
      order,
      at: clock.now(),
      visibleAt,
      id: record.id,
      before,
      after,
      asked: one.after,
    };
    record.history.push(entry);
    log.push(entry);
    tell(name, entry);
    for (const listener of [...listeners]) listener();
    automate(record, entry);
  }

  function create(by: Change["by"], cells: Cells, key: string | null, attempt: string | null = null): SimRecord {
    const record: SimRecord = {
      id: `${name}${nextId++}`,
      cells: {},
      changedAt: 0,
      order: 0,
      key: profile.createKey ? key : null,
      deleted: false,
      mergedInto: null,
      history: [],
    };
    records.set(record.id, record);
    change(record, { by, kind: "create", after: cells, attempt });
    return record;
  }

  /** A workflow of a third party: it has read what it replaces. */
  function automate(record: SimRecord, { by, after }: Change): void {
    const cell = setup.automation?.cell ?? "";
    if (automations === 0 || by === "automation" || (after[cell] ?? null) === null) return;
    automations--;
    const number = automations;
    clock.after(50 + chance.below(500), () => {
      if (record.deleted || system.droppedCells.has(cell)) return;
      change(record, { by: "automation", kind: "update", after: { [cell]: `flow ${name} ${number}` } });
    });
  }

  function emailTaken(email: RawValue | undefined, own: SimRecord | null): boolean {
    if (typeof email !== "string" || email === "") return false;
    const kept = system.kept("email", email);
    return system.liveRecords().some((other) => other !== own && sameRaw(other.cells["email"] ?? null, kept));
  }

  function edited(record: SimRecord, cell: string, edit: CellEdit): RawValue {
    if ("set" in edit) return edit.set === null ? null : padded(cell, edit.set);
    if ("junk" in edit) return edit.junk;
    if ("pick" in edit) {
      const live = system.liveRecords();
      return live[Math.floor(edit.pick * live.length)]?.id ?? null;
    }
    const type = types.get(cell)!;
    const now = canonical(type, record.cells[cell] ?? null);
    if ("add" in edit) return system.raw(cell, String((Number(now ?? 0) || 0) + edit.add));
    if ("toggle" in edit) return system.raw(cell, now !== "true");
    if ("append" in edit) return now === null ? edit.append : `${now} ${edit.append}`;
    if ("prepend" in edit) return now === null ? edit.prepend : `${edit.prepend} ${now}`;
    const members = now === null ? [] : now.split(";");
    if ("tag" in edit) return system.raw(cell, [...members, edit.tag].sort());
    return members.length < 2 ? null : system.raw(cell, members.slice(1));
  }

  /** Users type blanks around texts; the canonical form has none. */
  function padded(cell: string, value: FieldValue): RawValue {
    return typeof value === "string" && types.get(cell)?.kind !== "choice" ? value : system.raw(cell, value);
  }
}
