import { type RecordRef, recordKey } from "../model/record.ts";
import { CliError, exitUsage } from "./exit.ts";
import { atDesk } from "./open-desk.ts";
import { print, printJson, safeText } from "./output.ts";
import { refOf } from "./record-text.ts";
import type { CommonOptions } from "./session.ts";
import { userName } from "./user-name.ts";

export type SplitOptions = CommonOptions & { readonly by?: string };

/** `truce split RECORD...`: takes records that are something else out of the golden record that they share. */
export function splitCommand(texts: readonly string[], options: SplitOptions): Promise<void> {
  const refs = texts.map(recordOf);
  const [first] = refs;
  if (first === undefined) throw new CliError("Name a record: system/object/id.", exitUsage);
  return atDesk(options, async (desk) => {
    const golden = await desk.byRecord(first);
    if (golden === null)
      throw new CliError(`${safeText(recordKey(first))} belongs to no golden record. truce history finds records.`);
    const done = await desk.split(golden.id, refs, options.by ?? userName());
    if (done.kind === "invalid") throw new CliError(done.reason);
    if (options.json === true) return printJson({ stays: golden.id, parted: done.parted });
    print(
      `Split: golden record ${done.parted} is new, ${golden.id} keeps the others. Their fields are restored from the journal.`,
    );
    if ((await desk.status()).runningSince === null) print("The next run writes them.");
  });
}

function recordOf(text: string): RecordRef {
  const ref = refOf(text);
  if (ref === null) throw new CliError(`Name a record as system/object/id, not "${safeText(text)}".`, exitUsage);
  return ref;
}
