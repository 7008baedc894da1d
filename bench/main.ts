import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** `npm run bench -- NAME [--json] [options]`: runs one benchmark, which prints one line of JSON a result. Without a name, lists them. */
const folder = import.meta.dirname;
const names = readdirSync(folder)
  .filter((file) => file.endsWith(".ts") && file !== "main.ts")
  .map((file) => file.slice(0, -3));

const [name = "", ...rest] = process.argv.slice(2);
if (names.includes(name) && existsSync(join(folder, `${name}.ts`))) {
  // Each is a program of its own and reads its own arguments; they all speak JSON, so the flag has nothing to switch.
  process.argv.splice(2, process.argv.length, ...rest.filter((one) => one !== "--json"));
  await import(`./${name}.ts`);
} else {
  process.stderr.write(
    `${name === "" ? "Which benchmark?" : `There is no benchmark "${name}".`} There are: ${names.join(", ")}.\n`,
  );
  process.exitCode = 2;
}
