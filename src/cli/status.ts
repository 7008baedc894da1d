import { print, printJson, spanText, table } from "./output.ts";
import { type CommonOptions, openConfiguredStore, readConfig } from "./session.ts";

/** `truce status`: what is stored, what waits, who is behind. */
export async function statusCommand(options: CommonOptions): Promise<void> {
  const config = await readConfig(options, false);
  const store = await openConfiguredStore(config);
  try {
    const now = Date.now();
    const counts = await store.counts(now);
    if (options.json === true) return printJson(counts);
    print(table([["entity", "golden records"], ...Object.entries(counts.goldens)]));
    const rows = Object.keys(config.systems).map((system) => {
      const behind = counts.behind[system];
      const age = behind?.oldestAt == null ? "" : spanText(now - behind.oldestAt);
      return [system, counts.links[system] ?? 0, behind?.count ?? 0, age];
    });
    print();
    print(table([["system", "linked records", "behind", "since"], ...rows]));
    print();
    print(
      `to decide: ${counts.inbox}${counts.inboxOldestAt === null ? "" : `, the oldest for ${spanText(now - counts.inboxOldestAt)}`}`,
    );
    print(
      `held:      ${
        Object.entries(counts.holds)
          .map(([kind, n]) => `${n} ${kind}`)
          .join(", ") || "nothing"
      }`,
    );
    print(`dead letters: ${counts.deadLetters}`);
    print(
      `decided so far: ${Object.entries(counts.outcomes)
        .map(([outcome, n]) => `${n} ${outcome}`)
        .join(", ")}`,
    );
  } finally {
    await store.close();
  }
}
