import { existsSync } from "node:fs";
import { join } from "node:path";
import { moveStore } from "../store/move.ts";
import { CliError } from "./exit.ts";
import { numberText, print, printJson } from "./output.ts";
import { createProgress } from "./progress.ts";
import { type CommonOptions, dataFolder, readConfig, storePlace } from "./session.ts";

/** `truce store move`: takes the embedded store to the PostgreSQL that the config or TRUCE_DATABASE_URL names. */
export async function moveCommand(options: CommonOptions): Promise<void> {
  const config = await readConfig(options, false);
  const target = storePlace(config);
  if ("file" in target) {
    throw new CliError("Name the PostgreSQL to move to: set TRUCE_DATABASE_URL, or settings.store in the config.");
  }
  const file = join(dataFolder(config), "store.db");
  if (!existsSync(file)) throw new CliError(`There is no embedded store to move: ${file} is not there.`);
  const progress = createProgress();
  try {
    const moved = await moveStore(file, target.url, ({ part, done, total }) => progress.set(`${part}:`, done, total));
    progress.end();
    if (options.json === true) return printJson({ moved, file });
    for (const [part, count] of Object.entries(moved))
      if (count > 0) print(`${part.padEnd(14)}${numberText(count).padStart(12)}`);
    print();
    print(`Moved. From now on every truce needs the same setting; ${file} is no longer used and may be deleted.`);
  } finally {
    progress.end();
  }
}
