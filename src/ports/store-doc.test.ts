import { expect, test } from "vitest";
import { fromDoc, toDoc } from "./store-doc.ts";
import { sampleFields, sampleGolden, sampleLink, t0 } from "./testing/store-samples.ts";

test("a golden record comes back from its document", () => {
  const full = sampleLink("1", {
    aliases: ["0"],
    generation: 2,
    shadow: { phone: null },
    cells: { ["__proto__"]: [] },
    seen: { phone: 3 },
    failures: 1,
    createUnknown: true,
    behindSince: 0,
    observedAt: t0,
  });
  const golden = sampleGolden("g", { fields: sampleFields({ phone: "1" }), links: [full, sampleLink(null)] });
  expect(fromDoc(toDoc(golden))).toEqual(golden);
});

test("a document made before links had all their parts gets the blanks of the new ones", () => {
  const golden = sampleGolden("g", { links: [sampleLink("1")] });
  const old = { ...golden, links: [{ system: "crm", object: "contacts", id: "1", status: "linked", observedAt: t0 }] };
  expect(fromDoc(JSON.stringify(old))).toEqual(golden);
});

test("empty parts of links take no room", () => {
  expect(toDoc(sampleGolden("g", { links: [sampleLink("1")] })).length).toBeLessThan(200);
});
