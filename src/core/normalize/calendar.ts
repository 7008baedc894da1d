/** Days of a month (1 to 12) in the Gregorian calendar, also before its time, as ISO 8601 has it. */
export function daysInMonth(year: number, month: number): number {
  if (month === 2) return isLeap(year) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

export const dayMs = 86_400_000;

/** The first and the last ms that four digits of year can name: 0001-01-01 and 9999-12-31, UTC. */
export const yearMsMin = -62_135_596_800_000;
export const yearMsMax = 253_402_300_799_999;
