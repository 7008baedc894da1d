import type { Answer } from "../../src/server/client.ts";
import { t } from "./text.ts";

export type Hold = Answer<"listHolds">["items"][number];
export type HoldDetail = Answer<"getHold">;
export type RecordView = Answer<"getRecord">;
export type Line = Answer<"listJournal">["items"][number];
export type Source = Line["source"];
export type Value = Line["to"];
export type Overview = Answer<"getOverview">;
export type SystemView = Overview["systems"][number];

/** A value as one line of text; a blank is "". */
export function valueText(value: Value | undefined): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return t(value ? "value.true" : "value.false");
  return "amount" in value ? `${value.amount} ${value.currency}` : value.join(", ");
}

export function systemOf(source: Source): string | null {
  return source.kind === "record" ? source.ref.system : null;
}

export function sourceText(source: Source): string {
  if (source.kind === "person") return source.name;
  if (source.kind === "rule") return t("source.rule", { rule: source.rule });
  return source.author === null
    ? source.ref.system
    : t("source.by", { author: source.author, system: source.ref.system });
}

const units: readonly (readonly [unit: Intl.RelativeTimeFormatUnit & string, ms: number])[] = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1_000],
];

/** "3 min", "2 h": in its largest fitting unit. */
export function spanText(ms: number): string {
  for (const [unit, size] of units) {
    if (ms < size) continue;
    return new Intl.NumberFormat("en", { style: "unit", unit, unitDisplay: "short" }).format(Math.floor(ms / size));
  }
  return t("time.now");
}

export function agoText(at: number, now: number): string {
  return now - at < 1_000 ? t("time.now") : t("time.ago", { span: spanText(now - at) });
}

const dateTime = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });

export function timeText(at: number): string {
  return dateTime.format(at);
}

/** How long ago something was that is known to lie within an interval: told as exactly as it is known, and no more than is of use. */
export function whenText({ from, until }: { readonly from: number; readonly until: number }, now: number): string {
  const half = (until - from) / 2;
  const middle = (from + until) / 2;
  const age = now - middle;
  // Without a beginning nothing is known but that it was by then.
  if (from === 0) return agoText(until, now);
  if (half < 500 || half * 20 < age) return agoText(middle, now);
  if (half * 2 < age)
    return `${agoText(middle, now)} ${t("time.uncertain", { span: spanText(Math.max(1_000, half)) })}`;
  return t("time.between", { least: spanText(now - until), most: spanText(now - from) });
}

/** "firstName" as people write it. */
export function fieldText(name: string): string {
  const words = name.replaceAll(/([a-z])([A-Z])/gu, "$1 $2").replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1).toLowerCase();
}

export function entityText(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
