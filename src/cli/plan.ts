import type { Deps } from "../engine/deps.ts";
import { type Plan, type PlanHolds, type PlanObject, type PlanRefused, type PlanSample, plan } from "../engine/plan.ts";
import type { Candidate, Hold } from "../model/hold.ts";
import type { Policy } from "../model/policy.ts";
import { createMemoryStore } from "../store/memory/memory-store.ts";
import { eventText } from "./event-text.ts";
import { CliError, exitInterrupted } from "./exit.ts";
import { wholeNumber } from "./number-option.ts";
import { color, counted, numberText, print, printJson, safeText, table, valueText } from "./output.ts";
import { createProgress } from "./progress.ts";
import { type CommonOptions, openSession } from "./session.ts";
import { sourceText } from "./source-text.ts";
import { stopSignal } from "./stop-signal.ts";

export type PlanOptions = CommonOptions & { readonly samples: string };

/** `truce plan`: reads everything, writes nothing, shows what a first run would do. */
export async function planCommand(options: PlanOptions): Promise<void> {
  const samples = wholeNumber("--samples", options.samples);
  const signal = stopSignal();
  const progress = createProgress();
  const session = await openSession(
    options,
    (event) => {
      if (event.kind === "scanned")
        progress.set(`${event.system} ${event.object}:`, event.count, event.done ? event.count : event.total);
      const text = eventText(event);
      if (text !== null) progress.note(text);
    },
    async () => createMemoryStore(),
  );
  try {
    const result = await plan(session.deps, samples, signal);
    progress.end();
    if (signal.aborted) throw new CliError("Stopped before the end.", exitInterrupted);
    if (options.json === true) printJson(result);
    else show(result);
  } finally {
    progress.end();
    await session.close();
  }
}

const samplesShown = 20;

/** A dry run beside a running engine, by rules and mapping that may be others, on a store of its own. */
export function dryRun(deps: Deps, policy: Policy, signal: AbortSignal): Promise<Plan> {
  return plan({ ...deps, policy, store: createMemoryStore(), tell: () => undefined }, samplesShown, signal);
}

function show({ objects, goldens, holds, refused }: Plan): void {
  const rows = objects.map((one) => [one.system, one.object, one.read, one.linked, one.create, one.update]);
  print(table([["system", "object", "read", "linked", "to create", "to update"], ...rows]));
  print();
  print(
    `Golden records: ${
      Object.entries(goldens)
        .map(([entity, count]) => `${numberText(count)} ${entity}`)
        .join(", ") || "none"
    }`,
  );
  for (const object of objects) showObject(object);
  showHolds(holds);
  showRefused(refused);
  print();
  print(
    "Nothing was written. A first truce run carries this out; what earlier runs linked or decided is not looked at.",
  );
}

function showObject({ system, object, create, update, fields, creates, updates }: PlanObject): void {
  if (create === 0 && update === 0) return;
  print();
  print(color.bold(`${system} ${object}`));
  const byField = Object.entries(fields).sort(([, a], [, b]) => b - a);
  if (byField.length > 0)
    print(`  updates by field: ${byField.map(([field, count]) => `${field} ${numberText(count)}`).join(", ")}`);
  for (const sample of creates) print(`  create  ${createText(sample)}`);
  if (create > creates.length) print(color.dim(`          and ${numberText(create - creates.length)} more`));
  for (const sample of updates) {
    for (const { field, from, to, why } of sample.changes) {
      print(
        `  update  ${safeText(sample.recordId ?? "")}  ${field}: ${valueText(from)} → ${valueText(to)}  ${color.dim(why)}`,
      );
    }
  }
  if (update > updates.length) print(color.dim(`          and ${numberText(update - updates.length)} more`));
}

function createText({ changes }: PlanSample): string {
  return changes.map(({ field, to }) => `${color.dim(`${field}:`)} ${valueText(to)}`).join("  ");
}

function showHolds(holds: readonly PlanHolds[]): void {
  const count = holds.reduce((sum, one) => sum + one.count, 0);
  print();
  if (count === 0) return print("Nothing would be held.");
  print(color.bold(`${counted(count, "thing")} would be held for a person, by what one rule could settle:`));
  for (const { kind, entity, fields, reason, count: alike, samples } of holds) {
    print(
      `  ${numberText(alike)} ${kind} on ${[entity, fields.join(", ")].filter(Boolean).join(" ")}: ${safeText(reason)}`,
    );
    for (const hold of samples) print(`      ${sampleText(hold)}`);
  }
}

function showRefused(refused: readonly PlanRefused[]): void {
  const count = refused.reduce((sum, one) => sum + one.count, 0);
  if (count === 0) return;
  print();
  print(color.bold(`${counted(count, "value")} can't be read, and would be filled from other systems like blanks:`));
  for (const { system, object, field, reason, count: alike, samples } of refused) {
    print(`  ${numberText(alike)} ${field} in ${system} ${object}: ${safeText(reason)}`);
    for (const { recordId, value } of samples) print(`      ${safeText(recordId)}  ${valueText(value)}`);
  }
}

function sampleText({ candidates, ref, matches }: Hold): string {
  if (candidates.length > 0) return candidates.map(candidateText).join("  |  ");
  const record = ref === null ? "" : `${ref.system} ${safeText(ref.id)}`;
  return matches.length === 0 ? record : `${record}, may be the same as ${counted(matches.length, "golden record")}`;
}

function candidateText({ values, source }: Candidate): string {
  return `${Object.values(values).map(valueText).join(", ")} ${color.dim(`(${sourceText(source)})`)}`;
}
