import type { JournalEntry } from "../src/model/journal.ts";

/** A line of the journal in words: what became of which field of which golden record, why, and by whose word. */
export function tellEntry({ goldenId, field, kind, from, to, other, base, why, source, cause }: JournalEntry): string {
  const where = field === null ? goldenId : `${goldenId}.${field}`;
  const change = kind === "set" ? ` from ${text(from)} to ${text(to)}` : "";
  const sides = other === null ? "" : `, other ${text(other)}, base ${text(base)}`;
  const who = source.kind === "record" ? source.ref.id : source.kind === "person" ? source.name : source.rule;
  return `  journal ${where}: ${kind}${change}${sides}; ${why} (${who}, ${cause})`;
}

function text(value: unknown): string {
  return JSON.stringify(value) ?? "nothing";
}
