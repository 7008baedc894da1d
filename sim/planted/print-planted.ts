import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { standardSeeds } from "../run-seeds.ts";
import { bugs } from "./bugs.ts";

type Caught = { readonly id: string; readonly seed: number | null; readonly message: string | null };

/** Longest that one bug may be looked for; a bug that makes the engine hang is caught by it. */
const searchMsMax = 300_000;
const atOnce = 2;

/** Plants every bug in a process of its own, and prints the table of what caught it. Returns the exit code: 1 when one was not. */
export async function printPlanted(only: string | null, json: boolean): Promise<number> {
  const numbers = bugs.flatMap((bug, number) => (only === null || bug.id.includes(only) ? [number] : []));
  const found: Caught[] = [];
  const next = numbers.values();
  const search = async () => {
    for (const number of next) {
      const caught = await catchBug(number);
      found.push(caught);
      if (!json) process.stdout.write(`${row(caught)}\n`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, search));
  const escaped = found.filter((one) => one.seed === null).map((one) => one.id);
  if (json)
    process.stdout.write(
      `${JSON.stringify({ planted: found.length, caught: found.length - escaped.length, escaped })}\n`,
    );
  else process.stdout.write(`${found.length - escaped.length} of ${found.length} planted bugs caught\n`);
  return escaped.length === 0 ? 0 : 1;
}

function row({ id, seed, message }: Caught): string {
  const by = seed === null ? "NOT CAUGHT" : seed === 0 ? "hangs" : `seed ${seed}`;
  return `${id.padEnd(58)} ${by.padEnd(12)} ${(message ?? "").split("\n")[0]?.slice(0, 90) ?? ""}`;
}

function catchBug(number: number): Promise<Caught> {
  const script = fileURLToPath(new URL("./catch-bug.ts", import.meta.url));
  const { id } = bugs[number]!;
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [script, String(number), String(standardSeeds)],
      { timeout: searchMsMax },
      (error, stdout, stderr) => {
        if (error?.killed === true) resolve({ id, seed: 0, message: "it never came to an end" });
        else if (error !== null)
          reject(
            new Error(
              stderr
                .trim()
                .split("\n")
                .find((line) => line.includes("Error")) ?? error.message,
            ),
          );
        else resolve(JSON.parse(stdout.trim().split("\n").at(-1) ?? "{}") as Caught);
      },
    );
  });
}
