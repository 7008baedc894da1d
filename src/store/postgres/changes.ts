import type { Filing } from "../../core/match/nominate.ts";
import type { GoldenId, GoldenRecord } from "../../model/golden.ts";
import type { RecordKey, SystemId } from "../../model/record.ts";
import type { CommitUnit } from "../../ports/store.ts";
import { type IndexedRecord, recordsOf, searchTextsOf, workOf } from "../../ports/store-index.ts";
import { toStored } from "../../ports/store-text.ts";
import type { BlockRow } from "./blocks.ts";

/** What is stored about a golden record, apart from its document; texts are JSON, as they were written. */
export type Stored = {
  readonly version: number;
  readonly records: string;
  readonly keys: string;
  readonly work: string;
  readonly texts: string;
  readonly blocks: string;
  /** What its records say, for matching; stands in a table of its own. */
  readonly says: string;
};

/** Who has the records and identity keys that a commit wants. */
export type Owners = {
  readonly records: ReadonlyMap<RecordKey, GoldenId>;
  readonly keys: ReadonlyMap<string, GoldenId>;
};

/** Stands after the lanes: behind, but not due. */
const laneNotDue = 3;

/** A row of the table `due`, less the golden record. */
export type Work = readonly [
  system: SystemId,
  lane: number,
  dueAt: number,
  /** How many links are behind, and since when. */
  links: number,
  since: number | null,
];

export type GoldenRow = Stored & { readonly golden: GoldenRecord; readonly isNew: boolean };
type RecordRow = {
  readonly key: RecordKey;
  readonly id: string;
  readonly goldenId: GoldenId;
  readonly linked: boolean;
};
type Named<Name extends string> = { readonly [name in Name]: string } & { readonly goldenId: GoldenId };

type WorkRow = { readonly goldenId: GoldenId; readonly work: Work };

/** The rows that a commit changes, over all its units. */
export type GoldenChanges = {
  readonly goldens: GoldenRow[];
  readonly recordsGone: RecordKey[];
  readonly recordsNew: RecordRow[];
  readonly recordsChanged: RecordRow[];
  readonly keysGone: string[];
  readonly keysNew: Named<"key">[];
  readonly workGone: WorkRow[];
  readonly workNew: WorkRow[];
  readonly textsGone: Named<"text">[];
  readonly textsNew: Named<"text">[];
  readonly blocksGone: BlockRow[];
  readonly blocksNew: BlockRow[];
  readonly profilesGone: GoldenId[];
  readonly profilesNew: Named<"says">[];
  /** What is added to the totals: golden/contact, link/crm. */
  readonly counters: Map<string, number>;
};

/** Compares the golden records of units that fit with what is stored about them. */
export function changesOf(
  units: readonly CommitUnit[],
  before: ReadonlyMap<GoldenId, Stored>,
  owners: Owners,
): GoldenChanges {
  const changes: GoldenChanges = {
    goldens: [],
    recordsGone: [],
    recordsNew: [],
    recordsChanged: [],
    keysGone: [],
    keysNew: [],
    workGone: [],
    workNew: [],
    textsGone: [],
    textsNew: [],
    blocksGone: [],
    blocksNew: [],
    profilesGone: [],
    profilesNew: [],
    counters: new Map(),
  };
  for (const { golden, keys } of units) {
    if (golden !== null && keys !== null) giveKeysUp(changes, keys, before.get(golden.id));
  }
  const free = freeKeys(changes, owners);
  for (const unit of units)
    if (unit.golden !== null) addGolden(changes, unit, unit.golden, before.get(unit.golden.id), free);
  return changes;
}

function giveKeysUp(changes: GoldenChanges, keys: readonly string[], stored: Stored | undefined): void {
  if (stored === undefined || stored.keys === JSON.stringify(keys)) return;
  changes.keysGone.push(...parseKeys(stored.keys).filter((key) => !keys.includes(key)));
}

/** Takes a key that nobody has, or that is given up in this commit; once. */
function freeKeys(changes: GoldenChanges, owners: Owners): (key: string) => boolean {
  const gone = new Set(changes.keysGone);
  const taken = new Set<string>();
  return (key) => {
    if (taken.has(key) || (owners.keys.has(key) && !gone.has(key))) return false;
    taken.add(key);
    return true;
  };
}

function addGolden(
  changes: GoldenChanges,
  unit: CommitUnit,
  golden: GoldenRecord,
  stored: Stored | undefined,
  take: (key: string) => boolean,
): void {
  changes.goldens.push({
    golden,
    isNew: stored === undefined,
    version: golden.version,
    records: addRecords(changes, golden, stored),
    keys: addKeys(changes, golden.id, unit.keys, stored, take),
    work: addWork(changes, golden.id, unit, stored),
    texts: addTexts(changes, golden, stored),
    blocks: addBlocks(changes, golden.id, unit.filing, stored),
    says: addProfile(changes, golden.id, unit.filing, stored?.says ?? ""),
  });
  if (stored === undefined) count(changes, `golden/${golden.entity}`, 1);
}

