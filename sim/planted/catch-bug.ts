import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { bugs } from "./bugs.ts";

/**
 * Plants one bug (its number is the argument) in this process, and plays the standard run's seeds until one fails. Prints a JSON line
 * `{ seed, message }`; `seed` is `null` when all passed.
 */
const bug = bugs[Number(process.argv[2])];
const seedsMax = Number(process.argv[3]);
if (bug === undefined) throw new Error(`There is no planted bug ${process.argv[2]}.`);
const file = new URL(`../../src/${bug.file}`, import.meta.url);
const source = readFileSync(file, "utf8");
if (source.split(bug.find).length !== 2)
  throw new Error(`"${bug.id}" no longer fits ${bug.file}: update sim/planted/bugs.ts.`);

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    return url === file.href ? { ...loaded, source: source.replace(bug.find, () => bug.put) } : loaded;
  },
});

const { playSeed } = await import("../play.ts");
const { checkOrder } = await import("../order.ts");
const { drawOrderScenario } = await import("../draw-scenario.ts");

async function failureOf(seed: number): Promise<string | null> {
  try {
    const { failures } = await playSeed(seed);
    return failures[0] ?? (seed % 4 === 0 ? ((await checkOrder(drawOrderScenario(seed)))[0] ?? null) : null);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

let caught: { readonly seed: number; readonly message: string } | null = null;
for (let seed = 1; seed <= seedsMax && caught === null; seed++) {
  const message = await failureOf(seed);
  if (message !== null) caught = { seed, message };
  await new Promise((resolve) => setImmediate(resolve));
}
process.stdout.write(`${JSON.stringify(caught ?? { seed: null, message: "" })}\n`);
