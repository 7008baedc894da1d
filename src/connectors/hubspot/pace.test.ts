import { expect, test } from "vitest";
import { createPace } from "./pace.ts";
import { jumpingClock } from "./testing.ts";

test("calls go at once while there is room, then as the window moves on", async () => {
  const clock = jumpingClock(0);
  const pace = createPace(clock, 3, 1000);
  const sentAt: number[] = [];
  for (let n = 0; n < 7; n++) {
    const answered = await pace.turn("live");
    sentAt.push(clock.at);
    answered();
  }
  expect(sentAt).toEqual([0, 0, 0, 1000, 1000, 1000, 2000]);
});

test("a call that is slow to be answered takes up room until a window after its answer", async () => {
  const clock = jumpingClock(0);
  const pace = createPace(clock, 1, 1000);
  const answered = await pace.turn("live");
  const next = pace.turn("live").then(() => clock.at);
  clock.at = 5000;
  answered();
  expect(await next).toBe(6000);
});

test("no more than eight calls are under way at once", async () => {
  const pace = createPace(jumpingClock(0), 100, 1000);
  const turns = Array.from({ length: 9 }, () => pace.turn("live"));
  const answered = await Promise.all(turns.slice(0, 8));
  let isSent = false;
  const ninth = turns[8]!.then(() => {
    isSent = true;
  });
  await Promise.resolve();
  expect(isSent).toBe(false);
  answered[0]!();
  await ninth;
});

test("a scan lets live calls pass", async () => {
  const clock = jumpingClock(0);
  const pace = createPace(clock, 1, 1000);
  const order: string[] = [];
  const call = async (urgency: "live" | "scan") => {
    const answered = await pace.turn(urgency);
    order.push(urgency);
    answered();
  };
  await Promise.all([call("live"), call("scan"), call("scan"), call("live"), call("live")]);
  expect(order).toEqual(["live", "live", "live", "scan", "scan"]);
});

test("a clock that is set back holds no call for longer than a window", async () => {
  const clock = jumpingClock(1_000_000);
  const pace = createPace(clock, 1, 1000);
  (await pace.turn("live"))();
  clock.at = 0;
  await pace.turn("live");
  expect(clock.at).toBe(0);
});
