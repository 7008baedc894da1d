import { stripVTControlCharacters } from "node:util";
import pc from "picocolors";
import { type FieldValue, isBlank } from "../model/value.ts";

/** Colours for standard output: on a terminal only, and not against NO_COLOR or --no-color. */
export const color = pc.createColors(isColored(process.stdout));
/** The same for standard error. */
export const remarkColor = pc.createColors(isColored(process.stderr));

function isColored(stream: { readonly isTTY?: boolean }): boolean {
  if (process.env["NO_COLOR"] || process.argv.includes("--no-color")) return false;
  return process.env["FORCE_COLOR"] !== undefined || (stream.isTTY === true && process.env["TERM"] !== "dumb");
}

/** One JSON value as a line of standard output, for scripts. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

export function print(text = ""): void {
  process.stdout.write(`${text}\n`);
}

/** Progress and remarks: never among the results. */
export function remark(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Rows in aligned columns, the first row as the heading. Columns of numbers stand to the right. */
export function table(rows: readonly (readonly (string | number)[])[]): string {
  const texts = rows.map((row) => row.map((cell) => (typeof cell === "number" ? numberText(cell) : cell)));
  const widths = (texts[0] ?? []).map((_, i) => Math.max(...texts.map((row) => widthOf(row[i] ?? ""))));
  const isNumeric = (i: number) => rows.length > 1 && rows.slice(1).every((row) => typeof row[i] === "number");
  const line = (row: readonly string[]) =>
    row
      .map((text, i) => {
        const space = " ".repeat(Math.max(0, (widths[i] ?? 0) - widthOf(text)));
        return isNumeric(i) ? space + text : text + space;
      })
      .join("  ")
      .trimEnd();
  return texts.map((row, i) => (i === 0 ? color.dim(line(row)) : line(row))).join("\n");
}

function widthOf(text: string): number {
  return [...stripVTControlCharacters(text)].length;
}

export function numberText(value: number): string {
  return value.toLocaleString("en-US");
}

/** "1 hold", "2 holds" */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${numberText(count)} ${count === 1 ? noun : plural}`;
}

/** What systems and people wrote, with nothing in it that a terminal would obey: control and text direction characters. */
export function safeText(text: string): string {
  return text.replaceAll(/[\p{Cc}\u{202A}-\u{202E}\u{2066}-\u{2069}]/gu, " ");
}

/** A field's value for people; a blank is shown as such. */
export function valueText(value: FieldValue | undefined): string {
  if (isBlank(value)) return color.dim("(blank)");
  if (typeof value === "string") return safeText(value);
  if (typeof value === "boolean") return value ? "true" : "false";
  return "amount" in value ? `${value.amount} ${value.currency}` : safeText(value.join(", "));
}

export function timeText(at: number): string {
  return new Date(at)
    .toISOString()
    .replace("T", " ")
    .replace(/\.\d+Z$/u, "Z");
}

/** A span of time in its largest fitting unit: "850 ms", "12 s", "3 min", "2 h", "5 d". */
export function spanText(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 120_000) return `${Math.round(ms / 1_000)} s`;
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`;
  return ms < 172_800_000 ? `${Math.round(ms / 3_600_000)} h` : `${Math.round(ms / 86_400_000)} d`;
}
