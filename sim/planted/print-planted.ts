import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { standardSeeds } from "../run-seeds.ts";
import { bugs } from "./bugs.ts";

/** `seed`: the standard run's seed that caught it, counted from 1; `null`: none did. */
type Caught = { readonly number: number; readonly seed: number | null; readonly message: string };

/** Longest that one bug may be looked for. One that is not found by then, or makes the engine hang, was not caught by a promise. */
const searchMsMax = 1_800_000;
const atOnce = 2;

/** Plants every bug (or those whose names contain `only`) in a process of its own, and prints the table of what caught it. Returns the exit code: 1 when one was not. */
export async function printPlanted(only: string | null, json: boolean): Promise<number> {
  const numbers = bugs.flatMap((bug, number) => (only === null || bug.id.includes(only) ? [number] : []));
  const found: Caught[] = [];
  const next = numbers.values();
  if (!json) process.stdout.write(`${line("planted bug", "in", "seeds", "broken promise")}\n`);
  const search = async () => {
    for (const number of next) {
      const caught = await catchBug(number);
      found.push(caught);
      if (!json) process.stdout.write(`${row(caught)}\n`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, search));
  const escaped = found.filter((one) => one.seed === null).map((one) => bugs[one.number]?.id);
  const sum = { planted: found.length, caught: found.length - escaped.length, escaped };
  process.stdout.write(json ? `${JSON.stringify(sum)}\n` : `${sum.caught} of ${sum.planted} planted bugs caught\n`);
  return escaped.length === 0 ? 0 : 1;
}

function row({ number, seed, message }: Caught): string {
  const { id, file } = bugs[number]!;
  return line(id, file, seed === null ? "NOT CAUGHT" : String(seed), promiseOf(message));
}

/** Markdown's own, so that the documentation can show it as it is. */
function line(...cells: readonly [string, string, string, string]): string {
  const [id, file, seeds, promise] = cells;
  return `| ${id.padEnd(62)} | ${file.padEnd(24)} | ${seeds.padStart(5)} | ${promise} |`;
}

/** The promise's number or name, which the checkers' messages begin with. */
function promiseOf(message: string): string {
  return /^(I\d+|[a-z-]+)(?=:)/.exec(message)?.[0] ?? message.split("\n")[0]?.slice(0, 60) ?? "";
}

function catchBug(number: number): Promise<Caught> {
  const script = fileURLToPath(new URL("./catch-bug.ts", import.meta.url));
  const options = { timeout: searchMsMax };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [script, String(number), String(standardSeeds)], options, (error, stdout, stderr) => {
      if (error?.killed === true) resolve({ number, seed: null, message: "no end within half an hour" });
      else if (error !== null) reject(new Error(reasonIn(stderr) ?? error.message));
      else resolve({ number, ...(JSON.parse(stdout) as { seed: number | null; message: string }) });
    });
  });
}

function reasonIn(stderr: string): string | undefined {
  return stderr.split("\n").find((one) => one.includes("Error"));
}
