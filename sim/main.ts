import { parseArgs } from "node:util";
import { printPlanted } from "./planted/print-planted.ts";
import { replay } from "./replay.ts";
import { runSeeds } from "./run-seeds.ts";
import { shrinkSeed } from "./shrink-seed.ts";

const usage = `Usage: npm run sim -- [--seeds N] [--from SEED] [--json]   plays N seeds (default ${String(200)}) from a random one, or from SEED
       npm run sim -- --seed SEED                          plays one with a readable log
       npm run sim -- --seed SEED --shrink                 reduces a failing one to a short story and a test file
       npm run sim -- --planted                            shows that each planted bug is caught`;

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "200" },
    from: { type: "string" },
    seed: { type: "string" },
    shrink: { type: "boolean", default: false },
    planted: { type: "boolean", default: false },
    only: { type: "string" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (values.help) process.stdout.write(`${usage}\n`);
else if (values.planted) process.exitCode = await printPlanted(values.only ?? null, values.json);
else if (values.seed !== undefined && values.shrink) process.exitCode = await shrinkSeed(wholeNumber(values.seed));
else if (values.seed !== undefined) process.exitCode = await replay(wholeNumber(values.seed));
else {
  const seeds = wholeNumber(values.seeds);
  // A random start, so that no two runs are the same; printed, so that any can be.
  const from = values.from === undefined ? Math.floor(Math.random() * 2 ** 31) : wholeNumber(values.from);
  process.exitCode = await runSeeds({ seeds, from, json: values.json });
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  process.stderr.write(`${text} is not a whole number.\n${usage}\n`);
  process.exit(2);
}
