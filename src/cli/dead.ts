import { adviceOn } from "../control/dead-letter-advice.ts";
import type { DeadReport, DeadSelection } from "../control/dead-letters.ts";
import type { RawValue } from "../model/value.ts";
import type { DeadLetter, DeadWrite } from "../ports/store.ts";
import { assignments } from "./assignment.ts";
import type { Desk } from "./desk.ts";
import { CliError, exitUsage } from "./exit.ts";
import { wholeNumber } from "./number-option.ts";
import { atDesk } from "./open-desk.ts";
import { color, counted, print, printJson, remark, safeText, spanText, table, timeText, valueText } from "./output.ts";
import type { CommonOptions } from "./session.ts";
import { findByEnd, quoted, shortIds } from "./short-id.ts";
import { userName } from "./user-name.ts";

type Selected = { readonly kind?: DeadLetter["kind"]; readonly system?: string };
export type ListDeadOptions = CommonOptions & Selected & { readonly closed?: boolean; readonly limit: string };

/** `truce dead`: what failed for good, oldest first. */
export function listDead(options: ListDeadOptions): Promise<void> {
  return atDesk(options, async (desk) => {
    const limit = wholeNumber("--limit", options.limit);
    const status = options.closed === true ? "closed" : "open";
    const letters = await desk.deadLetters({ ...chosen(options), status, limit });
    if (options.json === true) return printJson(letters);
    if (letters.length === 0) return print(status === "open" ? "There are no dead letters." : "None has ended.");
    const now = Date.now();
    const short = shortIds(letters.map(({ id }) => id));
    const rows = letters.map((letter) => [
      short(letter.id),
      letter.kind,
      subjectOf(letter),
      String(letter.tries),
      spanText(now - letter.at),
      letter.closed === null ? safeText(letter.reason) : endText(letter),
    ]);
    print(table([["id", "kind", "record", "tries", "ago", status === "open" ? "reason" : "end"], ...rows]));
    print(color.dim("\ntruce dead show ID tells more; truce dead replay --all tries all of them again."));
  });
}

function chosen({ kind, system }: Selected): Selected {
  return { ...(kind === undefined ? {} : { kind }), ...(system === undefined ? {} : { system }) };
}

function subjectOf({ ref }: DeadLetter): string {
  if (ref === null) return "";
  return `${ref.system} ${ref.object} ${ref.id === "" ? "(new)" : safeText(ref.id)}`;
}

function endText({ closed }: DeadLetter): string {
  if (closed === null) return "";
  const why = closed.reason === "" ? "" : `: ${safeText(closed.reason)}`;
  return `${closed.how} by ${safeText(closed.by)}${why}`;
}

/** `truce dead show ID`: the whole letter, and what can be done. */
export function showDead(id: string, options: CommonOptions): Promise<void> {
  return atDesk(options, async (desk) => {
    const letter = await findLetter(desk, id);
    if (options.json === true) return printJson({ ...letter, advice: adviceOn(letter) });
    print(`${color.bold(letter.kind)} of ${subjectOf(letter)}`);
    print(`${safeText(letter.reason)}`);
    print(color.dim(`${letter.code}; ${counted(letter.tries, "try", "tries")}, the last ${timeText(letter.at)}`));
    if (letter.goldenId !== null) print(color.dim(`golden record ${letter.goldenId}`));
    print();
    for (const line of payloadLines(letter)) print(line);
    print();
    if (letter.closed !== null) return print(`${endText(letter)}, ${timeText(letter.closed.at)}.`);
    for (const line of adviceOn(letter)) print(line);
    const name = quoted(letter.id);
    print(`  truce dead replay ${name}`);
    print(`  truce dead edit ${name} --set ${nameToEdit(letter)}=VALUE`);
    print(`  truce dead discard ${name} --reason WHY`);
  });
}

function payloadLines({ kind, payload }: DeadLetter): string[] {
  if (payload === null) return ["It could not even be composed."];
  if (kind === "observation") return JSON.stringify(payload, null, 2).split("\n").map(safeText);
  const { kind: what, values, refused } = payload as DeadWrite;
  const rows = Object.entries(values).map(([field, value]) => [
    field,
    valueText(value),
    safeText(refused[field] ?? ""),
  ]);
  return rows.length === 0 ? [`A ${what}.`] : table([["field", "value", "refused because"], ...rows]).split("\n");
}

function nameToEdit({ kind, payload }: DeadLetter): string {
  if (kind === "observation") return Object.keys((payload as { cells?: object }).cells ?? {})[0] ?? "CELL";
  const { refused = {} } = (payload ?? {}) as Partial<DeadWrite>;
  return Object.keys(refused)[0] ?? "FIELD";
}

export type EditDeadOptions = CommonOptions & { readonly set: readonly string[]; readonly by?: string };

/** `truce dead edit ID --set field=value`: corrects it and tries it again. */
export function editDeadCommand(id: string, options: EditDeadOptions): Promise<void> {
  const values: Record<string, RawValue> = assignments(options.set);
  return atDesk(options, async (desk) => {
    const { id: whole } = await findLetter(desk, id);
    tell(await desk.editDead(whole, values, options.by ?? userName()), "corrected and tried again", options);
  });
}

export type EndDeadOptions = CommonOptions & Selected & { readonly all?: boolean; readonly by?: string };

/** `truce dead replay [IDS]`, `--all`: tries them again on today's state. */
export function replayDeadCommand(ids: readonly string[], options: EndDeadOptions): Promise<void> {
  return atDesk(options, async (desk) => {
    const selection = await selectionOf(desk, ids, options);
    tell(await desk.replayDead(selection, options.by ?? userName()), "tried again", options);
    if (options.json !== true && (await desk.status()).runningSince === null) print("The next run carries it out.");
  });
}

/** `truce dead discard [IDS] --reason WHY`: gives them up. */
export function discardDeadCommand(
  ids: readonly string[],
  options: EndDeadOptions & { readonly reason: string },
): Promise<void> {
  return atDesk(options, async (desk) => {
    const selection = await selectionOf(desk, ids, options);
    tell(await desk.discardDead(selection, options.by ?? userName(), options.reason), "discarded", options);
  });
}

async function selectionOf(desk: Desk, ids: readonly string[], options: EndDeadOptions): Promise<DeadSelection> {
  if (ids.length > 0 === (options.all === true)) {
    throw new CliError("Name dead letters by their ids, or say --all, with --kind or --system for a part.", exitUsage);
  }
  if (options.all === true) return chosen(options);
  const letters: string[] = [];
  for (const id of ids) letters.push((await findLetter(desk, id)).id);
  return { ids: letters };
}

function tell({ done, failed }: DeadReport, what: string, options: CommonOptions): void {
  if (options.json === true) printJson({ done, failed });
  else print(`${counted(done, "dead letter")} ${what}.`);
  for (const { id, reason } of failed) remark(`${safeText(id)}: ${safeText(reason)}`);
  if (failed.length > 0) throw new CliError(`${counted(failed.length, "dead letter")} stay as they were.`);
}

/** The letter with this id, or the one open letter whose id ends so. */
async function findLetter(desk: Desk, text: string): Promise<DeadLetter> {
  const exact = await desk.deadLetter(text);
  if (exact !== null) return exact;
  const found = await findByEnd(text, "dead letter", (after, limit) =>
    desk.deadLetters({ status: "open", limit, ...(after === undefined ? {} : { after }) }),
  );
  if (found !== null) return found;
  throw new CliError(`There is no dead letter "${safeText(text)}". truce dead lists them.`);
}
