import { expect, test } from "vitest";
import { loadYaml } from "../src/config/load-config.ts";
import { demoConfig } from "./config.ts";
import { demoPolicy } from "./policy.ts";

test("the config that the console shows is the policy that the demo runs by", () => {
  const { config, problems } = loadYaml("truce.yaml", demoConfig(), { env: {}, references: false });
  expect(problems).toEqual([]);
  const { entities } = demoPolicy();
  for (const name of Object.keys(entities)) {
    const { merges: _, ...shown } = { ...config?.policy.entities[name] };
    expect(shown).toEqual(entities[name]);
  }
});