function addRecords(changes: GoldenChanges, golden: GoldenRecord, stored: Stored | undefined): string {
  const records = recordsOf(golden);
  const text = recordsText(records);
  if (text === stored?.records) return text;
  const before = stored === undefined ? new Map<RecordKey, boolean>() : parseRecords(stored.records);
  for (const [key, { ref, linked }] of records) {
    const row = { key, id: ref.id, goldenId: golden.id, linked };
    if (!before.has(key)) changes.recordsNew.push(row);
    else if (before.get(key) !== linked) changes.recordsChanged.push(row);
    if (linked) count(changes, `link/${systemOf(key)}`, 1);
  }
  for (const [key, linked] of before) {
    if (!records.has(key)) changes.recordsGone.push(key);
    if (linked) count(changes, `link/${systemOf(key)}`, -1);
  }
  return text;
}

/** JSON of the records' keys; "+" before those that are linked, "-" before the others. */
function recordsText(records: ReadonlyMap<RecordKey, IndexedRecord>): string {
  return JSON.stringify([...records].map(([key, { linked }]) => (linked ? "+" : "-") + key));
}

/** True for those that are linked. */
export function parseRecords(text: string): ReadonlyMap<RecordKey, boolean> {
  const keys: readonly string[] = JSON.parse(text);
  return new Map(keys.map((key) => [key.slice(1), key.startsWith("+")]));
}

function systemOf(key: RecordKey): SystemId {
  return key.slice(0, key.indexOf("/"));
}

function addKeys(
  changes: GoldenChanges,
  goldenId: GoldenId,
  keys: readonly string[] | null,
  stored: Stored | undefined,
  take: (key: string) => boolean,
): string {
  if (keys === null) return stored?.keys ?? "[]";
  const wanted = JSON.stringify(keys);
  if (wanted === stored?.keys) return wanted;
  const own = new Set(stored === undefined ? [] : parseKeys(stored.keys));
  const has = keys.filter((key) => own.has(key) || take(key));
  changes.keysNew.push(...has.filter((key) => !own.has(key)).map((key) => ({ key, goldenId })));
  return JSON.stringify(has);
}

export function parseKeys(text: string): readonly string[] {
  return JSON.parse(text);
}

/** Written anew even where nothing changed: leases end with a commit. */
function addWork(changes: GoldenChanges, goldenId: GoldenId, unit: CommitUnit, stored: Stored | undefined): string {
  const rows = workOf(unit).map(
    ({ system, due, behind, behindSince }): Work => [
      system,
      due?.lane ?? laneNotDue,
      due?.at ?? 0,
      behind,
      behindSince,
    ],
  );
  const before: readonly Work[] = stored === undefined ? [] : JSON.parse(stored.work);
  for (const work of before) changes.workGone.push({ goldenId, work });
  for (const work of rows) changes.workNew.push({ goldenId, work });
  return JSON.stringify(rows);
}

function addTexts(changes: GoldenChanges, golden: GoldenRecord, stored: Stored | undefined): string {
  const texts = searchTextsOf(golden);
  const text = JSON.stringify(texts);
  if (text === stored?.texts) return text;
  const before = new Set<string>(stored === undefined ? [] : JSON.parse(stored.texts));
  for (const one of texts) if (!before.delete(one)) changes.textsNew.push({ text: one, goldenId: golden.id });
  for (const one of before) changes.textsGone.push({ text: one, goldenId: golden.id });
  return text;
}

function addBlocks(
  changes: GoldenChanges,
  goldenId: GoldenId,
  filing: Filing | null,
  stored: Stored | undefined,
): string {
  const present = stored?.blocks ?? "[]";
  if (filing === null) return present;
  const text = JSON.stringify(filing.keys);
  if (text === present) return text;
  const before = new Set<number>(JSON.parse(present));
  for (const key of filing.keys) if (!before.delete(key)) changes.blocksNew.push({ key, goldenId });
  for (const key of before) changes.blocksGone.push({ key, goldenId });
  return text;
}

function addProfile(changes: GoldenChanges, goldenId: GoldenId, filing: Filing | null, before: string): string {
  if (filing === null || toStored(filing.says) === before) return before;
  if (filing.says === "") changes.profilesGone.push(goldenId);
  else changes.profilesNew.push({ says: filing.says, goldenId });
  return filing.says;
}

function count({ counters }: GoldenChanges, name: string, by: number): void {
  counters.set(name, (counters.get(name) ?? 0) + by);
}
