import { writeFile } from "node:fs/promises";
import { drawOrderScenario, drawScenario } from "./draw-scenario.ts";
import { checkOrder } from "./order.ts";
import { play } from "./play.ts";
import type { Scenario } from "./scenario.ts";
import { shrink } from "./shrink.ts";
import { tellScenario } from "./tell-scenario.ts";

/** One way of looking for broken promises in a scenario: playing it, or telling its events in other orders. */
type Way = {
  readonly draw: (seed: number) => Scenario;
  readonly failuresIn: (scenario: Scenario) => Promise<readonly string[]>;
  readonly testBody: string;
  readonly imports: string;
};

const ways: readonly Way[] = [
  {
    draw: drawScenario,
    failuresIn: async (scenario) => (await play(scenario)).failures,
    testBody: "expect((await play(scenario)).failures).toEqual([]);",
    imports: `import { play } from "../play.ts";`,
  },
  {
    draw: drawOrderScenario,
    failuresIn: checkOrder,
    testBody: "expect(await checkOrder(scenario)).toEqual([]);",
    imports: `import { checkOrder } from "../order.ts";`,
  },
];

/** Reduces a failing seed to a short story, and writes it down as a test. Returns the exit code. */
export async function shrinkSeed(seed: number): Promise<number> {
  for (const way of ways) {
    const whole = way.draw(seed);
    const [first] = await failuresOf(way, whole);
    if (first === undefined) continue;
    await shrinkTo(way, whole, first);
    return 1;
  }
  process.stdout.write(`Seed ${seed} does not fail.\n`);
  return 0;
}

async function shrinkTo(way: Way, whole: Scenario, first: string): Promise<void> {
  const kind = kindOf(first);
  let tries = 0;
  const small = await shrink(whole, async (scenario) => {
    tries++;
    return (await failuresOf(way, scenario)).some((failure) => kindOf(failure) === kind);
  });
  const failures = await failuresOf(way, small);
  const { log } = await play(small, { keepsLog: true }).catch(() => ({ log: [] }));
  const name = `seed-${whole.seed}.test.ts`;
  await writeFile(new URL(`./regressions/${name}`, import.meta.url), testOf(way, small, failures[0] ?? first));
  const told = way === ways[0] ? [...log.filter(isTelling).slice(0, linesMax), ""] : [];
  const story = [...tellScenario(small), "", ...told, ...failures];
  process.stdout.write(`${story.join("\n")}\n\nShrunk in ${tries} runs; sim/regressions/${name} is ready.\n`);
}

const linesMax = 400;

/** What people, systems and decisions did; not what the engine says of its own going. */
function isTelling(line: string): boolean {
  return !/ e\d+\.\d+ \{| {2}commit | waits$| ends as no-op$/.test(line);
}

/** What throws out of a run is a failure of it like any other. */
function failuresOf(way: Way, scenario: Scenario): Promise<readonly string[]> {
  return way.failuresIn(scenario).catch((error: unknown) => [String(error)]);
}

/** The promise that was broken: another one is another story. */
function kindOf(failure: string): string {
  return /^(I\d+|[a-z-]+:)/.exec(failure)?.[0] ?? failure.slice(0, 30);
}

function testOf({ imports, testBody }: Way, scenario: Scenario, failure: string): string {
  return `import { expect, test } from "vitest";
${imports}
import type { Scenario } from "../scenario.ts";

// It failed with: ${failure.replaceAll("\n", " ").slice(0, 200)}
const scenario: Scenario = ${JSON.stringify(scenario, null, 2)};

test("seed ${scenario.seed}", async () => {
  ${testBody}
});
`;
}
