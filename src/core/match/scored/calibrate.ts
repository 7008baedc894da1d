import { crossings, crossingsIn } from "./crossings.ts";
import type { Calibration } from "./model.ts";

/** A person's answer about a pair, with what the pair showed. */
export type Decision = {
  /** As scored, without any calibration. */
  readonly logOdds: number;
  readonly levels: Int8Array;
  readonly same: boolean;
};

/**
 * Fits the layer on top of the weights to decisions: logistic regression on the log odds and the crossings, held near "change nothing" (scale 1,
 * shift 0), so that a handful of decisions moves it little. Deterministic.
 */
export function calibrate(decisions: readonly Decision[]): Calibration {
  const rows = decisions.map(({ logOdds, levels, same }) => ({
    x: [1, Math.max(-12, Math.min(12, logOdds)), ...crossingsIn(levels)],
    y: same ? 1 : 0,
  }));
  const rest = [0, 1, ...crossings.map(() => 0)];
  let weights = [...rest];
  for (let round = 0; round < rounds; round++) {
    const gradient = weights.map((weight, k) => hold * (weight - (rest[k] as number)));
    for (const { x, y } of rows) {
      const p = 1 / (1 + Math.exp(-x.reduce((sum, value, k) => sum + value * (weights[k] as number), 0)));
      x.forEach((value, k) => {
        gradient[k] = (gradient[k] as number) + (p - y) * value;
      });
    }
    // Bounded by the sum of squares, so that the descent cannot overshoot.
    const step =
      1 / (hold + rows.reduce((sum, { x }) => sum + x.reduce((all, value) => all + value * value, 0), 0) / 4);
    weights = weights.map((weight, k) => weight - step * (gradient[k] as number));
  }
  return { shift: weights[0] as number, scale: Math.max(0.1, weights[1] as number), crossed: weights.slice(2) };
}

const hold = 2;
const rounds = 3000;
