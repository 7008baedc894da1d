import { expect, test } from "vitest";
import { sampleGolden } from "../../ports/testing/store-samples.ts";
import { newGoldenCache } from "./golden-cache.ts";

test("the newest version is found, through generations; what was not used for long is gone", () => {
  const cache = newGoldenCache();
  cache.put(sampleGolden("a", { version: 1 }));
  cache.put(sampleGolden("b"));
  for (let version = 2; version <= 4; version++) {
    cache.put(sampleGolden("a", { version }));
    for (let i = 0; i < 5_500; i++) cache.put(sampleGolden(`other ${version} ${i}`));
    expect(cache.get("a")?.version).toBe(version);
  }
  expect(cache.get("b")).toBeUndefined();
  expect(cache.get("nobody")).toBeUndefined();
});
