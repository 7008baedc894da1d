import { expect, test } from "vitest";
import { loadYaml } from "../src/config/load-config.ts";
import { demoConfig } from "./config.ts";
import { demoPolicy } from "./policy.ts";
import { openRest } from "./systems/rest.ts";
import type { Connection } from "./systems/system.ts";

test("the config that the console shows, and the demo runs by, is one without a problem", async () => {
  const tool = await openRest("tool", { seed: 1, speed: 1 });
  try {
    const { shape } = tool;
    const database: Connection = { kind: "postgres", options: { url: "postgres://127.0.0.1/company" } };
    const systems = [
      { name: "db", shape, connection: database },
      { name: "tool", shape, connection: tool.connection },
    ];
    const yaml = demoConfig(systems, ["company", "contact", "deal"]);
    const { problems } = loadYaml("truce.yaml", yaml, { env: {}, references: false });
    expect(problems).toEqual([]);
    const { entities } = demoPolicy(yaml);
    expect(Object.keys(entities)).toEqual(["company", "contact", "deal"]);
    expect(entities["deal"]?.fields["contact"]?.type).toEqual({ kind: "reference", to: "contact" });
    expect(entities["contact"]?.mappings.map(({ system }) => system)).toEqual(["db", "tool"]);
  } finally {
    await tool.close();
  }
});
