import type { JournalEntry } from "../model/journal.ts";
import { recordKey } from "../model/record.ts";
import type { JournalFilter, Store } from "../ports/store.ts";

export type JournalLine = JournalEntry & { readonly sequence: number };

/** Which lines of the journal: what the store looks up, and what is looked for among them. */
export type JournalQuery = Omit<JournalFilter, "limit" | "after"> & {
  /** Lines about a value from this system, or about a record in it. */
  readonly system?: string;
  /** The rule or reason as the journal has it: "prefer", "fast-forward" ... */
  readonly rule?: string;
  /** The observation, decision, attempt or undo that caused it. */
  readonly cause?: string;
  /** The person, or the author in a system, who set the value. */
  readonly by?: string;
};

const pageSize = 1_000;

/** The lines that a query finds, page by page, in order. Bounded memory, however long the journal is. */
export async function* scanJournal(
  store: Pick<Store, "journal">,
  { system, rule, cause, by, ...filter }: JournalQuery,
): AsyncGenerator<readonly JournalLine[]> {
  let after = 0;
  for (;;) {
    const page = await store.journal({ ...filter, after, limit: pageSize });
    const last = page.at(-1);
    if (last === undefined) return;
    after = last.sequence;
    const found = page.filter(
      (line) =>
        (system === undefined || isOf(line, system)) &&
        (rule === undefined || ruleOf(line) === rule) &&
        (cause === undefined || line.cause === cause) &&
        (by === undefined || authorOf(line) === by),
    );
    if (found.length > 0) yield found;
    if (page.length < pageSize) return;
  }
}

function isOf({ source, ref }: JournalEntry, system: string): boolean {
  return source.kind === "record" ? source.ref.system === system : ref?.system === system;
}

function ruleOf({ source, why }: JournalEntry): string {
  return source.kind === "rule" ? source.rule : why;
}

function authorOf({ source }: JournalEntry): string | null {
  if (source.kind === "person") return source.name;
  return source.kind === "record" ? source.author : null;
}

/** A value's origin in one word for tables and exports: crm/contacts/7, a person's name, a rule. */
export function originOf({ source }: JournalEntry): string {
  if (source.kind === "record") return recordKey(source.ref);
  return source.kind === "person" ? source.name : source.rule;
}
