import { daysInMonth, yearMsMax, yearMsMin } from "./calendar.ts";
import { accepted, type Normalized, quote, refused, type Scalar } from "./normalized.ts";

/**
 * A moment: YYYY-MM-DDTHH:MM:SS.mmmZ, years 0001 to 9999. Taken from ISO date-times with "Z" or an offset, and from epoch ms. Parts of a ms
 * are cut off. Without a zone it names no moment, and is refused.
 */
export function normalizeDatetime(raw: Scalar): Normalized {
  if (typeof raw === "boolean") return refused(`${raw} is not a moment like 2025-04-03T10:20:30Z`);
  if (typeof raw === "number") return fromNumber(raw, raw);
  const match = isoDatetime.exec(raw);
  if (match !== null) return fromParts(raw, match);
  if (wholeNumber.test(raw)) return fromNumber(Number(raw), raw);
  return refused(`${quote(raw)} is not a moment like 2025-04-03T10:20:30Z or 2025-04-03T12:20:30+02:00`);
}

const isoDatetime =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?: ?(Z|UTC)|([+-])(\d\d)(?::?(\d\d))?)?)?$/i;
const wholeNumber = /^-?[1-9]\d{0,14}$/;

function fromParts(raw: string, match: RegExpExecArray): Normalized {
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  if (match[4] === undefined) return refused(`${quote(raw)} names a day without a time; ${remedy}`);
  if (match[8] === undefined && match[9] === undefined) return refused(`${quote(raw)} has no time zone; ${remedy}`);
  const [hour, minute, second] = [Number(match[4]), Number(match[5]), Number(match[6] ?? 0)];
  const offset = [Number(match[10] ?? 0), Number(match[11] ?? 0)] as const;
  const valid = year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month);
  if (!valid || hour > 23 || minute > 59 || second > 59 || offset[0] > 23 || offset[1] > 59) {
    return refused(`${quote(raw)} is not in the calendar or on the clock; a moment looks like 2025-04-03T10:20:30Z`);
  }
  const ms = Number((match[7] ?? "").padEnd(3, "0").slice(0, 3));
  const offsetMs = (offset[0] * 60 + offset[1]) * 60_000 * (match[9] === "-" ? -1 : 1);
  return fromEpochMs(utcMs(year, month, day, hour, minute, second, ms) - offsetMs, raw);
}

const remedy = "write it with Z or an offset, as in 2025-04-03T10:20:30Z";

/** `Date.UTC`, which takes years below 100 for 19xx, moved by 400 years: the calendar's whole cycle. */
function utcMs(year: number, month: number, day: number, h: number, min: number, s: number, ms: number): number {
  return Date.UTC(year + 400, month - 1, day, h, min, s, ms) - cycleMs;
}

const cycleMs = 146_097 * 86_400_000;

/** Below 10^10 (26 April 1970, in ms) a number is far more likely seconds, a year or a compact date. */
function fromNumber(number: number, raw: Scalar): Normalized {
  if (Math.abs(number) < 1e10) {
    return refused(`${quote(raw)} is too small for ms since 1970 (are they seconds?); ${remedy}`);
  }
  return fromEpochMs(number, raw);
}

function fromEpochMs(ms: number, raw: Scalar): Normalized {
  if (!Number.isInteger(ms) || ms < yearMsMin || ms > yearMsMax) {
    return refused(`${quote(raw)} is not whole ms since 1970 within the years 0001 to 9999; ${remedy}`);
  }
  return accepted(new Date(ms).toISOString());
}
