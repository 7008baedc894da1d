/** A date of birth in numbers; 0 for a part that is not known. */
export type BirthDate = {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly digits: string;
};

export const birthLevels = [
  "same",
  "slip",
  "year alone same",
  "two of three parts",
  "same year",
  "near",
  "different",
] as const;

const named: Readonly<Record<string, number>> = {
  jan: 1,
  feb: 2,
  mar: 3,
  apr: 4,
  may: 5,
  mai: 5,
  jun: 6,
  jul: 7,
  aug: 8,
  sep: 9,
  oct: 10,
  okt: 10,
  nov: 11,
  dec: 12,
  dez: 12,
};

/**
 * Reads a date of birth in the notations exports hold: 1984-03-17, 19840317, 17.03.1984, 03/17/1984 (day first unless that is impossible),
 * 17 Mar 1984, 1984. Parts that cannot be are kept as typed, since typing errors are what is compared. Null when no year is found.
 */
export function birthDateOf(text: string): BirthDate | null {
  const trimmed = text.trim().toLowerCase();
  const compact = /^(\d{4})(\d{2})(\d{2})$/.exec(trimmed);
  if (compact !== null) return birthDate(compact[1], compact[2], compact[3]);
  const yearFirst = /^(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2}))?/.exec(trimmed);
  if (yearFirst !== null) return birthDate(yearFirst[1], yearFirst[2], yearFirst[3]);
  const yearLast = /^(\d{1,2})[-/. ]+(\d{1,2})[-/. ]+(\d{4})/.exec(trimmed);
  if (yearLast !== null) {
    const [first, second] = [Number(yearLast[1]), Number(yearLast[2])];
    return second > 12
      ? birthDate(yearLast[3], yearLast[1], yearLast[2])
      : birthDate(yearLast[3], String(second), String(first));
  }
  const words = trimmed
    .match(/[a-z]{3,}/g)
    ?.map((word) => named[word.slice(0, 3)])
    .find((month) => month !== undefined);
  const year = /\b\d{4}\b/.exec(trimmed)?.[0];
  if (year === undefined) return null;
  const day = words === undefined ? undefined : /\b\d{1,2}\b/.exec(trimmed)?.[0];
  return birthDate(year, words === undefined ? undefined : String(words), day);
}

export function birthDate(year?: string, month?: string, day?: string): BirthDate | null {
  const parts = [Number(year ?? 0) || 0, Number(month ?? 0) || 0, Number(day ?? 0) || 0] as const;
  if (parts[0] === 0) return null;
  const digits =
    String(parts[0]).padStart(4, "0") + String(parts[1]).padStart(2, "0") + String(parts[2]).padStart(2, "0");
  return { year: parts[0], month: parts[1], day: parts[2], digits };
}

/** The first of January stands for "some time in that year" far more often than for a birthday. */
export const isYearAlone = (date: BirthDate): boolean => date.month === 0 || (date.month === 1 && date.day === 1);

export function compareBirthDates(a: BirthDate, b: BirthDate): number {
  const yearAlone = isYearAlone(a) || isYearAlone(b);
  if (yearAlone)
    return a.year === b.year ? 2 : Math.abs(a.year - b.year) <= 1 ? 5 : oneDigitOff(a.digits, b.digits, 4) ? 5 : 6;
  const equal = Number(a.year === b.year) + Number(a.month === b.month) + Number(a.day === b.day);
  if (equal === 3) return 0;
  // A slip is in one place: it leaves a part as it was.
  if (equal === 0) return 6;
  if (isSlip(a, b)) return 1;
  if (equal === 2) return 3;
  if (a.year === b.year) return 4;
  return Math.abs(a.year - b.year) <= 1 ? 5 : 6;
}

function isSlip(a: BirthDate, b: BirthDate): boolean {
  if (a.year === b.year && a.month === b.day && a.day === b.month) return true;
  return oneDigitOff(a.digits, b.digits, 8);
}

/** One digit differs, or two neighbours are exchanged, among the first `length`. */
function oneDigitOff(a: string, b: string, length: number): boolean {
  let differing = 0;
  let first = -1;
  for (let i = 0; i < length; i++) {
    if (a.charCodeAt(i) === b.charCodeAt(i)) continue;
    if (++differing > 2) return false;
    if (first < 0) first = i;
    else if (i !== first + 1) return false;
  }
  if (differing < 2) return true;
  return a.charCodeAt(first) === b.charCodeAt(first + 1) && a.charCodeAt(first + 1) === b.charCodeAt(first);
}
