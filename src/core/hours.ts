import type { Instant } from "../model/time.ts";

/** Hours of each day, in minutes of it; `from` may be after `until`: over midnight. */
export type Hours = { readonly from: number; readonly until: number; readonly zone: string };

export function isWithin({ from, until, zone }: Hours, now: Instant): boolean {
  const minute = minuteOfDay(now, zone);
  return from <= until ? from <= minute && minute < until : minute >= from || minute < until;
}

function minuteOfDay(now: Instant, zone: string): number {
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  const [hours = "0", minutes = "0"] = format.format(now).split(":");
  return Number(hours) * 60 + Number(minutes);
}
