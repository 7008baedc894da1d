import { expect, test } from "vitest";
import type { Alert, AlertPolicy, Condition, Severity } from "../model/alert.ts";
import { updateAlerts } from "./alerts.ts";

const minute = 60_000;
const hour = 60 * minute;
const policy: AlertPolicy = { repeatMs: 4 * hour, escalateMs: hour, quiet: null, maintenance: [] };

function behind(severity: Severity = "warning", system = "crm"): Condition {
  const text = { title: "behind", happened: "", did: "", todo: "" };
  return { key: `behind/${system}`, severity, records: [], system, ...text };
}

/** Looks at the alerts once a minute; tells what was said when. */
function watch(also: Partial<AlertPolicy> = {}, start = 0) {
  let now = start;
  let open: readonly Alert[] = [];
  const said: string[] = [];
  return {
    said,
    acknowledge: () => {
      open = open.map((alert) => ({ ...alert, acknowledged: { by: "ann", at: now } }));
    },
    /** The conditions are met for so many minutes. */
    pass(minutes: number, ...conditions: readonly Condition[]) {
      for (let n = 0; n < minutes; n++) {
        const { alerts, notices } = updateAlerts(open, conditions, { ...policy, ...also }, now);
        for (const { why, severity } of notices) said.push(`${(now - start) / minute} ${why} ${severity}`);
        open = alerts.filter((alert) => alert.resolvedAt === null);
        now += minute;
      }
    },
    open: () => open,
  };
}

test("an alert opens once, and resolves by itself after a minute of calm", () => {
  const { pass, said, open } = watch();
  pass(10, behind());
  pass(10);
  expect(said).toEqual(["0 opened warning", "10 resolved warning"]);
  expect(open()).toEqual([]);
});

test("one that nobody acknowledges is escalated, then repeated", () => {
  const { pass, said } = watch();
  pass(600, behind());
  expect(said).toEqual(["0 opened warning", "60 escalated critical", "300 repeated critical", "540 repeated critical"]);
});

test("one that somebody has acknowledged is told again only when it gets worse, and when it is over", () => {
  const { pass, acknowledge, said } = watch();
  pass(5, behind());
  acknowledge();
  pass(600, behind());
  pass(10, behind("critical"));
  pass(5);
  expect(said).toEqual(["0 opened warning", "605 worse critical", "615 resolved critical"]);
});

test("at night only what is critical is told; the rest follows in the morning, unless it is over by then", () => {
  const quiet = { from: 22 * 60, until: 7 * 60, zone: "Europe/Berlin" };
  // 23:00 in Berlin, in winter.
  const night = watch({ quiet, escalateMs: null }, Date.UTC(2026, 0, 10, 22));
  night.pass(5, behind("warning", "desk"), behind("critical", "crm"));
  night.pass(100, behind("warning", "db"), behind("critical", "crm"));
  night.pass(600, behind("warning", "db"), behind("critical", "crm"));
  expect(night.said).toEqual([
    "0 opened critical",
    "240 repeated critical",
    "480 repeated critical",
    "480 opened warning",
  ]);
});

test("during maintenance of a system nothing is told of it", () => {
  const maintenance = [{ from: 0, until: 30 * minute, systems: ["crm"] }];
  const { pass, said } = watch({ maintenance });
  pass(20, behind(), behind("warning", "desk"));
  pass(5);
  pass(10, behind());
  expect(said).toEqual(["0 opened warning", "20 resolved warning", "30 opened warning"]);
});

test("what was there before the maintenance is told on after it", () => {
  const maintenance = [{ from: 10 * minute, until: 30 * minute, systems: null }];
  const { pass, said } = watch({ maintenance });
  pass(20, behind());
  pass(20);
  expect(said).toEqual(["0 opened warning", "30 resolved warning"]);
});
