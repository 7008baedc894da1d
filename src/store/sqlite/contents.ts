import type { Filing } from "../../core/match/nominate.ts";
import type { GoldenRecord } from "../../model/golden.ts";
import type { Hold } from "../../model/hold.ts";
import type { JournalEntry } from "../../model/journal.ts";
import type { RecordRef } from "../../model/record.ts";
import type { Attempt, CursorRow, DeadLetter, Document, DueLink, InboxItem, Lane, Pin } from "../../ports/store.ts";
import { fromDoc } from "../../ports/store-doc.ts";
import { fromStored } from "../../ports/store-text.ts";
import { type ItemRow, itemOf } from "./claim.ts";
import type { Database } from "./database.ts";
import { letterOf } from "./dead-letters.ts";
import { documentOf } from "./documents.ts";
import { type LineRow, lineOf } from "./journal.ts";
import { parseKeys } from "./put-golden.ts";
import { laneNotDue, parseWork } from "./put-work.ts";

/** A golden record with what its document does not say: the identity keys that it has, how it is filed for matching, and what is due. */
export type HeldGolden = {
  readonly golden: GoldenRecord;
  readonly keys: readonly string[];
  readonly due: readonly DueLink[];
  readonly filing: Filing;
};

/** All that is left of an event that is done. */
export type DoneEvent = { readonly key: string; readonly outcome: string; readonly doneAt: number };

/** The parts of a store, and what each is made of. */
export type Contents = {
  readonly golden: HeldGolden;
  readonly hold: Hold;
  readonly journal: JournalEntry;
  readonly inbox: InboxItem;
  readonly dedupe: DoneEvent;
  readonly attempt: Attempt;
  readonly dead_letter: DeadLetter;
  readonly pin: Pin;
  readonly cursor: CursorRow;
  readonly document: Document;
};
export type Part = keyof Contents;

type Reader<P extends Part> = {
  /** What follows "select ... from". */
  readonly columns: string;
  readonly rows: string;
  // biome-ignore lint/suspicious/noExplicitAny: a row is what its columns are.
  readonly of: (row: any) => Contents[P];
};

const readers: { readonly [P in Part]: Reader<P> } = {
  golden: {
    columns: "doc, keys, work, blocks, says",
    rows: "golden left join profile on golden = seq order by seq",
    of: heldGolden,
  },
  hold: { columns: "doc", rows: "hold order by seq", of: (row) => JSON.parse(row.doc) },
  journal: { columns: "*", rows: "journal order by seq", of: (row: LineRow) => lineOf(row) },
  inbox: { columns: "*", rows: "inbox order by seq", of: (row: ItemRow & { lane: Lane }) => itemOf(row, row.lane) },
  // Those of events that wait come with their inbox items.
  dedupe: { columns: "*", rows: "dedupe where done_at is not null", of: doneEvent },
  attempt: { columns: "*", rows: "attempt", of: attemptOf },
  dead_letter: { columns: "doc, closed", rows: "dead_letter order by seq", of: letterOf },
  pin: { columns: "*", rows: "pin", of: pinOf },
  cursor: { columns: "*", rows: "cursor", of: cursorOf },
  document: { columns: "*", rows: "document", of: documentOf },
};

export const parts = Object.keys(readers) as readonly Part[];

export function sizeOf(db: Database, part: Part): number {
  return db.get<{ count: number }>(`select count(*) as count from ${readers[part].rows}`)?.count ?? 0;
}

/** A part in its order, page by page. Nothing else may be done with the database meanwhile. */
export function* pagesOf<P extends Part>(db: Database, part: P, pageSize: number): Generator<readonly Contents[P][]> {
  const { columns, rows, of } = readers[part];
  let page: Contents[P][] = [];
  for (const row of db.rows(`select ${columns} from ${rows}`)) {
    page.push(of(row));
    if (page.length < pageSize) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}

function heldGolden(row: { doc: string; keys: string; work: string; blocks: string; says: string | null }): HeldGolden {
  const due = parseWork(row.work)
    .filter(([, lane]) => lane !== laneNotDue)
    .map(([system, lane, dueAt]): DueLink => ({ system, object: "", dueAt, lane: lane as Lane }));
  const filing = { keys: JSON.parse(row.blocks), says: fromStored(row.says ?? "") };
  return { golden: fromDoc(row.doc), keys: parseKeys(row.keys), due, filing };
}

function doneEvent(row: { key: string; outcome: string; done_at: number }): DoneEvent {
  return { key: fromStored(row.key), outcome: row.outcome, doneAt: row.done_at };
}

function attemptOf(row: {
  id: string;
  golden_id: string;
  system: string;
  object: string;
  record_id: string | null;
  kind: Attempt["kind"];
  fields: string;
  started_at: number;
  ended_at: number | null;
  result: string;
}): Attempt {
  return {
    id: fromStored(row.id),
    goldenId: fromStored(row.golden_id),
    system: fromStored(row.system),
    object: fromStored(row.object),
    recordId: row.record_id === null ? null : fromStored(row.record_id),
    kind: row.kind,
    fields: JSON.parse(row.fields),
    startedAt: row.started_at,
    endedAt: row.ended_at,
    result: fromStored(row.result),
  };
}

function pinOf(row: { record: string; golden_id: string }): Pin {
  const [system = "", object = "", ...id] = fromStored(row.record).split("/");
  const ref: RecordRef = { system, object, id: id.join("/") };
  return { ref, goldenId: fromStored(row.golden_id) };
}

function cursorOf(row: CursorRow): CursorRow {
  return { name: fromStored(row.name), value: fromStored(row.value), at: row.at };
}
