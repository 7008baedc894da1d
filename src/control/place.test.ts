import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { isSurelyGone, placeOfProcess } from "./place.ts";

const ours = placeOfProcess();
const beganOf = (pid: number) => readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ")[19]!;

test.runIf(ours !== null)("a process is there until it ends; its number may be another's by then", async () => {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
  const place = { ...ours!, pid: child.pid!, began: beganOf(child.pid!) };
  expect(isSurelyGone(place, ours!)).toBe(false);
  expect(isSurelyGone({ ...place, began: "1" }, ours!)).toBe(true);
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await ended;
  expect(isSurelyGone(place, ours!)).toBe(true);
});

test.runIf(ours !== null)("of another machine, boot or container nothing is known", () => {
  expect(isSurelyGone({ ...ours!, pid: 2 ** 30, boot: "another" }, ours!)).toBe(false);
  expect(isSurelyGone({ ...ours!, pid: 2 ** 30, space: "pid:[1]" }, ours!)).toBe(false);
  expect(isSurelyGone({ ...ours!, pid: 2 ** 30 }, ours!)).toBe(true);
});
