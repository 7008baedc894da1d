import { crossings, crossingsIn } from "./crossings.ts";
import type { Calibration, Model, PairOf } from "./model.ts";
import { lastComparison, logOddsOf } from "./score.ts";

/** A person's answer about a pair. */
export type Decision = { readonly pair: PairOf; readonly same: boolean };

/**
 * Fits the layer on top of the weights to decisions: logistic regression on the log odds and the crossings, held near "change nothing" (scale 1,
 * shift 0), so that a handful of decisions moves it little. Deterministic. `model` is the one to improve, its own calibration ignored.
 */
export function calibrate(decisions: readonly Decision[], model: Model): Calibration {
  const plain: Model = { ...model, weights: { ...model.weights, calibration: null } };
  const rows = decisions.map(({ pair: [a, b], same }) => {
    const logOdds = Math.max(-12, Math.min(12, logOddsOf(a, b, plain)));
    return { x: [1, logOdds, ...crossingsIn(lastComparison(plain).levels)], y: same ? 1 : 0 };
  });
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
