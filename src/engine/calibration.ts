import type { Calibration } from "../core/match/scored/model.ts";
import type { Instant } from "../model/time.ts";

/** Documents of the store: by entity what people's decisions taught about matching. */
export const calibrationKind = "matching-calibration";

export type Calibrated = {
  /** Grows by 1 with each lesson. */
  readonly version: number;
  readonly at: Instant;
  /** How many decisions it was learned from. */
  readonly decisions: number;
  readonly calibration: Calibration;
};
