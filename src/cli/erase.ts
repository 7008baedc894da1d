import type { GoldenRecord } from "../model/golden.ts";
import { CliError } from "./exit.ts";
import { findGoldens } from "./find-goldens.ts";
import { atDesk } from "./open-desk.ts";
import { counted, print, printJson, safeText, valueText } from "./output.ts";
import type { CommonOptions } from "./session.ts";
import { userName } from "./user-name.ts";

export type EraseOptions = CommonOptions & { readonly yes?: boolean; readonly by?: string };

/** `truce erase TEXT`: shows whose values would be erased from all that Truce keeps; with `--yes` erases them. */
export function eraseCommand(text: string, options: EraseOptions): Promise<void> {
  return atDesk(options, async (desk) => {
    const [golden, ...more] = await findGoldens(desk, text);
    if (golden === undefined) throw new CliError(`Nothing has the id or value "${safeText(text)}".`);
    if (more.length > 0)
      throw new CliError(
        `${counted(more.length + 1, "golden record")} have it: name one by its id: ${[golden, ...more].map(({ id }) => id).join(", ")}`,
      );
    if (options.yes !== true) {
      show(golden);
      return print("Nothing was erased. --yes erases this for good, journal included.");
    }
    const erased = await desk.erase(golden.id, options.by ?? userName());
    if (erased.kind === "unknown") throw new CliError(`There is no golden record ${golden.id} any more.`);
    if (erased.kind === "busy")
      throw new CliError(`A write to ${erased.system} is under way for this record; try again in a minute.`);
    const { report } = erased;
    if (options.json === true) return printJson(report);
    print(
      `Erased: ${counted(report.lines, "journal line")}, ${counted(report.holds, "hold")}, ${counted(report.deadLetters, "dead letter")}.`,
    );
    if (report.records.length === 0) return;
    print("The systems' own records are not Truce's to erase. They are left alone from now on:");
    for (const { system, object, id } of report.records) print(`  ${system} ${object} ${safeText(id)}`);
  });
}

function show({ id, entity, fields, links }: GoldenRecord): void {
  print(`${entity} ${id}`);
  for (const [field, { value }] of Object.entries(fields)) print(`  ${field}: ${valueText(value)}`);
  for (const link of links) if (link.id !== null) print(`  in ${link.system} ${link.object} ${safeText(link.id)}`);
}
