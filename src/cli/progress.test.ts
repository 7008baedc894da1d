import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { createProgress } from "./progress.ts";

function watch(isTTY: boolean) {
  let now = 0;
  let text = "";
  const stream = Object.assign(new PassThrough(), { isTTY, columns: 60 });
  stream.on("data", (part: Buffer) => {
    text += part.toString();
  });
  const progress = createProgress(stream as unknown as NodeJS.WriteStream, () => now);
  const at = (ms: number) => {
    now = ms;
    return progress;
  };
  return { at, text: () => text };
}

test("on a terminal one line is drawn anew, with rate and remaining time", () => {
  const { at, text } = watch(true);
  at(0).set("crm contacts:", 0, 10_000);
  at(1_000).set("crm contacts:", 2_000, 10_000);
  expect(text()).toBe("\r\u001b[2Kcrm contacts: 2,000 of 10,000, 2,000/s, 4 s left");
  at(1_500).note("db: not reached");
  expect(text()).toMatch(/\r\u001b\[2Kdb: not reached\n$/u);
});

test("elsewhere there is a plain line now and then", () => {
  const { at, text } = watch(false);
  for (let second = 0; second <= 25; second++) at(second * 1_000).set("db people:", second * 100, null);
  expect(text()).toBe("db people: 1,000, 100/s\ndb people: 2,000, 100/s\n");
});

test("work that is taken up again is not mistaken for speed", () => {
  const { at, text } = watch(false);
  at(0).set("db people:", 5_000, 10_000);
  at(10_000).set("db people:", 6_000, 10_000);
  expect(text()).toBe("db people: 6,000 of 10,000, 100/s, 40 s left\n");
});
