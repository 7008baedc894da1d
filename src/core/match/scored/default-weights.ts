import type { LevelShares, Weights } from "./model.ts";

/**
 * The shipped weights, one set for all kinds of things: a comparison's meaning does not change with the table it is used on. Estimates made on a
 * table (`estimate.ts`) start here and fall back here where the table shows too little. They are judgements rounded to what is known of
 * data entry and households, not fitted to any file. Raise the version with every change.
 */
export const defaultWeights: Weights = {
  version: "2026-11-24",
  calibration: null,
  priors: { same: 1e-4, household: 1e-4, colleagues: 1e-4 },
  features: {
    given: levels(
      [0.75, 0.08, 0.08, 0.04, 0.01, 0.02, 0.017, 0.003],
      [0.005, 0.0015, 0.0015, 0.02, 0.0003, 0.0197, 0.652, 0.3],
    ),
    family: levels([0.86, 0.035, 0.06, 0.01, 0.015, 0.02], [0.0012, 0.001, 0.0015, 0.004, 0.015, 0.9773], {
      household: [0.8, 0.06, 0.03, 0.01, 0.01, 0.09],
    }),
    // Names turned round agree by chance as often as names in order: only how rare the slip is counts.
    turned: levels([0.97, 0.03], [0.97, 0.35]),
    middle: levels([0.5, 0.4, 0.1], [0.02, 0.08, 0.9], { household: [0.12, 0.12, 0.76] }),
    birth: levels([0.86, 0.07, 0.02, 0.02, 0.012, 0.008, 0.01], [0.00004, 0.0004, 0.003, 0.002, 0.02, 0.02, 0.95456], {
      household: [0.01, 0.002, 0.01, 0.004, 0.03, 0.06, 0.884],
    }),
    email: levels(
      [0.6, 0.01, 0.02, 0.06, 0.05, 0.04, 0.02, 0.2],
      [0.00002, 0.00001, 0.00002, 0.0004, 0.0001, 0.0007, 0.0013, 0.99745],
      {
        household: [0.03, 0.2, 0.01, 0.005, 0.005, 0.005, 0.005, 0.74],
        colleagues: [0.01, 0.001, 0.25, 0.005, 0.005, 0.2, 0.429, 0.1],
      },
    ),
    phone: levels([0.6, 0.04, 0.005, 0.045, 0.31], [0.00003, 0.00001, 0.00001, 0.0003, 0.99965], {
      household: [0.45, 0.002, 0.003, 0.015, 0.53],
      colleagues: [0.12, 0.03, 0.15, 0.02, 0.68],
    }),
    domain: levels([0.8, 0.2], [0.002, 0.998], { colleagues: [0.9, 0.1] }),
    organisation: levels(
      [0.62, 0.12, 0.08, 0.02, 0.03, 0.03, 0.1],
      [0.001, 0.0005, 0.001, 0.0005, 0.0015, 0.02, 0.9755],
      {
        colleagues: [0.66, 0.14, 0.08, 0.02, 0.03, 0.03, 0.04],
      },
    ),
    "legal-form": levels([0.6, 0.35, 0.05], [0.25, 0.45, 0.3]),
    street: levels([0.62, 0.12, 0.04, 0.05, 0.03, 0.02, 0.12], [0.0002, 0.0002, 0.0003, 0.0005, 0.002, 0.006, 0.9908], {
      household: [0.66, 0.14, 0.03, 0.04, 0.01, 0.01, 0.11],
    }),
    "street-2": levels([0.75, 0.08, 0.05, 0.12], [0.005, 0.002, 0.013, 0.98], { household: [0.75, 0.08, 0.05, 0.12] }),
    city: levels([0.8, 0.05, 0.04, 0.11], [0.04, 0.002, 0.018, 0.94], {
      household: [0.84, 0.05, 0.04, 0.07],
      colleagues: [0.5, 0.02, 0.03, 0.45],
    }),
    postcode: levels([0.78, 0.05, 0.05, 0.12], [0.01, 0.005, 0.035, 0.95], {
      household: [0.84, 0.05, 0.04, 0.07],
      colleagues: [0.3, 0.02, 0.08, 0.6],
    }),
    region: levels([0.9, 0.02, 0.02, 0.06], [0.2, 0.005, 0.015, 0.78], {
      household: [0.94, 0.02, 0.01, 0.03],
      colleagues: [0.6, 0.01, 0.02, 0.37],
    }),
    country: levels([0.96, 0.04], [0.4, 0.6], { household: [0.98, 0.02], colleagues: [0.8, 0.2] }),
    "number-1": levels([0.85, 0.08, 0.07], [0.00005, 0.00045, 0.9995]),
    "number-2": levels([0.85, 0.08, 0.07], [0.00005, 0.00045, 0.9995]),
    "number-3": levels([0.85, 0.08, 0.07], [0.00005, 0.00045, 0.9995]),
    "external-id": levels([0.8, 0.02, 0.18], [0.0001, 0.4999, 0.5]),
    title: levels([0.25, 0.2, 0.2, 0.15, 0.1, 0.06, 0.04], [0.0001, 0.0002, 0.0007, 0.003, 0.016, 0.08, 0.9], {
      household: [0.005, 0.02, 0.08, 0.17, 0.27, 0.3, 0.155],
    }),
    code: levels([0.72, 0.12, 0.1, 0.06], [0.0005, 0.0005, 0.299, 0.7], {
      household: [0.01, 0.03, 0.14, 0.82],
    }),
    description: levels([0.1, 0.08, 0.14, 0.18, 0.2, 0.18, 0.12], [0.0003, 0.0006, 0.002, 0.007, 0.03, 0.12, 0.8401], {
      household: [0.01, 0.03, 0.1, 0.18, 0.25, 0.28, 0.15],
    }),
    authors: levels([0.8, 0.12, 0.05, 0.03], [0.002, 0.003, 0.025, 0.97], {
      household: [0.3, 0.25, 0.35, 0.1],
    }),
    venue: levels([0.4, 0.05, 0.15, 0.4], [0.1, 0.02, 0.08, 0.8], {
      household: [0.3, 0.04, 0.12, 0.54],
    }),
    year: levels([0.92, 0.05, 0.03], [0.1, 0.15, 0.75], {
      household: [0.25, 0.25, 0.5],
    }),
    brand: levels([0.85, 0.04, 0.05, 0.06], [0.03, 0.005, 0.015, 0.95], {
      household: [0.9, 0.02, 0.03, 0.05],
    }),
    price: levels([0.3, 0.3, 0.18, 0.14, 0.08], [0.01, 0.05, 0.09, 0.17, 0.68], {
      household: [0.08, 0.12, 0.15, 0.25, 0.4],
    }),
    "text-1": levels([0.7, 0.05, 0.08, 0.17], [0.1, 0.01, 0.04, 0.85]),
    "text-2": levels([0.7, 0.05, 0.08, 0.17], [0.1, 0.01, 0.04, 0.85]),
    "text-3": levels([0.7, 0.05, 0.08, 0.17], [0.1, 0.01, 0.04, 0.85]),
    "text-4": levels([0.7, 0.05, 0.08, 0.17], [0.1, 0.01, 0.04, 0.85]),
  },
};

type Kin = { readonly household?: readonly number[]; readonly colleagues?: readonly number[] };

function levels(
  same: readonly number[],
  unrelated: readonly number[],
  { household, colleagues }: Kin = {},
): LevelShares {
  return { same, unrelated, household: household ?? null, colleagues: colleagues ?? null };
}
