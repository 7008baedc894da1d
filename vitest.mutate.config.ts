import { defineConfig } from "vitest/config";

/** What mutants of src/core are tried on: its own tests and the regressions that the simulation left. */
export default defineConfig({
  test: {
    include: ["src/core/**/*.test.ts", "sim/regressions/*.test.ts"],
    testTimeout: 60_000,
    pool: "forks",
  },
});
