import { expect, test } from "vitest";
import { runDemo } from "../demo/run-demo.ts";

test("the demo's day loses, blanks, doubles and turns back nothing, and the same check finds all that in a last-write-wins sync", {
  timeout: 300_000,
}, async () => {
  const told: string[] = [];
  const { truce, lastWriteWins, ...rest } = await runDemo(
    { seed: 7, systems: "three", kills: 0, stay: null },
    (news) => {
      if (news.kind === "stage") told.push(news.text);
    },
  );
  expect({ ...rest, truce }, JSON.stringify({ told, examples: rest.examples }, null, 2)).toMatchObject({
    truce: {
      lostEdits: 0,
      blankedFields: 0,
      duplicates: 0,
      staleOverwrites: 0,
      echoWrites: 0,
      heldWithoutReason: 0,
    },
    scenarioHolds: true,
    secondRunWrites: 0,
    deadLettersWithoutReason: 0,
  });
  // What two people wrote into one field at the same time differs until someone decides.
  expect(truce.diverged).toBeLessThanOrEqual(truce.held);
  for (const found of ["lostEdits", "blankedFields", "duplicates", "staleOverwrites", "echoWrites"] as const)
    expect(lastWriteWins[found], found).toBeGreaterThan(0);
});
