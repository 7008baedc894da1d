import { featureIndex as at } from "./feature.ts";
import type { Calibration } from "./model.ts";

/** Evidence that says more, or less, together than its parts: what a person's decisions can teach about these is kept apart from the weights. */
export const crossings = [
  "whole name and mailbox",
  "whole name and phone",
  "whole name alone",
  "initial at one address or phone",
  "another given name at one mailbox",
  "another surname, same birth date",
] as const;

/** Which crossings the levels of a comparison show, as 0 or 1 each. */
export function crossingsIn(levels: Int8Array): number[] {
  const is = (feature: number, from: number, to: number) =>
    (levels[feature] as number) >= from && (levels[feature] as number) <= to;
  const whole = is(at.given, 0, 2) && is(at.family, 0, 2);
  const mailbox = is(at.email, 0, 0);
  const phone = is(at.phone, 0, 1);
  const home = phone || is(at.street, 0, 1);
  return [
    whole && mailbox,
    whole && phone,
    whole && !mailbox && !home && !is(at.birth, 0, 3),
    is(at.given, 3, 3) && home,
    is(at.given, 6, 7) && is(at.email, 0, 2),
    is(at.family, 5, 5) && is(at.birth, 0, 1),
  ].map(Number);
}

/** The log odds after the layer. */
export function calibrated(logOdds: number, levels: Int8Array, { shift, scale, crossed }: Calibration): number {
  const found = crossingsIn(levels);
  return found.reduce((sum, present, k) => sum + present * (crossed[k] ?? 0), shift + scale * logOdds);
}
