import type { PlanObject, PlanSample } from "../engine/plan.ts";
import { plan } from "../engine/plan.ts";
import { createMemoryStore } from "../store/memory/memory-store.ts";
import { print, printJson, remark, table, valueText } from "./output.ts";
import { type CommonOptions, openSession } from "./session.ts";

export type PlanOptions = CommonOptions & { readonly samples?: string };

/** `truce plan`: reads everything, writes nothing, shows what a run would do. */
export async function planCommand(options: PlanOptions): Promise<void> {
  const samples = Number(options.samples ?? "3");
  const session = await openSession(
    options,
    (event) => {
      if (event.kind === "scanned" && event.done) remark(`${event.system}: read ${event.count} ${event.object}`);
    },
    createMemoryStore(),
  );
  try {
    const result = await plan(session.deps, samples, new AbortController().signal);
    if (options.json === true) return printJson(result);
    print();
    print(
      table([
        ["system", "object", "read", "matched", "to create", "to update"],
        ...result.objects.map((one) => [one.system, one.object, one.read, one.linked, one.create, one.update]),
      ]),
    );
    for (const object of result.objects) showObject(object);
    if (result.holds.length > 0) print("\nHeld for a person, by what one rule could settle:");
    for (const group of result.holds) {
      print(`  ${group.count} x ${group.kind} on ${group.entity} ${group.fields.join(", ")}: ${group.reason}`);
      for (const hold of group.samples) {
        const sides = hold.candidates.map(
          (one) =>
            `${one.source.kind === "record" ? one.source.ref.system : "truce"}: ${Object.values(one.values).slice(0, 4).map(valueText).join(", ")}`,
        );
        print(`      ${sides.join("  |  ")}`);
      }
    }
    print("\nNothing was written. `truce run` carries this out.");
  } finally {
    await session.close();
  }
}

function showObject(object: PlanObject): void {
  if (object.create === 0 && object.update === 0) return;
  print(`\n${object.system} ${object.object}`);
  const fields = Object.entries(object.fields).sort(([, a], [, b]) => b - a);
  if (fields.length > 0) print(`  updates by field: ${fields.map(([field, n]) => `${field} ${n}`).join(", ")}`);
  for (const sample of object.creates) print(`  create  ${changesText(sample, false)}`);
  for (const sample of object.updates) print(`  update  ${sample.recordId}: ${changesText(sample, true)}`);
}

function changesText({ changes }: PlanSample, withFrom: boolean): string {
  return changes
    .map(({ field, from, to, why }) =>
      withFrom ? `${field} ${valueText(from)} -> ${valueText(to)} (${why})` : `${field} ${valueText(to)}`,
    )
    .join("; ");
}
