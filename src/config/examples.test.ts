import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { problemText } from "./problem.ts";
import { load } from "./testing.ts";

const folder = fileURLToPath(new URL("../../examples", import.meta.url));
const files = globSync("*/truce.{yaml,config.ts}", { cwd: folder });

test("there are examples", () => expect(files.length).toBeGreaterThan(2));

test.each(files)("the example %s has nothing wrong with it", async (file) => {
  const { config, problems } = await load(`${folder}/${file}`, { env: {}, references: false });
  expect(problems.map(problemText)).toEqual([]);
  expect(config).not.toBeNull();
});

test("the guide to files shows the example as it is", () => {
  const guide = readFileSync(`${folder}/../docs/connectors/files.md`, "utf8");
  const [, ...lines] = readFileSync(`${folder}/drop-folder/truce.yaml`, "utf8").split("\n");
  expect(guide).toContain(`\`\`\`yaml\n${lines.join("\n")}\`\`\``);
});
