import { CliError, exitUsage } from "./exit.ts";

/** A whole number from the command line. */
export function wholeNumber(option: string, text: string, max = 999_999_999): number {
  if (/^\d{1,9}$/u.test(text) && Number(text) <= max) return Number(text);
  throw new CliError(
    `${option} takes a whole number${max === 999_999_999 ? "" : ` up to ${max}`}, not "${text}".`,
    exitUsage,
  );
}
