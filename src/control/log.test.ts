import { expect, test } from "vitest";
import { emptyUnit } from "../engine/commit.ts";
import type { JournalEntry } from "../model/journal.ts";
import { createMemoryStore } from "../store/memory/memory-store.ts";
import { createLog, type LogOptions } from "./log.ts";
import { logCommits, logEvent } from "./log-event.ts";

function openLog(options: Partial<LogOptions> = {}) {
  const lines: Record<string, unknown>[] = [];
  const stream = { write: (line: string) => void lines.push(JSON.parse(line)) };
  return { lines, log: createLog({ level: "info", values: false, secrets: [], ...options }, stream) };
}

const line: JournalEntry = {
  ...{ goldenId: "g1", entity: "contact", at: 1, kind: "set", field: "phone", version: 2, cause: "i7" },
  ...{ from: "+4930111", to: "+4930222", other: null, base: null, why: "fast-forward", ref: null },
  source: { kind: "record", ref: { system: "crm", object: "contacts", id: "101" }, author: null },
};

test("a system's trouble is a warning with what it said, but for the values in it", () => {
  const { lines, log } = openLog();
  const message = 'Property values were not valid: "vip" for ada@example.org';
  logEvent(log, { kind: "trouble", system: "crm", doing: "writing", code: "REJECTED", message, retryInMs: 500 });
  expect(lines).toMatchObject([
    {
      ...{ level: "warn", msg: "writing failed", event: "trouble", system: "crm", code: "REJECTED", retryInMs: 500 },
      message: "Property values were not valid: … for …",
    },
  ]);
  expect(String(lines[0]?.["time"])).toMatch(/^\d{4}-\d\d-\d\dT/u);
});

test("below the level nothing is written: batches come at debug", () => {
  const event = { kind: "decided", outcomes: { applied: 1 }, conflicts: [], opened: {}, tookMs: 3 } as const;
  const atInfo = openLog();
  logEvent(atInfo.log, event);
  expect(atInfo.lines).toEqual([]);
  const atDebug = openLog({ level: "debug" });
  logEvent(atDebug.log, event);
  expect(atDebug.lines).toMatchObject([{ level: "debug", event: "decided", outcomes: { applied: 1 } }]);
});

test("a changed field is logged by its name; its values only where that is switched on", async () => {
  const unit = { ...emptyUnit, journal: [line] };
  const plain = openLog({ level: "debug" });
  await logCommits(createMemoryStore(), plain.log).commit([unit]);
  expect(plain.lines).toMatchObject([{ golden: "g1", field: "phone", by: "crm/contacts/101", cause: "i7" }]);
  expect(JSON.stringify(plain.lines)).not.toContain("+4930");
  const whole = openLog({ level: "debug", values: true });
  await logCommits(createMemoryStore(), whole.log).commit([unit]);
  expect(whole.lines).toMatchObject([{ from: "+4930111", to: "+4930222" }]);
});

test("a secret is in no line, whoever says it and however it is written, not even among values", () => {
  const secrets = ["canary-Pa55", 'say "canary"'];
  const { lines, log } = openLog({ level: "debug", values: true, secrets });
  for (const secret of secrets) {
    const message = `Authorization: Bearer ${secret} was refused`;
    logEvent(log, { kind: "trouble", system: "crm", doing: "reading", code: "UNAUTHORIZED", message, retryInMs: 0 });
    log.write("info", secret, { [secret]: [secret] });
  }
  expect(lines).toHaveLength(4);
  expect(JSON.stringify(lines)).not.toContain("canary");
});
