import { parseDuration } from "../config/duration.ts";
import { CliError, exitUsage } from "./exit.ts";

/** A moment from the command line: "30d" and "2h" ago, or a date with or without time and zone (UTC without). */
export function moment(option: string, text: string, now: number): number {
  const ago = parseDuration(text);
  if (ago !== null) return now - ago;
  const isDay = /^\d{4}-\d\d-\d\d$/u.test(text);
  const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?<zone>Z|[+-]\d\d:\d\d)?$/u.exec(text);
  const at =
    isDay || isTime?.groups?.["zone"] !== undefined ? Date.parse(text) : isTime ? Date.parse(`${text}Z`) : Number.NaN;
  if (!Number.isNaN(at)) return at;
  throw new CliError(`${option} takes a time ago (2h, 30d) or a date (2026-11-24T15:00), not "${text}".`, exitUsage);
}
