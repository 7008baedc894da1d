import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { replayRules } from "../src/control/replay.ts";
import { testPolicy } from "../src/core/testing/policy.ts";
import { emptyUnit } from "../src/engine/commit.ts";
import type { Source } from "../src/model/golden.ts";
import type { JournalEntry } from "../src/model/journal.ts";
import type { Rule } from "../src/model/policy.ts";
import { openSqliteStore } from "../src/store/sqlite/sqlite-store.ts";

/**
 * How long it takes to run a million observations that met a conflict through changed rules, and in how much memory. Prints one JSON line.
 *
 *   npm run bench -- replay [--lines 1000000]
 */
const { values } = parseArgs({ options: { lines: { type: "string", default: "1000000" } } });
const lines = Number(values.lines);
const unitLines = 1_000;
const goldens = Math.max(1, Math.floor(lines / 10));
const start = 1_700_000_000_000;

const folder = mkdtempSync(join(tmpdir(), "truce-replay-"));
const store = await openSqliteStore(join(folder, "store.db"));
await store.migrate();
for (let n = 0; n < lines; n += unitLines)
  await store.commit([{ ...emptyUnit, journal: Array.from({ length: unitLines }, (_, i) => lineOf(n + i)) }]);

const tie: Rule = { kind: "keep" };
const policy = testPolicy({ phone: { rule: { kind: "newest", tie } } }, { systems: ["crm", "desk"] });
let others = 0;
let peakBytes = 0;
const began = performance.now();
const { byRule } = await replayRules(store, policy, 0, () => {
  others++;
  if (others % 1_000 === 0) peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
});
const seconds = (performance.now() - began) / 1_000;
await store.close();
rmSync(folder, { recursive: true });
const rounded = Math.round(seconds * 10) / 10;
console.log(
  JSON.stringify({ bench: "replay", lines, seconds: rounded, peakMb: Math.round(peakBytes / 2 ** 20), byRule, others }),
);

/** A conflict that `prefer` decided for crm; in half of them the desk's change was the newer one. */
function lineOf(n: number): JournalEntry {
  const at = start + n;
  const isDeskNewer = n % 2 === 0;
  const changed = (moment: number) => ({ from: moment - 100, until: moment + 100 });
  return {
    ...{ goldenId: `g${n % goldens}`, entity: "contact", at, kind: "kept", field: "phone", version: n, cause: `i${n}` },
    ...{ from: `+49 30 ${n}`, to: `+49 30 ${n}`, other: `+49 40 ${n}`, base: null, why: "prefer", ref: null },
    source: sourceOf("desk", n),
    sides: {
      golden: { changedAt: changed(at - 5_000), source: sourceOf("crm", n) },
      other: { changedAt: changed(isDeskNewer ? at : at - 9_000), source: sourceOf("desk", n) },
    },
  };
}

function sourceOf(system: string, n: number): Source {
  return { kind: "record", ref: { system, object: "contacts", id: String(n % goldens) }, author: null };
}
