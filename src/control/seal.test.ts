import { expect, test } from "vitest";
import { sampleLine, sampleUnit } from "../ports/testing/store-samples.ts";
import { createMemoryStore } from "../store/memory/memory-store.ts";
import { sealNext, verifyChain } from "./seal.ts";

const minute = 60_000;

test("two processes that seal at once, one of which sees more lines as settled, make one chain", async () => {
  const store = createMemoryStore();
  const line = (n: number) => sampleUnit({ journal: [sampleLine(`g${n}`, { at: n * minute })] });
  await store.commit([line(1), line(2), line(3)]);
  const at = (now: number) => ({ store, clock: { now: () => now, sleep: async () => undefined } });
  // Both have looked for the newest seal before either has stored its own.
  await Promise.all([sealNext(at(4.5 * minute)), sealNext(at(10 * minute))]);
  await sealNext(at(10 * minute));
  expect(await verifyChain(store, 10 * minute)).toMatchObject({ sealedLines: 3, broken: [] });
});
