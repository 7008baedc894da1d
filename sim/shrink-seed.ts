import { writeFile } from "node:fs/promises";
import { drawScenario } from "./draw-scenario.ts";
import { play } from "./play.ts";
import type { Scenario } from "./scenario.ts";
import { shrink } from "./shrink.ts";
import { tellScenario } from "./tell-scenario.ts";

/** Reduces a failing seed to a short story, and writes it down as a test. Returns the exit code. */
export async function shrinkSeed(seed: number): Promise<number> {
  const whole = drawScenario(seed);
  const [first] = (await play(whole)).failures;
  if (first === undefined) {
    process.stdout.write(`Seed ${seed} does not fail.\n`);
    return 0;
  }
  const kind = kindOf(first);
  let tries = 0;
  const stillFails = async (scenario: Scenario) => {
    tries++;
    const { failures } = await play(scenario).catch((error: unknown) => ({ failures: [String(error)] }));
    return failures.some((failure) => kindOf(failure) === kind);
  };
  const small = await shrink(whole, stillFails);
  const { failures, log } = await play(small, { keepsLog: true });
  const file = new URL(`./regressions/seed-${seed}.test.ts`, import.meta.url);
  await writeFile(file, testOf(small, failures[0] ?? first));
  const story = [...tellScenario(small), "", ...log, "", ...failures];
  process.stdout.write(
    `${story.join("\n")}\n\nShrunk in ${tries} runs; sim/regressions/seed-${seed}.test.ts is ready.\n`,
  );
  return 1;
}

/** The promise that was broken: another one is another story. */
function kindOf(failure: string): string {
  return /^(I\d+|[a-z-]+:)/.exec(failure)?.[0] ?? failure.slice(0, 30);
}

function testOf(scenario: Scenario, failure: string): string {
  return `import { expect, test } from "vitest";
import { play } from "../play.ts";
import type { Scenario } from "../scenario.ts";

// It failed with: ${failure.replaceAll("\n", " ").slice(0, 200)}
const scenario: Scenario = ${JSON.stringify(scenario, null, 2)};

test("seed ${scenario.seed}", async () => {
  expect((await play(scenario)).failures).toEqual([]);
});
`;
}
