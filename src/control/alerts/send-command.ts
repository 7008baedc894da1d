import { spawn } from "node:child_process";
import type { Notice } from "../../model/alert.ts";
import { headline, noticeText } from "./alert-text.ts";

const timeoutMs = 30_000;
const wordsMax = 500;

/** Runs a program without a shell, with the notice as JSON on its standard input. Rejects when it ends with another code than 0. */
export async function runCommand({ command }: { readonly command: readonly string[] }, notice: Notice): Promise<void> {
  const [program = "", ...args] = command;
  const child = spawn(program, args, { stdio: ["pipe", "ignore", "pipe"], timeout: timeoutMs });
  let said = "";
  child.stderr.on("data", (part: Buffer) => {
    said = (said + part.toString()).slice(-wordsMax);
  });
  // A program that reads nothing may be gone before all is written.
  child.stdin.on("error", () => undefined);
  child.stdin.end(JSON.stringify({ ...notice, headline: headline(notice), text: noticeText(notice) }));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", (error) => reject(new Error(`${program} can't be run (${error.message})`)));
    child.once("close", resolve);
  });
  if (code !== 0)
    throw new Error(`${program} ended with ${code ?? "a signal"}${said === "" ? "" : `: ${said.trim()}`}`);
}
