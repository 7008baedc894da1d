import { defineConfig } from "vitest/config";
import { closingLine } from "./test/closing-line.ts";

export default defineConfig({
  test: {
    include: [
      "src/**/*.test.ts",
      "sandbox/**/*.test.ts",
      "sim/**/*.test.ts",
      "test/**/*.test.ts",
      "demo/**/*.test.ts",
      "console/**/*.test.ts",
    ],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: "forks",
    globalSetup: ["test/servers/postgres-setup.ts", "test/servers/mariadb-setup.ts"],
    reporters: ["default", closingLine],
  },
});
