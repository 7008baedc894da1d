import type { Choice, Hold } from "../model/hold.ts";
import { assignments } from "./assignment.ts";
import type { Desk } from "./desk.ts";
import { CliError, exitUsage } from "./exit.ts";
import { wholeNumber } from "./number-option.ts";
import { atDesk } from "./open-desk.ts";
import { color, counted, print, printJson, safeText, spanText, table, timeText, valueText } from "./output.ts";
import type { CommonOptions } from "./session.ts";
import { findByEnd, quoted, shortIds } from "./short-id.ts";
import { sourceText } from "./source-text.ts";
import { userName } from "./user-name.ts";

export type HoldsOptions = CommonOptions & { readonly kind?: Hold["kind"]; readonly limit: string };

/** `truce holds`: what waits for a person, oldest first. */
export function listHolds(options: HoldsOptions): Promise<void> {
  return atDesk(options, async (desk) => {
    const { kind } = options;
    const limit = wholeNumber("--limit", options.limit);
    const holds = await desk.holds({ status: "open", limit, ...(kind === undefined ? {} : { kind }) });
    if (options.json === true) return printJson(holds);
    if (holds.length === 0) return print("Nothing is held.");
    const now = Date.now();
    const short = shortIds(holds.map(({ id }) => id));
    const rows = holds.map((hold) => [
      short(hold.id),
      hold.kind,
      subjectOf(hold),
      spanText(now - hold.openedAt),
      safeText(hold.reason),
    ]);
    print(table([["id", "kind", "about", "for", "reason"], ...rows]));
    const count = Object.values((await desk.status()).counts.holds).reduce((sum, one) => sum + (one ?? 0), 0);
    print(
      color.dim(
        `\ntruce holds show ID tells more.${count > holds.length ? ` ${counted(count, "hold")} in all; --limit shows more.` : ""}`,
      ),
    );
  });
}

function subjectOf({ entity, fields, ref }: Hold): string {
  if (fields.length > 0) return `${entity} ${fields.join(", ")}`;
  return ref === null ? entity : `${entity} ${safeText(ref.id)} of ${ref.system}`;
}

/** `truce holds show ID`: the hold with all its sides, and how to decide it. */
export function showHold(id: string, options: CommonOptions): Promise<void> {
  return atDesk(options, async (desk) => {
    const hold = await findHold(desk, id);
    if (options.json === true) return printJson(hold);
    print(`${color.bold(hold.kind)} on ${subjectOf(hold)}`);
    print(`${safeText(hold.reason)}; for ${spanText(Date.now() - hold.openedAt)}, revision ${hold.revision}`);
    if (hold.goldenId !== null) print(`golden record ${hold.goldenId}`);
    const sides = hold.candidates.flatMap(({ values, source, at }, number) =>
      Object.entries(values).map(([field, value]) => [
        String(number),
        field,
        valueText(value),
        sourceText(source),
        timeText(at.until),
      ]),
    );
    const before = Object.entries(hold.base).map(([field, value]) => ["before", field, valueText(value), "", ""]);
    if (sides.length + before.length > 0) {
      print();
      print(table([["candidate", "field", "value", "from", "when"], ...before, ...sides]));
    }
    for (const match of hold.matches) showMatch(match, hold);
    print();
    if (hold.closed !== null)
      return print(`Decided: ${hold.closed.choice}, by ${safeText(hold.closed.by)}, ${timeText(hold.closed.at)}.`);
    print("Decide it by one of:");
    for (const way of waysOf(hold)) print(`  truce holds decide ${quoted(id)} --revision ${hold.revision} ${way}`);
  });
}

/** A golden record that it may be the same as, with what each field says of that. */
function showMatch(match: string, { scores = [] }: Hold): void {
  const score = scores.find(({ goldenId }) => goldenId === match);
  const likely = score === undefined ? "" : `, ${(score.probability * 100).toFixed(1)} % likely`;
  print(`may be the same as golden record ${match}${likely}`);
  if (score === undefined) return;
  const rows = score.evidence.map(({ about, finding, weight }) => [`  ${about}`, finding, signed(weight)]);
  print(table([["  about", "finding", "weight"], ...rows]));
}

function signed(weight: number): string {
  return `${weight > 0 ? "+" : ""}${weight.toFixed(1)}`;
}

function waysOf({ kind, goldenId, candidates, fields, matches }: Hold): string[] {
  switch (kind) {
    case "conflict":
    case "clear":
      return [
        ...candidates.map((_, number) => `--take ${number}`),
        `--set ${fields.map((field) => `${field}=VALUE`).join(" ")}`,
      ];
    case "delete":
      return ["--delete", "--restore", "--leave"];
    default:
      return goldenId === null || matches.length > 0
        ? [...matches.map((match) => `--link ${match}`), "--new", "--leave"]
        : ["--leave"];
  }
}

export type DecideOptions = CommonOptions & {
  readonly revision?: string;
  readonly by?: string;
  readonly take?: string;
  readonly set?: readonly string[];
  readonly link?: string;
  readonly new?: boolean;
  readonly delete?: boolean;
  readonly restore?: boolean;
  readonly leave?: boolean;
};

/** `truce holds decide ID`: carries a person's decision out; a hold that has changed since it was shown is refused. */
export function decideCommand(id: string, options: DecideOptions): Promise<void> {
  const choice = choiceOf(options);
  return atDesk(options, async (desk) => {
    const hold = await findHold(desk, id);
    const revision = options.revision === undefined ? hold.revision : wholeNumber("--revision", options.revision);
    const reviewed = await desk.decide({ holdId: hold.id, revision, by: options.by ?? userName(), choice });
    switch (reviewed.kind) {
      case "unknown":
        throw unknownHold(id);
      case "invalid":
        throw new CliError(reviewed.reason);
      case "stale": {
        const now =
          reviewed.hold.status === "closed" ? "It is decided already" : `It has changed since revision ${revision}`;
        throw new CliError(`${now}. Look again: truce holds show ${quoted(id)}`);
      }
      case "done":
        if (options.json === true) return printJson(reviewed.hold);
        return print(
          (await desk.status()).runningSince === null ? "Decided. The next run carries it out." : "Decided.",
        );
    }
  });
}

/** The hold with this id, or the one open hold whose id ends so. */
async function findHold(desk: Desk, text: string): Promise<Hold> {
  const exact = await desk.hold(text);
  if (exact !== null) return exact;
  const found = await findByEnd(text, "hold", (after, limit) =>
    desk.holds({ status: "open", limit, ...(after === undefined ? {} : { after }) }),
  );
  if (found === null) throw unknownHold(text);
  return found;
}

function unknownHold(id: string): CliError {
  return new CliError(`There is no hold "${safeText(id)}". truce holds lists them.`);
}

function choiceOf(options: DecideOptions): Choice {
  const { take, set, link } = options;
  const choices: Choice[] = [
    ...(take === undefined ? [] : [{ kind: "take" as const, candidate: wholeNumber("--take", take) }]),
    ...(set === undefined ? [] : [{ kind: "set" as const, values: assignments(set) }]),
    ...(link === undefined ? [] : [{ kind: "link" as const, goldenId: link }]),
    ...(["new", "delete", "restore", "leave"] as const)
      .filter((kind) => options[kind] === true)
      .map((kind) => ({ kind })),
  ];
  const [choice, ...more] = choices;
  if (choice !== undefined && more.length === 0) return choice;
  throw new CliError(
    "Say one way to decide it: --take, --set, --link, --new, --delete, --restore or --leave.",
    exitUsage,
  );
}
