/** Milliseconds since the Unix epoch, UTC, by Truce's own clock unless said otherwise. */
export type Instant = number;

/** When something happened, as well as it is known: not before `from`, not after `until`. Systems' clocks are skewed, so moments are intervals. */
export type Interval = { readonly from: Instant; readonly until: Instant };

/** -1 when `a` surely happened before `b`, 1 when surely after, 0 when they overlap: then no clock can tell. */
export function compareIntervals(a: Interval, b: Interval): -1 | 0 | 1 {
  if (a.until < b.from) return -1;
  if (a.from > b.until) return 1;
  return 0;
}
