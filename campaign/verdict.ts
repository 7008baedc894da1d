import { check, type Findings } from "../demo/check.ts";
import type { StorePlace } from "../src/cli/open-store.ts";
import { openStore } from "../src/cli/open-store.ts";
import type { Company } from "./company.ts";

/** What the systems themselves say when all has come to rest. */
export type Verdict = Pick<Findings, "examples"> & {
  readonly edits: number;
  readonly lost: number;
  readonly duplicates: number;
  readonly stale: number;
  readonly blanked: number;
  /** Writes of a second run with a full comparison, after everything had been brought together. */
  readonly secondRunWrites: number;
  readonly held: number;
  readonly deadLetters: number;
};

const sweepsMax = 4;
const lateWebhooksMs = 4_000;

/**
 * Lets everything come to rest by the binary itself, runs it once more, and judges by what the systems hold and saw (`demo/check.ts`, which
 * shares no code with Truce). No `truce run` of the company may be left running.
 */
export async function judge(company: Company): Promise<Verdict> {
  const { world, story, played, about } = company;
  await world.webhooksSettled(lateWebhooksMs);
  await once(company);
  for (let sweeps = 0; (await sweep(company)) > 0; sweeps++)
    if (sweeps === sweepsMax) throw new Error("Full comparisons find differences again and again.");
  await once(company);
  const before = syncWrites(await world.writes());
  await once(company);
  await sweep(company);
  const writes = await world.writes();
  const { kept, held, deadLetters } = await memoryOf(company.storePlace);
  const findings = check({
    story: { ...story, edits: played },
    seeded: about.seeded,
    final: await world.records(),
    writes,
    kept: { values: kept, references: [] },
  });
  return {
    edits: played.length,
    lost: findings.lostEdits,
    duplicates: findings.duplicates,
    stale: findings.staleOverwrites,
    blanked: findings.blankedFields,
    secondRunWrites: syncWrites(writes) - before,
    held,
    deadLetters,
    examples: findings.examples,
  };
}

function syncWrites(writes: readonly { readonly by: "person" | "sync" }[]): number {
  return writes.filter((write) => write.by === "sync").length;
}

async function once(company: Company): Promise<void> {
  const { code, stderr } = await company.run("run", "--once", "--timeout", "2m");
  if (code !== 0) throw new Error(`truce run --once ended with ${code}: ${stderr}`);
}

/** A full comparison of every system; resolves with the number of records that differed. */
async function sweep(company: Company): Promise<number> {
  const { code, stdout, stderr } = await company.run("sweep", "--json");
  if (code !== 0) throw new Error(`truce sweep ended with ${code}: ${stderr}`);
  const reports = JSON.parse(stdout) as readonly { readonly drifted: number; readonly missing: number }[];
  return reports.reduce((sum, { drifted, missing }) => sum + drifted + missing, 0);
}

/** What Truce keeps besides the systems' values: open holds, and both sides of every decision. */
async function memoryOf(
  place: StorePlace,
): Promise<{ readonly kept: readonly string[]; readonly held: number; readonly deadLetters: number }> {
  const store = await openStore(place);
  const holds = await store.holds({ status: "open", limit: 100_000 });
  const deadLetters = await store.deadLetters({ status: "open", limit: 1_000 });
  const kept: unknown[] = holds.flatMap((hold) =>
    hold.candidates.flatMap((candidate) => Object.values(candidate.values)),
  );
  for (let after = 0; ; ) {
    const lines = await store.journal({ after, limit: 5_000 });
    const last = lines.at(-1);
    if (last === undefined) break;
    after = last.sequence;
    // Only lines that keep a side of a decision; a plain history of values would excuse anything.
    for (const line of lines) if (line.other !== null) kept.push(line.other, line.to, line.from);
  }
  await store.close();
  return {
    kept: kept.filter((value) => typeof value === "string"),
    held: holds.length,
    deadLetters: deadLetters.length,
  };
}
