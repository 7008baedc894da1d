import { dayMs, daysInMonth, yearMsMax, yearMsMin } from "./calendar.ts";
import { accepted, type Normalized, quote, refused, type Scalar } from "./normalized.ts";

/**
 * A calendar date, YYYY-MM-DD, years 0001 to 9999. Taken from year-first dates, and from midnight UTC as ISO date-time or epoch ms. A time of
 * day is not dropped and 03/04/2025 is not guessed at: both are refused.
 */
export function normalizeDate(raw: Scalar): Normalized {
  if (typeof raw === "boolean") return refused(`${raw} is not a date like 2025-04-03`);
  if (typeof raw === "number") return fromEpochMs(raw, raw);
  const match = yearFirst.exec(raw);
  if (match !== null) return fromParts(raw, Number(match[1]), Number(match[3]), Number(match[4]), match[5]);
  if (wholeNumber.test(raw)) return fromEpochMs(Number(raw), raw);
  return refused(`${quote(raw)} ${remedy(raw)}`);
}

/** Year, month and day with one separator, then perhaps a time. */
const yearFirst = /^(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?:[T ](.{5,40}))?$/i;
const midnight = /^00:00(?::00(?:\.0{1,9})?)?(?:Z| ?UTC|[+-]00(?::?00)?)?$/i;
const wholeNumber = /^(?:0|-?[1-9]\d{0,14})$/;

function fromParts(raw: string, year: number, month: number, day: number, time: string | undefined): Normalized {
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) {
    return refused(`${quote(raw)} is not in the calendar; a date looks like 2025-04-03`);
  }
  if (time !== undefined && !midnight.test(time)) {
    return refused(
      `${quote(raw)} has a time of day or a zone; a date, or midnight UTC, is needed (or the type \`datetime\`)`,
    );
  }
  return accepted(`${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`);
}

function fromEpochMs(ms: number, raw: Scalar): Normalized {
  if (!Number.isInteger(ms) || ms % dayMs !== 0 || ms < yearMsMin || ms > yearMsMax) {
    return refused(`${quote(raw)} is not a date: as a number it must be midnight UTC in ms, else write 2025-04-03`);
  }
  return accepted(new Date(ms).toISOString().slice(0, 10));
}

function remedy(raw: string): string {
  if (dayOrMonthFirst.test(raw)) return "may be day or month first; write the year first, as in 2025-04-03";
  return "is not a date; write it as 2025-04-03";
}

const dayOrMonthFirst = /^\d{1,2}[-/. ]+\d{1,2}[-/. ]+\d{2,4}/;

function pad(number: number, width: number): string {
  return String(number).padStart(width, "0");
}
